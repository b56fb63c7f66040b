/** Who is told when a credential is over or another: streams and sockets, which were let in by it and would stay. */
import type { Clock } from "@hapi/platform";

/** A timer takes no more than 2^31 ms, and a computer that slept knows late what time it is. */
const lookEveryMs = 3_600_000;

export interface Watchers {
  /** `end` is called by `end(id)` and at `expiresAt`. @returns to be called when what it is for is over */
  add(id: string, expiresAt: number | null, end: () => void): () => void;
  end(id: string): void;
}

export function createWatchers(clock: Clock): Watchers {
  const watchers = new Map<string, Set<() => void>>();
  return {
    add(id, expiresAt, end) {
      const ends = watchers.get(id) ?? new Set();
      watchers.set(id, ends.add(end));
      const stopTimer = expiresAt === null ? () => undefined : callAt(clock, expiresAt, end);
      return () => {
        stopTimer();
        ends.delete(end);
        if (ends.size === 0 && watchers.get(id) === ends) watchers.delete(id);
      };
    },
    end(id) {
      for (const end of watchers.get(id) ?? []) end();
    },
  };
}

function callAt(clock: Clock, at: number, fn: () => void): () => void {
  let cancel: () => void;
  const arm = (): void => {
    const look = (): void => (clock.now() < at ? arm() : fn());
    cancel = clock.setTimer(Math.min(lookEveryMs, Math.max(0, at - clock.now())), look, { unref: true });
  };
  arm();
  return () => cancel();
}
