/** What the app does beside what it shows: loaded once the first screen stands. */
import { watchBadge } from "./badge.ts";
import { watchUpdates } from "../features/settings/updates.ts";

export function watchRest(): void {
  watchBadge();
  watchUpdates();
}
