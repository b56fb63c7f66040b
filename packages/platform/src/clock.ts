/** Time as a port, so that tests can hold it. Nothing that waits may call `setTimeout` without going through a clock it was given. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `fn` once after `ms`; the answer takes the timer back. */
  setTimer(ms: number, fn: () => void, options?: TimerOptions): () => void;
}

export interface TimerOptions {
  /** The process may end while this one waits. */
  unref?: boolean;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(ms, fn, options) {
    const timer = setTimeout(fn, ms);
    if (options?.unref) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or rejects with the signal's reason. */
export function delay(ms: number, options: { clock?: Clock; signal?: AbortSignal } = {}): Promise<void> {
  const { clock = systemClock, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
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

/** What `within` answers when the time is over first. */
export const LATE: unique symbol = Symbol("late");

/**
 * What `work` comes to, or `LATE` after `ms` without that. Work that is done already is never late. A function is given a signal, aborted when
 * the time is over (`TimeoutError`); what becomes of late work, a failure too, is nobody's concern any more.
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  work: Promise<T> | ((signal: AbortSignal) => Promise<T>),
): Promise<T | typeof LATE> {
  const over = Promise.withResolvers<typeof LATE>();
  const controller = new AbortController();
  const cancel = clock.setTimer(ms, () => {
    // In this order: work that ends with its signal is late all the same.
    over.resolve(LATE);
    controller.abort(new DOMException(`Not done within ${ms} ms`, "TimeoutError"));
  });
  try {
    return await Promise.race([typeof work === "function" ? work(controller.signal) : work, over.promise]);
  } finally {
    cancel();
  }
}

/** Calls `fn` every `ms`, first after `ms`; the answer ends it, also from within `fn`. */
export function every(clock: Clock, ms: number, fn: () => void, options?: TimerOptions): () => void {
  let cancel: () => void;
  const arm = (): void => {
    cancel = clock.setTimer(
      ms,
      () => {
        arm();
        fn();
      },
      options,
    );
  };
  arm();
  return () => cancel();
}
