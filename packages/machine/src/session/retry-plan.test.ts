import { describe, expect, test } from "bun:test";
import { type AgentFailure, AppError } from "@hapi/protocol";
import type { PromptEntry } from "./ledger-state.ts";
import { LONGEST_LIMIT_MS, LONGEST_WAIT_MS, MAX_RETRIES, newestEnd, planAfterSending, planAfterTurn, planRetry } from "./retry-plan.ts";

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

describe("what follows a turn and a sending", () => {
  const at = { now: 1_000, random: 0 };
  const sent = { phase: "sent", localId: "p1", attempt: 2, at: 0, failureCode: "overloaded" } as const;

  test("only a failed turn is planned again, with the attempts before it counted", () => {
    expect(planAfterTurn({ outcome: "completed" }, null, at)).toEqual({ retry: null });
    expect(planAfterTurn({ outcome: "failed", failure: failure(), localIds: ["p0", "p1"] }, { attempt: 1 }, at)).toEqual({
      retry: { phase: "waiting", localId: "p1", attempt: 2, at: 11_000, failureCode: "overloaded" },
    });
  });

  test("the last one is said", () => {
    expect(planAfterTurn({ outcome: "failed", failure: failure() }, { attempt: MAX_RETRIES }, at)).toMatchObject({
      retry: null,
      notice: { code: "retries_used_up" },
    });
  });

  test("a usage limit is waited for once, until a moment by chance behind its reset; without one it is the person's turn", () => {
    const limit = failure({ code: "usage_limit", resetsAt: 3_600_000, retryAfterMs: LONGEST_WAIT_MS * 4 });
    const ended = (given: AgentFailure) => ({ outcome: "failed" as const, failure: given, localIds: ["p1"] });
    const first = planAfterTurn(ended(limit), null, at).retry;
    expect(first).toEqual({ phase: "waiting", localId: "p1", attempt: 1, at: 3_615_000, failureCode: "usage_limit", hadLimit: true });
    expect(planAfterTurn(ended(limit), null, { ...at, random: 1 }).retry?.at).toBe(3_765_000);
    // Also where another failure came between: that one is tried again as ever.
    const between = planAfterTurn(ended(failure()), first, at).retry;
    expect(between).toMatchObject({ attempt: 2, failureCode: "overloaded", hadLimit: true });
    for (const sent of [first, between])
      expect(planAfterTurn(ended(limit), sent, at)).toMatchObject({ retry: null, notice: { code: "usage_limit_again" } });
    expect(planAfterTurn(ended({ ...limit, resetsAt: undefined }), null, at)).toEqual({ retry: null });
    expect(planAfterTurn(ended({ ...limit, resetsAt: at.now + LONGEST_LIMIT_MS + 1 }), null, at)).toEqual({ retry: null });
    // Over already when it is told: at once, but not with all others.
    expect(planAfterTurn(ended({ ...limit, resetsAt: 1 }), null, at).retry?.at).toBe(16_000);
  });

  test("what could not be sent is tried again where that may help, and said where not", () => {
    expect(planAfterSending(sent, new AppError("timeout"), at).retry).toMatchObject({ phase: "waiting", attempt: 3 });
    expect(planAfterSending(sent, new AppError("retry_unavailable"), at)).toEqual({ retry: null });
    expect(planAfterSending({ ...sent, attempt: MAX_RETRIES }, new AppError("timeout"), at)).toMatchObject({
      retry: null,
      notice: { code: "retry_failed" },
    });
  });

  test("the newest end counts, a prompt's or a turn's of the terminal", () => {
    const prompt = (localId: string, stage: "done" | "failed" | "canceled", stageAt: number): PromptEntry => ({
      localId,
      messageId: localId,
      seq: 1,
      at: 0,
      text: "",
      attachments: [],
      stage,
      row: "taken",
      wish: "run",
      stageAt,
    });
    const prompts = [prompt("p1", "done", 5), prompt("p2", "failed", 7), prompt("p3", "canceled", 9)];
    expect(newestEnd(prompts, { lastTurn: null })).toEqual({ localId: "p2", cameThrough: false });
    expect(newestEnd(prompts, { lastTurn: { outcome: "completed", at: 8 } })).toEqual({ localId: null, cameThrough: true });
  });
});
