/**
 * What a session is doing: the one answer for list, header, home, inbox, command line and API. Pure, and without a clock: it says since when,
 * whoever shows it counts. Every surface takes its word from `statusWord` (`status-words.ts`) or from the key of the same name; docs/status.md
 * is the whole table.
 */
import type { LastTurn, RetryState, SessionSummary } from "@hapi/protocol";

export const STATUSES = [
  "waiting",
  "working",
  "starting",
  "retrying",
  "limited",
  "failed",
  "unknown",
  "background",
  "interrupted",
  "done",
  "idle",
  "parked",
  "offline",
  "ended",
  "archived",
] as const;
export type StatusName = (typeof STATUSES)[number];

/**
 * Who says so. `agent`: its own requests and ends of turns; `session`: the session's process, by a lease it has to renew; `person`: somebody put
 * it there; `hub`: nothing is heard from the session any more; `machine`: nothing is heard from its machine either.
 */
export type StatusSource = "agent" | "session" | "person" | "hub" | "machine";

interface Sighting {
  /** Since when it is so (ms); null: nobody said. */
  since: number | null;
  source: StatusSource;
  /** What was said last, when nothing has been heard since `asOf`. Null: it is so now. */
  asOf: number | null;
  /** A turn ended since somebody last looked. */
  unread: boolean;
}

export type SessionStatus = Sighting &
  (
    | { what: "waiting"; count: number }
    /** `limited`: the account's usage limit is reached, and the session goes on once by itself after its reset. */
    | { what: "retrying" | "limited"; retry: RetryState }
    | { what: "background"; count: number }
    /** `cure`: waiting does not help, a person has to do something about `code` first. */
    | { what: "failed"; code: string | null; message: string | null; cure: boolean }
    | { what: Exclude<StatusName, "waiting" | "retrying" | "limited" | "background" | "failed"> }
  );

/** What of a session decides; a summary has all of it, and so has a session by way of `sessionSummary`. */
export type StatusFacts = Pick<
  SessionSummary,
  | "active"
  | "activeAt"
  | "thinking"
  | "updatedAt"
  | "metadata"
  | "pendingRequestsCount"
  | "pendingRequests"
  | "backgroundTaskCount"
  | "hasConversationContent"
  | "activeTurnStartedAt"
  | "lastTurn"
  | "seenAt"
  | "retry"
>;

/** What only the one who looks knows. */
export interface Sight {
  /** Up to when the session was seen, where this device knows better than the hub. */
  seenAt?: number;
  /** The session's machine, if it is known. */
  machine?: { active: boolean } | null;
  /** This device hears nothing of the hub since then (null: it never did). Absent: it does. */
  hubSilentSince?: number | null;
}

const ENDED: ReadonlySet<string> = new Set(["completed", "aborted"]);

/** The newest thing worth a look: the end of a turn; where none was told, the newest change. */
export const newsAt = (facts: Pick<StatusFacts, "lastTurn" | "updatedAt">): number => facts.lastTurn?.at ?? facts.updatedAt;

type Found = SessionStatus extends infer S ? (S extends unknown ? Omit<S, "asOf" | "unread"> : never) : never;

function requestedSince(facts: StatusFacts): number | null {
  const times = facts.pendingRequests.flatMap((request) => (request.since === null ? [] : [request.since]));
  return times.length === 0 ? null : Math.min(...times);
}

function failedTurn({ at, code, message, retryable }: LastTurn): Found {
  return { what: "failed", code: code ?? null, message: message ?? null, cure: retryable === false, since: at, source: "agent" };
}

const whatOf = ({ failureCode }: RetryState): "limited" | "retrying" => (failureCode === "usage_limit" ? "limited" : "retrying");

/** The session's process lives. */
function ofLiving(facts: StatusFacts, unread: boolean): Found {
  const { lastTurn, metadata, retry } = facts;
  if (facts.thinking) return { what: "working", since: facts.activeTurnStartedAt ?? null, source: "session" };
  if (metadata?.lifecycleState === "initializing")
    return { what: "starting", since: metadata.lifecycleStateSince ?? null, source: "session" };
  if (retry) return { what: whatOf(retry), retry, since: lastTurn?.at ?? null, source: "session" };
  if (lastTurn?.outcome === "failed") return failedTurn(lastTurn);
  if (lastTurn?.outcome === "unknown") return { what: "unknown", since: lastTurn.at, source: "agent" };
  return ofQuiet(facts, unread);
}

/** No turn runs, and none left trouble behind. */
function ofQuiet(facts: StatusFacts, unread: boolean): Found {
  const { lastTurn, metadata } = facts;
  const { backgroundTaskCount: background } = facts;
  if (background > 0) return { what: "background", count: background, since: lastTurn?.at ?? null, source: "agent" };
  if (lastTurn?.outcome === "interrupted") return { what: "interrupted", since: lastTurn.at, source: "agent" };
  if (unread) return { what: "done", since: newsAt(facts), source: "agent" };
  if (metadata?.parked === true) return { what: "parked", since: newsAt(facts), source: "session" };
  return { what: "idle", since: newsAt(facts), source: "session" };
}

/** Nobody runs it: what its last turn came to is told until somebody has seen it, from then on what it is. */
function ofResting(facts: StatusFacts, unread: boolean, sight: Sight): Found {
  const { activeAt, lastTurn, metadata, updatedAt } = facts;
  if (unread && lastTurn?.outcome === "failed") return failedTurn(lastTurn);
  if (unread && lastTurn?.outcome === "unknown") return { what: "unknown", since: lastTurn.at, source: "agent" };
  const lifecycle = metadata?.lifecycleState;
  const isEnded = lifecycle === undefined || ENDED.has(lifecycle);
  if (!isEnded) return { what: "offline", since: activeAt, source: sight.machine?.active === false ? "machine" : "hub" };
  if (unread && (lastTurn?.outcome ?? "completed") === "completed") return { what: "done", since: newsAt(facts), source: "agent" };
  return { what: "ended", since: metadata?.lifecycleStateSince ?? updatedAt, source: "session" };
}

function found(facts: StatusFacts, unread: boolean, sight: Sight): Found {
  const { metadata } = facts;
  const lifecycle = metadata?.lifecycleState;
  const lifecycleSince = metadata?.lifecycleStateSince ?? null;
  if (lifecycle === "archived") return { what: "archived", since: lifecycleSince, source: "person" };
  const isOver = lifecycle === "failed" || (lifecycle !== undefined && ENDED.has(lifecycle));
  if (facts.pendingRequestsCount > 0 && !isOver)
    return { what: "waiting", count: facts.pendingRequestsCount, since: requestedSince(facts), source: "agent" };
  if (lifecycle === "failed")
    return { what: "failed", code: metadata?.failureCode ?? null, message: null, cure: true, since: lifecycleSince, source: "session" };
  return facts.active ? ofLiving(facts, unread) : ofResting(facts, unread, sight);
}

export function sessionStatus(facts: StatusFacts, sight: Sight = {}): SessionStatus {
  const seenAt = sight.seenAt ?? facts.seenAt ?? 0;
  const unread = facts.hasConversationContent !== false && newsAt(facts) > seenAt;
  const status = found(facts, unread, sight);
  const isLeft = !facts.active && status.what === "waiting";
  const asOf = sight.hubSilentSince === undefined ? (isLeft ? facts.activeAt : null) : (sight.hubSilentSince ?? facts.activeAt);
  return { ...status, asOf, unread };
}

/** Needs a person now. */
export const isWaiting = (facts: StatusFacts): boolean => sessionStatus(facts).what === "waiting";

/** It went wrong, and nobody who looked at it knows yet. */
export const isUnseenFailure = ({ what, unread }: SessionStatus): boolean => unread && (what === "failed" || what === "unknown");

/** What a person should come to first. The quiet ones are equal: among them the newest comes first. */
const RANK: Record<StatusName, number> = {
  waiting: 0,
  failed: 1,
  unknown: 1,
  done: 2,
  working: 3,
  starting: 3,
  retrying: 3,
  background: 3,
  limited: 4,
  interrupted: 4,
  idle: 4,
  parked: 4,
  offline: 5,
  ended: 6,
  archived: 7,
};

/** A failure somebody has seen is as quiet as an idle session: it is still told, but it waits for nobody. */
export function rankOf({ what, unread }: Pick<SessionStatus, "what" | "unread">): number {
  const isSeen = !unread && (what === "failed" || what === "unknown");
  return RANK[isSeen ? "idle" : what];
}
