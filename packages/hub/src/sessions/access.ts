/** The one place that decides whether a namespace may see a session or a machine. */
import { AppError, type Machine, type Session } from "@hapi/protocol";
import type { MachineStore } from "../machines/store.ts";
import type { SessionStore } from "./store.ts";

export interface SessionAccess {
  session(namespace: string, id: string): Promise<Session>;
  activeSession(namespace: string, id: string): Promise<Session>;
  machine(namespace: string, id: string): Promise<Machine>;
}

export function createAccess(sessions: SessionStore, machines: MachineStore): SessionAccess {
  const session = async (namespace: string, id: string): Promise<Session> => {
    const found = await sessions.get(id);
    if (!found) throw new AppError("session_not_found");
    if (found.namespace !== namespace) throw new AppError("session_access_denied");
    return found;
  };
  return {
    session,
    async activeSession(namespace, id) {
      const found = await session(namespace, id);
      if (!found.active) throw new AppError("session_inactive");
      return found;
    },
    async machine(namespace, id) {
      const found = await machines.get(id);
      if (!found) throw new AppError("machine_not_found");
      if (found.namespace !== namespace) throw new AppError("machine_access_denied");
      return found;
    },
  };
}
