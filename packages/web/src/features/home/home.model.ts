/** What happened lately. Pure. */
import { isUnseenFailure } from "@hapi/core";
import type { SessionSummary } from "@hapi/protocol";
import { type Lookout, statusIn } from "../../sync/status.ts";

const MAX_RECENT = 12;

/** Not what waits or failed: that stands above. */
export function recentSessions(sessions: Iterable<SessionSummary>, lookout: Lookout): SessionSummary[] {
  return [...sessions]
    .filter((summary) => {
      const status = statusIn(summary, lookout);
      return status.what !== "archived" && status.what !== "waiting" && !isUnseenFailure(status);
    })
    .sort((a, b) => b.updatedAt - a.updatedAt)
    .slice(0, MAX_RECENT);
}
