export { fileLock } from "./auth/lock.ts";
export { createHub, type Hub } from "./hub.ts";
export { makeBackup, type Backup } from "./backup/backup.ts";
export type { Problem } from "./backup/check.ts";
export { checkHub, hubStatus, restoreHub, type HubStatus, type Restored } from "./backup/commands.ts";
export type { HubParts } from "./services.ts";
export { defaultPort, isWeakToken, startHub, type HubOptions, type RunningHub } from "./start-hub.ts";
export { securityHeaders } from "./http/security-headers.ts";
