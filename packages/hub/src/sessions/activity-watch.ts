/** Waits until a session is active, or no longer: state first, then the bus, so that nothing that happened already is missed. */
import type { Clock } from "@hapi/platform";
import type { Bus } from "../events/bus.ts";
import type { SessionStore } from "./store.ts";

export interface ActivityWatch {
  whenActive(sessionId: string, waitMs: number): Promise<boolean>;
  whenInactive(sessionId: string, waitMs: number): Promise<boolean>;
}

export function createActivityWatch(deps: { store: SessionStore; bus: Bus; clock: Clock }): ActivityWatch {
  const wait = async (sessionId: string, active: boolean, waitMs: number): Promise<boolean> => {
    const isThere = async () => (await deps.store.get(sessionId))?.active === active;
    if (await isThere()) return true;
    return new Promise((resolve) => {
      const finish = (reached: boolean) => {
        cancel();
        unsubscribe();
        resolve(reached);
      };
      const cancel = deps.clock.setTimer(waitMs, () => finish(false));
      const unsubscribe = deps.bus.subscribe((events) => {
        if (!events.some((event) => event.sessionId === sessionId)) return;
        void isThere().then((reached) => {
          if (reached) finish(true);
        });
      });
    });
  };
  return {
    whenActive: (sessionId, waitMs) => wait(sessionId, true, waitMs),
    whenInactive: (sessionId, waitMs) => wait(sessionId, false, waitMs),
  };
}
