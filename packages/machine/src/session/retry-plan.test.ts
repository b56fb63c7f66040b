import { describe, expect, test } from "bun:test";
import type { AgentFailure } from "@hapi/protocol";
import { LONGEST_WAIT_MS, MAX_RETRIES, planRetry } from "./retry-plan.ts";

const failure = (more: Partial<AgentFailure> = {}): AgentFailure => ({ code: "overloaded", message: "full", retryable: true, ...more });
const pauses = (given: AgentFailure, random = 0): (number | null)[] =>
  Array.from({ length: MAX_RETRIES + 1 }, (_, at) => {
    const due = planRetry(at + 1, given, { now: 1_000, random });
    return due === null ? null : due - 1_000;
  });

describe("when a failed turn is tried again", () => {
  test("each pause is twice the one before, and after the last attempt it is the person's turn", () => {
    expect(pauses(failure())).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, null]);
  });

  test("chance only lengthens a pause, by a quarter at most", () => {
    expect(pauses(failure(), 1).slice(0, 2)).toEqual([6_250, 12_500]);
  });

  test("never before the provider wants it, and not at all when that is too far away", () => {
    expect(planRetry(1, failure({ code: "rate_limit", retryAfterMs: 90_000 }), { now: 0, random: 0 })).toBe(90_000);
    expect(planRetry(3, failure({ retryAfterMs: 1_000 }), { now: 0, random: 0 })).toBe(20_000);
    expect(planRetry(1, failure({ retryAfterMs: LONGEST_WAIT_MS + 1 }), { now: 0, random: 0 })).toBeNull();
  });

  test.each(["auth", "invalid_request", "agent_exited", "unknown"] as const)("%s is never tried again by itself", (code) => {
    expect(planRetry(1, failure({ code }), { now: 0, random: 0 })).toBeNull();
  });

  test.each(["overloaded", "rate_limit", "network", "server_error"] as const)("%s is, unless the agent says that it is useless", (code) => {
    expect(planRetry(1, failure({ code }), { now: 0, random: 0 })).toBe(5_000);
    expect(planRetry(1, failure({ code, retryable: false }), { now: 0, random: 0 })).toBeNull();
  });
});
