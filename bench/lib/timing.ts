/** Time as the benchmark needs it: a monotonic clock, a pause, and waiting for something with a limit. */

export const now = (): number => performance.now();

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** True as soon as `holds` does, false when it did not within `limitMs`. */
export async function waitFor(holds: () => boolean, limitMs: number, everyMs = 5): Promise<boolean> {
  const end = now() + limitMs;
  while (!holds()) {
    if (now() > end) return false;
    await pause(everyMs);
  }
  return true;
}

/** Rejects with `what` when `work` takes longer; the work itself is not ended. */
export async function within<T>(work: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Calls `each` at a fixed rate by the clock: what comes late is caught up with, so that the rate is the one that was asked for. */
export async function atRate(perSecond: number, count: number, each: () => void): Promise<void> {
  const start = now();
  for (let index = 0; index < count; index++) {
    const early = start + (index * 1000) / perSecond - now();
    if (early > 0) await pause(early);
    each();
  }
}
