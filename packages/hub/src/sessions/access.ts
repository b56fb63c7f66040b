/** The one place that decides whether a namespace may see a session or a machine. */
import { AppError, type Machine, type Session } from "@hapi/protocol";
import type { MachineStore } from "../machines/store.ts";
import type { SessionStore } from "./store.ts";

export interface SessionAccess {
  session(namespace: string, id: string): Promise<Session>;
  /** One that is on its way up is waited for. @throws `session_inactive` */
  activeSession(namespace: string, id: string): Promise<Session>;
  machine(namespace: string, id: string): Promise<Machine>;
}

/** As long as a start waits for its session. */
const startedWaitMs = 15_000;

/** Sessions that were started and of which nothing was heard yet. */
export interface Starting {
  isStarting(session: Session): boolean;
  whenActive(sessionId: string, waitMs: number): Promise<boolean>;
}

/** True: it is active, perhaps only now. */
export const isUp = async (session: Session, starting: Starting): Promise<boolean> =>
  session.active || (starting.isStarting(session) && (await starting.whenActive(session.id, startedWaitMs)));

export function createAccess(sessions: SessionStore, machines: MachineStore, starting: Starting): SessionAccess {
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
      if (found.active) return found;
      if (!(await isUp(found, starting))) throw new AppError("session_inactive");
      return session(namespace, id);
    },
    async machine(namespace, id) {
      const found = await machines.get(id);
      if (!found) throw new AppError("machine_not_found");
      if (found.namespace !== namespace) throw new AppError("machine_access_denied");
      return found;
    },
  };
}
