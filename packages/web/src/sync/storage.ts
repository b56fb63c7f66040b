/** The client's storage ports on this device's database. */
import type { KeyValueStorage, OutboxEntry, OutboxStorage } from "@hapi/client";
import { AppError } from "@hapi/protocol";
import { t } from "../i18n/index.ts";
import type { Database } from "./database.ts";

/** Half-filled answers (`kept-answers.model.ts`), in the browser's own storage. */
export const ANSWERS_KEY = "hapi_answers";

export const cacheStorage = (database: Database): KeyValueStorage => ({
  get: (key) => database.get("cache", key),
  set: (key, value) => database.put("cache", key, value),
  delete: (key) => database.remove("cache", key),
});

function isEntry(value: unknown): value is OutboxEntry {
  return typeof value === "object" && value !== null && "localId" in value && "sessionId" in value && "text" in value && "order" in value;
}

/** The device would not take it: said in words a person can act on. The composer keeps what was written. */
function notKept(cause: unknown): never {
  const isFull = cause instanceof DOMException && cause.name === "QuotaExceededError";
  throw new AppError(isFull ? "database_full" : "internal", t(isFull ? "outbox.full" : "outbox.broken"), { cause });
}

export const outboxStorage = (database: Database): OutboxStorage => ({
  list: async () => (await database.all("outbox")).flatMap(([, value]) => (isEntry(value) ? [value] : [])),
  put: (entry) => database.put("outbox", entry.localId, entry).catch(notKept),
  delete: (localId) => database.remove("outbox", localId),
});
