/** Waits until a session is active, or no longer, or whatever else is asked of it: state first, then the bus, so that nothing that happened already is missed. */
import { type Clock, LATE, within } from "@hapi/platform";
import type { Session } from "@hapi/protocol";
import type { Bus } from "../events/bus.ts";
import type { SessionStore } from "./store.ts";

export interface ActivityWatch {
  whenActive(sessionId: string, waitMs: number): Promise<boolean>;
  whenInactive(sessionId: string, waitMs: number): Promise<boolean>;
  /** False after `waitMs`. */
  when(sessionId: string, holds: (session: Session | null) => boolean, waitMs: number): Promise<boolean>;
}

export function createActivityWatch(deps: { store: SessionStore; bus: Bus; clock: Clock }): ActivityWatch {
  const when: ActivityWatch["when"] = async (sessionId, holds, waitMs) => {
    const isThere = async () => holds(await deps.store.get(sessionId));
    if (await isThere()) return true;
    const there = Promise.withResolvers<void>();
    const unsubscribe = deps.bus.subscribe((events) => {
      if (!events.some((event) => event.sessionId === sessionId)) return;
      void isThere().then((reached) => {
        if (reached) there.resolve();
      });
    });
    try {
      return (await within(deps.clock, waitMs, there.promise)) !== LATE;
    } finally {
      unsubscribe();
    }
  };
  return {
    when,
    whenActive: (sessionId, waitMs) => when(sessionId, (session) => session?.active === true, waitMs),
    whenInactive: (sessionId, waitMs) => when(sessionId, (session) => session?.active === false, waitMs),
  };
}
