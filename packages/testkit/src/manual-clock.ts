/** A clock that only moves when the test says so. Timers fire in order of their time, also those set while it moves. */
import type { Clock } from "@hapi/platform/lean";

export interface ManualClock extends Clock {
  /** Moves time on and runs everything that falls due; lets pending promises run between timers. */
  advance(ms: number): Promise<void>;
  readonly pendingTimers: number;
}

export function createManualClock(startMs = 1_700_000_000_000): ManualClock {
  let now = startMs;
  let nextId = 0;
  const timers = new Map<number, { at: number; fn: () => void }>();
  const nextDue = (until: number) => {
    let best: { id: number; at: number; fn: () => void } | undefined;
    for (const [id, timer] of timers) if (timer.at <= until && (!best || timer.at < best.at)) best = { id, ...timer };
    return best;
  };
  return {
    now: () => now,
    setTimer(ms, fn) {
      const id = nextId++;
      timers.set(id, { at: now + Math.max(0, ms), fn });
      return () => void timers.delete(id);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let due = nextDue(until); due; due = nextDue(until)) {
        timers.delete(due.id);
        now = due.at;
        due.fn();
        await settle();
      }
      now = until;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}

/** One turn of the event loop: every promise that can settle without time or I/O has. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
