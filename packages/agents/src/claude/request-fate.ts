/**
 * What became of something Claude asked in its terminal. The same question can be answered at the dialog and, through its hook, from elsewhere;
 * Claude takes the first and says nothing to the other. So an answer that was given here is only *sent* until Claude's own record shows which
 * one it took. Pure: everything that was seen so far → the fate. Facts of 2.1.329 and 2.1.332, measured:
 * - the result's line in the transcript carries `permissionDecision {decision, source: hook | user_… | …}`; it comes when the tool has ended;
 * - a denial is written at once, an approved tool may run for minutes without a line;
 * - the status file says `waiting` while a dialog is up, and since when it no longer is.
 */
import type { RequestOutcome } from "../driver.ts";

/** Who decided, as the result's line says. `rules`: a rule or a mode, nobody. */
export interface Verdict {
  decision: "accept" | "reject";
  by: "hook" | "person" | "rules";
}

/** An answer that was given to the waiting hook. */
export interface Handed {
  at: number;
  behavior: "allow" | "deny";
  reason?: string;
  /** The denial also ends the turn. */
  interrupt?: boolean;
}

export interface Evidence {
  /** The call's line in the transcript. */
  result?: { status: "completed" | "failed" | "denied" | "cancelled"; verdict?: Verdict; /** it was stopped while it ran */ ran?: boolean };
  /**
   * No dialog is on the screen any more, since then and seen for so long. `busy`: a turn runs. `others`: more requests are open. `unseen`: none was
   * since it was asked; its hook came late, and what was answered may have been read before.
   */
  gone?: { since: number; forMs: number; busy: boolean; others: boolean; unseen?: boolean };
  /** We ended the turn ourselves: nobody answered. */
  withdrawn?: boolean;
  /** Nothing can come any more: the turn is over and read to its end, or the agent is gone. */
  over?: "turn" | "agent";
}

export interface Closing {
  outcome: RequestOutcome;
  by: "remote" | "terminal" | "agent";
  reason?: string;
  /** False: the record has not said it yet; a closing that does may follow. */
  certain?: false;
}

export type Fate = { state: "open" } | { state: "sent" } | { state: "over"; closing: Closing };

/** A denial stands in the transcript by then; without one the tool runs. */
const DENIAL_SHOWS_MS = 600;
/** The same where a wrong guess would cost more: our own denial is on its way, or another dialog may be about to show. */
const SURELY_SHOWS_MS = 4_000;

export const WITHDRAWN = "Withdrawn: the turn was stopped before anybody answered";
export const AGENT_ENDED = "The agent ended";
export const ENDED_UNTOLD = "The agent ended before it said whether it took the answer";
export const NOT_TOLD = "It is over; the agent did not say which answer it took";

const over = (outcome: RequestOutcome, by: Closing["by"], more: Partial<Closing> = {}): Fate => ({
  state: "over",
  closing: { outcome, by, ...more },
});

export function fateOf(handed: Handed | undefined, seen: Evidence): Fate {
  const { result } = seen;
  if (result?.verdict) return byVerdict(handed, result.verdict);
  if (result) return byResult(handed, result.ran === true ? "completed" : result.status, seen);
  if (seen.over === "agent") return over("canceled", "agent", { reason: handed ? ENDED_UNTOLD : AGENT_ENDED });
  if (seen.withdrawn && seen.over) return over("canceled", "agent", { reason: handed ? NOT_TOLD : WITHDRAWN });
  if (seen.over) return over("resolved", "agent", { certain: false, reason: NOT_TOLD });
  return (seen.gone && (byUnseen(seen.gone) ?? bySilence(handed, seen.gone))) ?? { state: handed ? "sent" : "open" };
}

function byVerdict(handed: Handed | undefined, { decision, by }: Verdict): Fate {
  const outcome = decision === "accept" ? "approved" : "denied";
  if (by === "person") return over(outcome, "terminal");
  // A hook of the person's own decides too; it is ours only if it says what we said.
  const ours = by === "hook" && handed !== undefined && (handed.behavior === "allow") === (decision === "accept");
  if (!ours) return over(outcome, "agent");
  return over(outcome, "remote", outcome === "denied" && handed.reason !== undefined ? { reason: handed.reason } : {});
}

/** Answered in the terminal before anything was given from elsewhere. */
const isDialogFirst = (handed: Handed | undefined, gone: Evidence["gone"]): boolean =>
  handed === undefined || (gone !== undefined && gone.unseen !== true && gone.since < handed.at);

function byResult(handed: Handed | undefined, status: "completed" | "failed" | "denied" | "cancelled", seen: Evidence): Fate {
  const dialogFirst = isDialogFirst(handed, seen.gone);
  if (status === "cancelled") return over("canceled", "agent", { reason: seen.withdrawn ? WITHDRAWN : handed ? NOT_TOLD : "Canceled" });
  if (status === "denied") {
    // Rejected without a decision: Esc, *No*, or a denial from here that also ends the turn.
    const ours = handed?.behavior === "deny" && handed.interrupt === true && !dialogFirst;
    return ours ? over("denied", "remote", handed.reason === undefined ? {} : { reason: handed.reason }) : over("denied", "terminal");
  }
  return over("approved", handed?.behavior === "allow" && !dialogFirst ? "remote" : "terminal");
}

/** The dialog of a hook that comes beside it shows within this, however late the status is. */
const DIALOG_SHOWS_MS = 10_000;

function byUnseen({ unseen, forMs }: NonNullable<Evidence["gone"]>): Fate | null {
  return unseen && forMs >= DIALOG_SHOWS_MS ? over("resolved", "terminal", { certain: false, reason: NOT_TOLD }) : null;
}

/** The dialog is gone and the record says nothing yet. */
function bySilence(handed: Handed | undefined, gone: NonNullable<Evidence["gone"]>): Fate | null {
  if (gone.unseen) return null;
  const dialogFirst = isDialogFirst(handed, gone);
  const enough = gone.others || !gone.busy || (handed?.behavior === "deny" && !dialogFirst) ? SURELY_SHOWS_MS : DENIAL_SHOWS_MS;
  if (gone.forMs < enough) return null;
  if (!gone.busy) return over("resolved", handed && !dialogFirst ? "agent" : "terminal", { certain: false, reason: NOT_TOLD });
  const by = handed?.behavior === "allow" && !dialogFirst ? "remote" : "terminal";
  return over("approved", by, { certain: false });
}
