/** An idle agent costs hundreds of megabytes: without a viewer it is stopped after a while. The session stays; a prompt wakes it. */
import type { Clock } from "@hapi/platform";

export const DEFAULT_PARK_AFTER_MS = 30 * 60_000;

export interface Parking {
  /** Something happened: ask again whether the session is idle. */
  poke(): void;
  close(): void;
}

export function createParking(deps: {
  clock: Clock;
  parkAfterMs: number;
  isIdle(): boolean;
  park(): Promise<void>;
  failed(cause: unknown): void;
}): Parking {
  let cancel: (() => void) | undefined;
  let closed = false;

  function stop(): void {
    cancel?.();
    cancel = undefined;
  }

  return {
    poke() {
      if (closed || deps.parkAfterMs <= 0) return;
      if (!deps.isIdle()) return stop();
      cancel ??= deps.clock.setTimer(deps.parkAfterMs, () => {
        cancel = undefined;
        if (!closed && deps.isIdle()) deps.park().catch(deps.failed);
      });
    },
    close() {
      closed = true;
      stop();
    },
  };
}
