/** Everything that waits for a person, oldest first, then what failed. Pure. */
import type { Session, SessionSummary } from "@hapi/protocol";
import { isWaiting } from "../sessions/status.model.ts";

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
    const times = summary.pendingRequests.flatMap((request) => (request.since === null ? [] : [request.since]));
    waiting.push({ summary, detail: details[summary.id], since: Math.min(summary.updatedAt, ...times) });
  }
  return waiting.sort((a, b) => a.since - b.since);
}

/** Failed sessions this person has not looked at since. */
export function failedSessions(sessions: Iterable<SessionSummary>, seen: (id: string) => number): SessionSummary[] {
  return [...sessions]
    .filter((summary) => summary.metadata?.lifecycleState === "failed" && summary.updatedAt > seen(summary.id))
    .sort((a, b) => b.updatedAt - a.updatedAt);
}
