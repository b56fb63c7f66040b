export { createHub, type Hub } from "./hub.ts";
export { makeBackup, type Backup } from "./keeping/backup.ts";
export type { Problem } from "./keeping/check.ts";
export { checkHub, hubStatus, restoreHub, type HubStatus, type Restored } from "./keeping/commands.ts";
export type { HubParts } from "./services.ts";
export { defaultPort, startHub, type HubOptions, type RunningHub } from "./start-hub.ts";
