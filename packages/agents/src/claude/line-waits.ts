/** Which lines of the transcript were read lately, by uuid, and who waits for one. */

/** Kept to answer for lines that were read before anybody asked. */
const MAX_RECENT = 2_000;

export interface LineWaits {
  has(uuid: string): boolean;
  note(uuid: string): void;
  /** Resolves with false when the time is over first. */
  until(uuid: string, withinMs: number): Promise<boolean>;
}

export function createLineWaits(): LineWaits {
  const recent = new Set<string>();
  const waiting = new Map<string, Set<() => void>>();

  return {
    has: (uuid) => recent.has(uuid),
    note(uuid) {
      recent.add(uuid);
      if (recent.size > MAX_RECENT) recent.delete(recent.values().next().value as string);
      for (const done of waiting.get(uuid) ?? []) done();
      waiting.delete(uuid);
    },
    until: (uuid, withinMs) =>
      new Promise((resolve) => {
        if (recent.has(uuid)) return resolve(true);
        const set = waiting.get(uuid) ?? new Set();
        waiting.set(uuid, set);
        const timer = setTimeout(() => {
          set.delete(found);
          if (set.size === 0) waiting.delete(uuid);
          resolve(false);
        }, withinMs);
        const found = (): void => {
          clearTimeout(timer);
          resolve(true);
        };
        set.add(found);
      }),
  };
}
