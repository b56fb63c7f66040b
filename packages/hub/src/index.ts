export { createHub, type Hub } from "./hub.ts";
export type { HubParts } from "./services.ts";
export { defaultPort, startHub, type HubOptions, type RunningHub } from "./start-hub.ts";
