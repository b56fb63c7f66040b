/** What a hub keeps in files beside its database: for a person to change, or to outlive a restore. */
import { fileLock } from "./auth/lock.ts";
import { fileNotices } from "./auth/sign-in-notices.ts";
import { fileRetention } from "./keeping/retention.ts";
import type { HubParts } from "./services.ts";
import { fileHubSettings } from "./settings/hub-settings.ts";

export const keptInFiles = (home: string): Pick<HubParts, "settings" | "retention" | "locked" | "signIns"> => ({
  settings: fileHubSettings(home),
  retention: fileRetention(home),
  locked: fileLock(home),
  signIns: fileNotices(home),
});
