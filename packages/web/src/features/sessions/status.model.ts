/**
 * What a session is doing, in one of the six states, from its summary. Pure: the clock and what this person has seen are given.
 * Order of precedence is the order of importance to a person: waiting, failed, working, done and unread, then the quiet ones.
 */
import type { SessionSummary } from "@hapi/protocol";
import type { Status } from "../../ui/status-glyph.tsx";

export type StatusWord = "waiting" | "working" | "starting" | "unread" | "idle" | "failed" | "offline" | "ended" | "archived";

export interface SessionStatus {
  status: Status;
  word: StatusWord;
  /** For states whose age matters (offline): since when. */
  since?: number;
}

const ENDED_STATES = new Set(["completed", "aborted", "archived", "failed"]);
const SIGN: Record<StatusWord, Status> = {
  waiting: "waiting",
  working: "working",
  starting: "working",
  unread: "done",
  idle: "idle",
  failed: "failed",
  offline: "offline",
  ended: "idle",
  archived: "idle",
};

export const isArchived = (summary: SessionSummary): boolean => summary.metadata?.lifecycleState === "archived";

/** The session should be alive, but nothing is heard from it. */
export const isOffline = (summary: SessionSummary): boolean =>
  !summary.active && !ENDED_STATES.has(summary.metadata?.lifecycleState ?? "completed");

export const isWaiting = (summary: SessionSummary): boolean =>
  summary.pendingRequestsCount > 0 && !ENDED_STATES.has(summary.metadata?.lifecycleState ?? "running");

/** Something was said since this person last looked. A session never opened here counts from the time this device was set up. */
export const isUnread = (summary: SessionSummary, seenAt: number): boolean =>
  summary.updatedAt > seenAt && summary.hasConversationContent !== false;

function wordOf(summary: SessionSummary, seenAt: number): StatusWord {
  const lifecycle = summary.metadata?.lifecycleState;
  if (lifecycle === "archived") return "archived";
  if (isWaiting(summary)) return "waiting";
  if (lifecycle === "failed") return "failed";
  if (isOffline(summary)) return "offline";
  if (summary.active && summary.thinking) return "working";
  if (summary.active && lifecycle === "initializing") return "starting";
  if (isUnread(summary, seenAt)) return "unread";
  return summary.active ? "idle" : "ended";
}

export function statusOf(summary: SessionSummary, seenAt: number): SessionStatus {
  const word = wordOf(summary, seenAt);
  return word === "offline" ? { status: SIGN[word], word, since: summary.activeAt } : { status: SIGN[word], word };
}
