/**
 * When a turn that a provider's error failed is tried again by itself, or that it is not. Pure: time and chance come from outside. Only errors of
 * the provider count: an agent that ended in a turn may have done half of its work, and only a person can tell whether to do it again.
 */
import type { AgentFailure } from "@hapi/protocol";

/** Failed this often by itself after the first failure, it is left to the person. */
export const MAX_RETRIES = 6;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** Of the pause, added by chance: sessions that failed together do not come back together. */
const JITTER = 0.25;
/** A provider that wants a longer rest than this is asked by a person. */
export const LONGEST_WAIT_MS = 6 * 3_600_000;

const PROVIDER_ERRORS: ReadonlySet<AgentFailure["code"]> = new Set(["overloaded", "rate_limit", "network", "server_error"]);

/** The moment of attempt number `attempt` (the first is 1); null: not by itself. */
export function planRetry(attempt: number, failure: AgentFailure, at: { now: number; random: number }): number | null {
  if (!failure.retryable || !PROVIDER_ERRORS.has(failure.code) || attempt > MAX_RETRIES) return null;
  const asked = Math.max(0, failure.retryAfterMs ?? 0);
  if (asked > LONGEST_WAIT_MS) return null;
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  return at.now + Math.round(Math.max(asked, pause) + pause * JITTER * at.random);
}
