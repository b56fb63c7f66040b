/** Which lines of the transcript were read lately, by uuid, and who waits for one. */

import { type Clock, LATE, within } from "@hapi/platform/lean";

/** Kept to answer for lines that were read before anybody asked. */
const MAX_RECENT = 2_000;

export interface LineWaits {
  has(uuid: string): boolean;
  note(uuid: string): void;
  /** Resolves with false when the time is over first. */
  until(uuid: string, withinMs: number): Promise<boolean>;
}

export function createLineWaits(clock: Clock): LineWaits {
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
    async until(uuid, withinMs) {
      if (recent.has(uuid)) return true;
      const { promise, resolve } = Promise.withResolvers<void>();
      const set = waiting.get(uuid) ?? new Set();
      waiting.set(uuid, set.add(resolve));
      if ((await within(clock, withinMs, promise)) !== LATE) return true;
      set.delete(resolve);
      if (set.size === 0) waiting.delete(uuid);
      return false;
    },
  };
}
