/** A clock that moves only when a test says so. */
import type { Clock } from "../src/clock.ts";

export interface ManualClock extends Clock {
  advance(ms: number): Promise<void>;
  /** Milliseconds until the next timer; null when none waits. */
  nextIn(): number | null;
}

export function manualClock(start = 1_000_000): ManualClock {
  let now = start;
  let serial = 0;
  const timers = new Map<number, { at: number; fn: () => void }>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return {
    now: () => now,
    setTimer(ms, fn) {
      serial += 1;
      const id = serial;
      timers.set(id, { at: now + ms, fn });
      return () => void timers.delete(id);
    },
    nextIn() {
      const times = [...timers.values()].map((timer) => timer.at);
      return times.length === 0 ? null : Math.max(0, Math.min(...times) - now);
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
        if (!due) break;
        timers.delete(due[0]);
        now = Math.max(now, due[1].at);
        due[1].fn();
        await settle();
      }
      now = end;
    },
  };
}
