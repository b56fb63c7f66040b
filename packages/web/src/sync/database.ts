/**
 * This device's own store, in IndexedDB: what was last seen of a hub, prompts not sent yet, drafts. One database per hub, cleared on signing
 * out. Where IndexedDB can't be had (private windows of some browsers) everything still works, only not beyond this page.
 */
import { AppError } from "@hapi/protocol";
import { note } from "../app/ignore.ts";
import { type DBSchema, type IDBPDatabase, openDB } from "idb";

export type StoreName = "cache" | "outbox" | "drafts";
const STORES: readonly StoreName[] = ["cache", "outbox", "drafts"];
const VERSION = 1;

interface Schema extends DBSchema {
  cache: { key: string; value: unknown };
  outbox: { key: string; value: unknown };
  drafts: { key: string; value: unknown };
}

export interface Database {
  /** False: everything is gone with the page. */
  readonly lasting: boolean;
  get(store: StoreName, key: string): Promise<unknown>;
  put(store: StoreName, key: string, value: unknown): Promise<void>;
  remove(store: StoreName, key: string): Promise<void>;
  /** In order of key. */
  all(store: StoreName): Promise<[key: string, value: unknown][]>;
  clear(): Promise<void>;
  close(): void;
}

/** Some browsers never answer when their storage is broken. */
const OPEN_TIMEOUT_MS = 3_000;

export async function openDatabase(hub: string): Promise<Database> {
  try {
    const tooLate = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new AppError("timeout", "The device's database did not open")), OPEN_TIMEOUT_MS);
    });
    const opening = openDB<Schema>(`hapi:${hub}`, VERSION, {
      upgrade(db) {
        for (const store of STORES) if (!db.objectStoreNames.contains(store)) db.createObjectStore(store);
      },
      // another tab has a newer version: let it have its way, this page goes on without
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase).close();
      },
    });
    return onIndexedDb(await Promise.race([opening, tooLate]));
  } catch (error) {
    note("no database on this device; nothing will be kept beyond this page", error);
    return inMemory();
  }
}

function onIndexedDb(db: IDBPDatabase<Schema>): Database {
  return {
    lasting: true,
    get: (store, key) => db.get(store, key),
    async put(store, key, value) {
      // relaxed durability would lose a prompt on a power cut; these are small and rare
      const tx = db.transaction(store, "readwrite", { durability: store === "cache" ? "relaxed" : "strict" });
      await Promise.all([tx.store.put(value, key), tx.done]);
    },
    remove: (store, key) => db.delete(store, key),
    async all(store) {
      const tx = db.transaction(store);
      const [keys, values] = await Promise.all([tx.store.getAllKeys(), tx.store.getAll()]);
      return keys.map((key, at) => [key, values[at]]);
    },
    async clear() {
      const tx = db.transaction(STORES, "readwrite");
      await Promise.all([...STORES.map((store) => tx.objectStore(store).clear()), tx.done]);
    },
    close: () => db.close(),
  };
}

export function inMemory(): Database {
  const stores = new Map(STORES.map((store) => [store, new Map<string, unknown>()]));
  const at = (store: StoreName): Map<string, unknown> => stores.get(store) ?? new Map();
  return {
    lasting: false,
    get: (store, key) => Promise.resolve(at(store).get(key)),
    put: (store, key, value) => Promise.resolve(void at(store).set(key, value)),
    remove: (store, key) => Promise.resolve(void at(store).delete(key)),
    all: (store) => Promise.resolve([...at(store)].sort(([a], [b]) => (a < b ? -1 : 1))),
    clear: () => Promise.resolve(stores.forEach((store) => store.clear())),
    close: () => undefined,
  };
}
