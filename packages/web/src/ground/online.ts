/** Whether the hub is heard, for what must not know how that is found out. Told by the store of what the hub says. */
let online = false;
const listeners = new Set<() => void>();

export const isOnline = (): boolean => online;

export function tellOnline(now: boolean): void {
  const isNews = now && !online;
  online = now;
  if (isNews) for (const listener of [...listeners]) listener();
}

/** Each time it is heard again. @returns what ends that */
export function onOnline(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
