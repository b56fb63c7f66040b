/** Time and chance as ports: everything here that waits or jitters goes through them, so tests hold both. */

export interface Clock {
  now(): number;
  /** Calls `fn` once after `ms`; the answer takes the timer back. */
  setTimer(ms: number, fn: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/** Between 0 and 1, as `Math.random`. */
export type Random = () => number;

export interface BackoffOptions {
  baseMs: number;
  maxMs: number;
  /** Up to this much is added, so that many clients don't come back at once. */
  jitterMs: number;
}

/** 1 → base, 2 → twice that, … up to the maximum. */
export function backoffMs(attempt: number, options: BackoffOptions, random: Random): number {
  const grown = options.baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 30);
  return Math.min(grown, options.maxMs) + Math.floor(random() * options.jitterMs);
}

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
export function wait(ms: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.setTimer(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
