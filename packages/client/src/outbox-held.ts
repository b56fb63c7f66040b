/** The prompts that the device keeps, and memory's picture of them. Several may share the storage. */
import { merged, type OutboxEntry } from "./outbox-entries.ts";

/** Durable storage. `put` resolves when the entry survives the death of the app. */
export interface OutboxStorage {
  list(): Promise<OutboxEntry[]>;
  put(entry: OutboxEntry): Promise<void>;
  delete(localId: string): Promise<void>;
}

export interface Held {
  readonly entries: readonly OutboxEntry[];
  set(next: readonly OutboxEntry[]): void;
  replace(entry: OutboxEntry): void;
  /** On the device when it resolves; memory is left to the caller. */
  put(entry: OutboxEntry): Promise<void>;
  /** Until the storage took it (null: forgot it), memory is right. */
  write(localId: string, entry: OutboxEntry | null): Promise<void>;
  /** Memory as the storage has it now; the same objects where nothing changed. */
  reread(): Promise<void>;
  /** Behind all that are known; the time, so that entries made before the stored ones were read still come after them. */
  nextOrder(now: number): number;
}

export function createHeld(storage: OutboxStorage, onChange: ((entries: readonly OutboxEntry[]) => void) | undefined): Held {
  let entries: readonly OutboxEntry[] = [];
  let lastOrder = 0;
  let writes = 0;
  /** What the storage has not taken (null: not forgotten) yet, or would not: for these memory is right and the storage is not. */
  const unwritten = new Map<string, OutboxEntry | null>();

  function set(next: readonly OutboxEntry[]): void {
    entries = next;
    onChange?.(entries);
  }

  return {
    get entries() {
      return entries;
    },
    set,
    replace: (entry) => set(entries.map((other) => (other.localId === entry.localId ? entry : other))),
    async put(entry) {
      await storage.put(entry);
      writes += 1;
      unwritten.delete(entry.localId);
    },
    async write(localId, entry) {
      unwritten.set(localId, entry);
      writes += 1;
      await (entry === null ? storage.delete(localId) : storage.put(entry));
      writes += 1;
      if (unwritten.get(localId) === entry) unwritten.delete(localId);
    },
    async reread() {
      let stored: OutboxEntry[];
      let before: number;
      do {
        before = writes;
        stored = await storage.list();
      } while (before !== writes);
      const next = merged(entries, stored, unwritten);
      lastOrder = Math.max(lastOrder, ...next.map((entry) => entry.order));
      if (next !== entries) set(next);
    },
    nextOrder: (now) => (lastOrder = Math.max(lastOrder + 1, now)),
  };
}
