/** The one place that decides whether a namespace may see a session or a machine. */
import { AppError, type Machine, type Session } from "@hapi/protocol";
import type { MachineStore } from "../machines/store.ts";
import type { SessionStore } from "./store.ts";

/** How far somebody sees. */
export interface Reach {
  readonly namespace: string;
  /** This machine and its sessions only. */
  readonly machineId?: string;
}

export interface SessionAccess {
  session(who: Reach, id: string): Promise<Session>;
  /** One that is on its way up is waited for. @throws `session_inactive` */
  activeSession(who: Reach, id: string): Promise<Session>;
  machine(who: Reach, id: string): Promise<Machine>;
}

/** Of one that was found, whoever may be meant. */
export function isWithin({ namespace, machineId }: Reach, session: Session): boolean {
  return session.namespace === namespace && (machineId === undefined || session.metadata?.machineId === machineId);
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
  const session = async (who: Reach, id: string): Promise<Session> => {
    const found = await sessions.get(id);
    if (!found) throw new AppError("session_not_found");
    if (!isWithin(who, found)) throw new AppError("session_access_denied");
    return found;
  };
  return {
    session,
    async activeSession(who, id) {
      const found = await session(who, id);
      if (found.active) return found;
      if (!(await isUp(found, starting))) throw new AppError("session_inactive");
      return session(who, id);
    },
    async machine({ namespace, machineId }, id) {
      const found = await machines.get(id);
      if (!found) throw new AppError("machine_not_found");
      const isOther = machineId !== undefined && machineId !== id;
      if (found.namespace !== namespace || isOther) throw new AppError("machine_access_denied");
      return found;
    },
  };
}
