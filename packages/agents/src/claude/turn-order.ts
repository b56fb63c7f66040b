/**
 * A driven Claude's turn begins in its record and ends on its output, and each of the two is read by itself: with a prompt in Claude's queue the
 * record has the next turn while the end of this one is still on its way. Here the record waits for it, so that every row stands in its own turn.
 */
import { type Clock, within } from "@hapi/platform/lean";

export interface TurnOrder {
  /** Resolves when a line that begins a turn may be read. */
  mayBegin(): Promise<void>;
  /** The running turn has its end. */
  ended(): void;
  /** Resolves with the work, or as soon as reading waits for an end: then all is read that may be. */
  unlessWaiting(work: () => Promise<void>): Promise<void>;
  readonly isWaiting: boolean;
  close(): void;
}

export interface TurnOrderOptions {
  clock: Clock;
  /** An end that did not come by then does not come. */
  patienceMs: number;
}

export function createTurnOrder({ clock, patienceMs }: TurnOrderOptions): TurnOrder {
  let end: PromiseWithResolvers<void> | null = null;
  let begunWaiting = Promise.withResolvers<void>();
  let closed = false;

  return {
    async mayBegin() {
      if (closed) return;
      end = Promise.withResolvers<void>();
      begunWaiting.resolve();
      await within(clock, patienceMs, end.promise);
      end = null;
      begunWaiting = Promise.withResolvers<void>();
    },
    ended: () => end?.resolve(),
    async unlessWaiting(work) {
      await Promise.race([begunWaiting.promise, work()]);
    },
    get isWaiting() {
      return end !== null;
    },
    close() {
      closed = true;
      end?.resolve();
    },
  };
}
