/**
 * Whether and when a turn that failed is tried again by itself, and what is said of it. Pure: time and chance come from outside; `retrying.ts` does
 * it. Only errors of the provider count: an agent that ended in a turn may have done half of its work, and only a person can tell whether to do
 * it again.
 */
import { type AgentEvent, type AgentFailure, type AppError, noticeWords, type NoticeWords, type RetryState } from "@hapi/protocol";
import { type Facts, isFinal, type PromptEntry, type RetryFact } from "./ledger-state.ts";

/** Failed this often by itself after the first failure, it is left to the person. */
export const MAX_RETRIES = 6;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** Of the pause, added by chance: sessions that failed together do not come back together. */
const JITTER = 0.25;
/** A provider that wants a longer rest than this is asked by a person. */
export const LONGEST_WAIT_MS = 6 * 3_600_000;

/** A week's limit, and a day for clocks that differ. */
export const LONGEST_LIMIT_MS = 8 * 24 * 3_600_000;
/** After a limit's end, by chance: the account's sessions do not all come back in the same moment, and its clock may be ahead of the provider's. */
const AFTER_LIMIT_MS = 15_000;
const AFTER_LIMIT_SPREAD_MS = 150_000;

const PROVIDER_ERRORS: ReadonlySet<AgentFailure["code"]> = new Set(["overloaded", "rate_limit", "network", "server_error"]);

/** The moment of attempt number `attempt` (the first is 1); null: not by itself. */
export function planRetry(attempt: number, failure: AgentFailure, at: { now: number; random: number }): number | null {
  if (!failure.retryable || !PROVIDER_ERRORS.has(failure.code) || attempt > MAX_RETRIES) return null;
  const asked = Math.max(0, failure.retryAfterMs ?? 0);
  if (asked > LONGEST_WAIT_MS) return null;
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  return at.now + Math.round(Math.max(asked, pause) + pause * JITTER * at.random);
}

/** The moment behind the end of a usage limit; null: the provider did not say when that is, or it is too far away. */
export function planAfterLimit({ resetsAt }: AgentFailure, at: Moment): number | null {
  if (resetsAt === undefined || resetsAt - at.now > LONGEST_LIMIT_MS) return null;
  return Math.max(resetsAt, at.now) + AFTER_LIMIT_MS + Math.round(AFTER_LIMIT_SPREAD_MS * at.random);
}

export type TurnEnd = Pick<Extract<AgentEvent, { type: "turn-ended" }>, "outcome" | "failure" | "localIds">;

export interface Moment {
  now: number;
  random: number;
}

export interface RetryPlan {
  /** Null: nothing is sent again. */
  retry: RetryFact | null;
  /** For the history. */
  notice?: NoticeWords;
}

/** A turn ended, that was sent again before as `sent` says. A usage limit is waited for once. */
export function planAfterTurn(end: TurnEnd, sent: Pick<RetryFact, "attempt" | "hadLimit"> | null, at: Moment): RetryPlan {
  const { failure, outcome, localIds } = end;
  if (outcome !== "failed" || !failure) return { retry: null };
  const attempt = (sent?.attempt ?? 0) + 1;
  const had = sent?.hadLimit ? ({ hadLimit: true } as const) : {};
  const known = { phase: "waiting", localId: localIds?.at(-1) ?? null, attempt, failureCode: failure.code, ...had } as const;
  if (failure.code === "usage_limit") return afterLimit(failure, known, at);
  const due = planRetry(attempt, failure, at);
  if (due !== null) return { retry: { ...known, at: due } };
  return { retry: null, ...(attempt > MAX_RETRIES ? { notice: noticeWords("retries_used_up", { times: MAX_RETRIES }) } : {}) };
}

function afterLimit(failure: AgentFailure, known: Omit<RetryFact, "at">, at: Moment): RetryPlan {
  if (known.hadLimit) return { retry: null, notice: noticeWords("usage_limit_again") };
  const due = planAfterLimit(failure, at);
  return { retry: due === null ? null : { ...known, at: due, hadLimit: true } };
}

/** It could not be sent again, or the agent was gone before it began with it. */
export function planAfterSending(retry: RetryFact, error: AppError, at: Moment): RetryPlan {
  if (error.code === "retry_unavailable") return { retry: null };
  const attempt = retry.attempt + 1;
  const due = planRetry(attempt, { code: "server_error", message: error.message, retryable: error.retryable }, at);
  if (due !== null) return { retry: { ...retry, phase: "waiting", attempt, at: due } };
  return { retry: null, notice: noticeWords("retry_failed", { reason: { code: error.code, message: error.message } }) };
}

/** The newest of what ended: a prompt of ours that never became a turn counts, and so does a turn that was begun in the terminal. */
export function newestEnd(
  prompts: Iterable<PromptEntry>,
  { lastTurn }: Pick<Facts, "lastTurn">,
): { localId: string | null; cameThrough: boolean } {
  const ended = [...prompts].filter((prompt) => isFinal(prompt.stage) && prompt.stage !== "canceled");
  const last = ended.sort((a, b) => a.stageAt - b.stageAt).at(-1);
  if (lastTurn && lastTurn.at >= (last?.stageAt ?? 0))
    return { localId: lastTurn.localId ?? null, cameThrough: lastTurn.outcome === "completed" };
  return { localId: last?.localId ?? null, cameThrough: last?.stage === "done" };
}

/** As the hub shows it. */
export function retryOnWire({ retry }: Pick<Facts, "retry">): RetryState | undefined {
  if (retry?.phase !== "waiting") return undefined;
  const { localId, attempt, at, failureCode } = retry;
  return { localId, attempt, maxAttempts: MAX_RETRIES, at, failureCode };
}
