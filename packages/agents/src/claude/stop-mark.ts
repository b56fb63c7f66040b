/**
 * Whether the running turn is being stopped by us: Claude writes the same lines for that as for a person's *No*. Durable, so that a restarted
 * session process reads them alike; it holds until the next turn begins.
 */
import type { DriverContext } from "../driver.ts";
import { commitMarks, readMark } from "./state.ts";

export interface StopMark {
  readonly isSet: boolean;
  set(): Promise<void>;
  /** `at`: the time of its line; 0: not known. */
  turnBegan(at: number): void;
}

export function createStopMark(context: DriverContext): StopMark {
  let stoppedAt = readMark(context, "claude.stopped")?.at ?? null;

  function keep(at: number | null): Promise<void> {
    stoppedAt = at;
    return commitMarks(context, { "claude.stopped": { at } }).catch((cause: unknown) =>
      context.log.warn("claude.stop_not_kept", { cause }),
    );
  }

  return {
    get isSet() {
      return stoppedAt !== null;
    },
    set: () => keep(context.clock.now()),
    turnBegan(at) {
      // A turn from before the stop may be read only after it.
      if (stoppedAt !== null && (at === 0 || at > stoppedAt)) void keep(null);
    },
  };
}
