/** The one way to leave a failure alone on purpose: the reason is written where it happens. */

/** Waits for nothing. `why` says why a failure of `promise` does not matter. */
export function ignore(promise: Promise<unknown> | undefined, why: string): void {
  if (!promise) return;
  promise.catch(() => void why);
}

/** Runs `action` and returns its value, or undefined when it throws. `why` says why a failure does not matter. */
export function attempt<T>(action: () => T, why: string): T | undefined {
  try {
    return action();
  } catch {
    void why;
    return undefined;
  }
}
