export { exchangeToken, type SignedIn } from "./auth.ts";
export { backoffMs, type Clock, type Random, systemClock } from "./clock.ts";
export { createEventStream, type EventStream, type EventStreamOptions, type StreamStatus } from "./events.ts";
export { createHttp, errorFromBody, type Fetch, type Http } from "./http.ts";
export * from "./rest.ts";
export { createOutbox, MAX_OUTBOX, type Outbox, type OutboxEntry, type OutboxOptions, type OutboxStorage } from "./outbox.ts";
export { createSyncEngine, type SyncEngine, type SyncOptions } from "./sync.ts";
export type { KeyValueStorage } from "./sync-cache.ts";
export { type PromptEnd, watchPrompt } from "./watch-prompt.ts";
