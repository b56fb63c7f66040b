/**
 * What is kept on the device so that the app shows something before the hub answers: the list, and the newest rows of recent sessions.
 * Only for showing: everything is read again. Bounded in rows and in sessions; a storage that fails is a device without a cache.
 */
import { isRecord, type MessageWindow, positionOf, type SyncState } from "@hapi/core";
import type { Session } from "@hapi/protocol";
import type { Clock } from "./clock.ts";

/** Durable storage of JSON values by key (IndexedDB in browsers, a file elsewhere). */
export interface KeyValueStorage {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
}

const LIST_KEY = "sync.v1.list";
const INDEX_KEY = "sync.v1.windows";
const windowKey = (id: string): string => `sync.v1.window.${id}`;
export const MAX_CACHED_ROWS = 100;
export const MAX_CACHED_WINDOWS = 30;
const SAVE_AFTER_MS = 1_000;

export type CachedList = Pick<SyncState, "summaries" | "machines">;
export interface CachedWindow {
  session: Session | null;
  window: MessageWindow;
}

/** The newest rows only, and honest about the rest. */
export function trimmedForCache(window: MessageWindow): MessageWindow {
  const rows = window.rows.slice(-MAX_CACHED_ROWS);
  const isCut = rows.length < window.rows.length;
  const first = rows[0];
  return { ...window, rows, streams: {}, hasOlder: window.hasOlder || isCut, oldest: isCut && first ? positionOf(first) : window.oldest };
}

export interface SyncCache {
  list(): Promise<CachedList | null>;
  window(id: string): Promise<CachedWindow | null>;
  /** Call after every change; writes later, and only what changed. */
  save(state: SyncState): void;
  /** Writes what is due now. */
  flush(): Promise<void>;
  clear(): Promise<void>;
}

export function createSyncCache(storage: KeyValueStorage, clock: Clock, onError: (cause: unknown) => void): SyncCache {
  let latest: SyncState | null = null;
  let savedList: SyncState["summaries"] | null = null;
  let savedMachines: SyncState["machines"] | null = null;
  const savedWindows = new Map<string, { rows: unknown; queued: unknown; session: unknown }>();
  let cancel: (() => void) | undefined;
  let tail: Promise<void> = Promise.resolve();

  async function read(key: string): Promise<unknown> {
    try {
      return await storage.get(key);
    } catch (cause) {
      onError(cause);
      return null;
    }
  }

  async function indexOf(): Promise<string[]> {
    const known = await read(INDEX_KEY);
    return Array.isArray(known) ? known.filter((id): id is string => typeof id === "string") : [];
  }

  async function writeAll(state: SyncState): Promise<void> {
    if (!state.refetch.list && (state.summaries !== savedList || state.machines !== savedMachines)) {
      savedList = state.summaries;
      savedMachines = state.machines;
      await storage.set(LIST_KEY, { summaries: state.summaries, machines: state.machines } satisfies CachedList);
    }
    const written: string[] = [];
    for (const [id, window] of Object.entries(state.windows)) {
      const session = state.sessions[id] ?? null;
      const before = savedWindows.get(id);
      if (window.stale || (before?.rows === window.rows && before.queued === window.queued && before.session === session)) continue;
      savedWindows.set(id, { rows: window.rows, queued: window.queued, session });
      await storage.set(windowKey(id), { session, window: trimmedForCache(window) } satisfies CachedWindow);
      written.push(id);
    }
    if (written.length > 0) await touchIndex(written);
  }

  async function touchIndex(written: readonly string[]): Promise<void> {
    const index = [...(await indexOf()).filter((id) => !written.includes(id)), ...written];
    const gone = index.slice(0, Math.max(0, index.length - MAX_CACHED_WINDOWS));
    for (const id of gone) {
      savedWindows.delete(id);
      await storage.delete(windowKey(id));
    }
    await storage.set(INDEX_KEY, index.slice(gone.length));
  }

  function flush(): Promise<void> {
    cancel?.();
    cancel = undefined;
    const state = latest;
    if (state) tail = tail.then(() => writeAll(state)).catch(onError);
    return tail;
  }

  return {
    async list() {
      const value = await read(LIST_KEY);
      if (!isRecord(value) || !isRecord(value.summaries) || !isRecord(value.machines)) return null;
      return value as unknown as CachedList;
    },
    async window(id) {
      const value = await read(windowKey(id));
      if (!isRecord(value) || !isRecord(value.window) || !Array.isArray(value.window.rows) || !Array.isArray(value.window.queued))
        return null;
      return value as unknown as CachedWindow;
    },
    save(state) {
      latest = state;
      cancel ??= clock.setTimer(SAVE_AFTER_MS, () => void flush());
    },
    flush,
    async clear() {
      cancel?.();
      cancel = undefined;
      latest = null;
      savedList = null;
      savedWindows.clear();
      tail = tail.then(async () => {
        for (const id of await indexOf()) await storage.delete(windowKey(id));
        await storage.delete(INDEX_KEY);
        await storage.delete(LIST_KEY);
      });
      await tail.catch(onError);
    },
  };
}
