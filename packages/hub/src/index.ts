export { createHub, type Hub, type HubParts } from "./hub.ts";
export { defaultPort, startHub, type HubOptions, type RunningHub } from "./start-hub.ts";
