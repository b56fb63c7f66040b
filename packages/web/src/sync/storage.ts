/** The client's storage ports on this device's database. */
import type { KeyValueStorage, OutboxEntry, OutboxStorage } from "@hapi/client";
import type { Database } from "./database.ts";

export const cacheStorage = (database: Database): KeyValueStorage => ({
  get: (key) => database.get("cache", key),
  set: (key, value) => database.put("cache", key, value),
  delete: (key) => database.remove("cache", key),
});

function isEntry(value: unknown): value is OutboxEntry {
  return typeof value === "object" && value !== null && "localId" in value && "sessionId" in value && "text" in value && "order" in value;
}

export const outboxStorage = (database: Database): OutboxStorage => ({
  list: async () => (await database.all("outbox")).flatMap(([, value]) => (isEntry(value) ? [value] : [])),
  put: (entry) => database.put("outbox", entry.localId, entry),
  delete: (localId) => database.remove("outbox", localId),
});
