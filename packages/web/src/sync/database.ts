/**
 * This device's own store, in IndexedDB: what was last seen of a hub, prompts not sent yet, drafts. One database per hub, cleared on signing
 * out. Where IndexedDB can't be had (private windows of some browsers) everything still works, only not beyond this page.
 */
import { AppError } from "@hapi/protocol";
import { note } from "../ground/ignore.ts";

export type StoreName = "cache" | "outbox" | "drafts";
const STORES: readonly StoreName[] = ["cache", "outbox", "drafts"];
const VERSION = 1;

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
    return onIndexedDb(await Promise.race([opened(`hapi:${hub}`), tooLate]));
  } catch (error) {
    note("no database on this device; nothing will be kept beyond this page", error);
    return inMemory();
  }
}

async function opened(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, VERSION);
  request.addEventListener("upgradeneeded", () => {
    const { result: db } = request;
    for (const store of STORES) if (!db.objectStoreNames.contains(store)) db.createObjectStore(store);
  });
  const db = await answerOf(request);
  // another tab has a newer version: let it have its way, this page goes on without
  db.addEventListener("versionchange", () => db.close());
  return db;
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new AppError("disk_failed")));
  });
}

/** Resolves when everything in it is on the device. */
function doneOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(transaction.error ?? new AppError("disk_failed")));
  });
}

function onIndexedDb(db: IDBDatabase): Database {
  const reading = (store: StoreName): IDBObjectStore => db.transaction(store).objectStore(store);
  async function change(stores: readonly StoreName[], make: (store: IDBObjectStore) => IDBRequest): Promise<void> {
    // relaxed durability would lose a prompt on a power cut; these are small and rare
    const durability = stores.every((store) => store === "cache") ? "relaxed" : "strict";
    const transaction = db.transaction(stores, "readwrite", { durability });
    const done = doneOf(transaction);
    const answers = stores.map((store) => answerOf(make(transaction.objectStore(store))));
    // a page that is being left gets no answer any more, and what is not committed by then is taken back
    transaction.commit();
    await Promise.all([...answers, done]);
  }
  return {
    lasting: true,
    get: (store, key) => answerOf(reading(store).get(key)),
    put: (store, key, value) => change([store], (into) => into.put(value, key)),
    remove: (store, key) => change([store], (from) => from.delete(key)),
    async all(store) {
      const from = reading(store);
      const [keys, values] = await Promise.all([answerOf(from.getAllKeys()), answerOf(from.getAll())]);
      return keys.map((key, at) => [String(key), values[at]]);
    },
    clear: () => change(STORES, (store) => store.clear()),
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
