export { exchangeToken, type SignedIn } from "./auth.ts";
export { backoffMs, type Clock, type Random, systemClock } from "./clock.ts";
export { createEventStream, type EventStream, type EventStreamOptions, type StreamStatus } from "./events.ts";
export { createHttp, type Fetch, type Http } from "./http.ts";
export * from "./rest.ts";
