/** Everything that waits for a person, oldest first, then what failed. Pure. */
import { isUnseenFailure, isWaiting, sessionStatus } from "@hapi/core";
import type { Session, SessionSummary } from "@hapi/protocol";
import { type Lookout, statusIn } from "../../sync/status.ts";

export interface WaitingSession {
  summary: SessionSummary;
  /** The full row with what is asked; missing while it loads. */
  detail: Session | undefined;
  since: number;
}

export function waitingSessions(sessions: Iterable<SessionSummary>, details: Readonly<Record<string, Session>>): WaitingSession[] {
  const waiting: WaitingSession[] = [];
  for (const summary of sessions) {
    if (!isWaiting(summary)) continue;
    waiting.push({ summary, detail: details[summary.id], since: sessionStatus(summary).since ?? summary.updatedAt });
  }
  return waiting.sort((a, b) => a.since - b.since);
}

/** Turns and starts that went wrong, or of which nobody can say how they went, and that nobody has looked at since. */
export function failedSessions(sessions: Iterable<SessionSummary>, lookout: Lookout): SessionSummary[] {
  return [...sessions]
    .map((summary) => ({ summary, status: statusIn(summary, lookout) }))
    .filter(({ status }) => isUnseenFailure(status))
    .sort((a, b) => (b.status.since ?? 0) - (a.status.since ?? 0))
    .map(({ summary }) => summary);
}
