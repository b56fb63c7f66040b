/** What waits for this person, across sessions: the number for the bar, the title and the app's badge. */
import { useHub } from "../../sync/store.ts";
import { isWaiting } from "@hapi/core";
import type { SessionSummary } from "@hapi/protocol";

export function countWaiting(sessions: Iterable<SessionSummary>): number {
  let count = 0;
  for (const summary of sessions) if (isWaiting(summary)) count += summary.pendingRequestsCount;
  return count;
}

export const useWaitingCount = (): number => useHub((state) => countWaiting(Object.values(state.summaries)));
