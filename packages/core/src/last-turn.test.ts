import { describe, expect, test } from "bun:test";
import type { AgentEvent, LastTurn } from "@hapi/protocol";
import { factsOfEvents } from "./envelope/facts.ts";
import { turnAfterStage, turnEndOf, worseEnd } from "./last-turn.ts";

const failure = { code: "auth" as const, message: "Please run /login", retryable: false };
const end = (patch: object = {}): AgentEvent => ({ type: "turn-ended", id: "e", outcome: "completed", ...patch }) as AgentEvent;
const turn = (outcome: LastTurn["outcome"], localId: string | null = "p"): LastTurn => ({ outcome, at: 1, localId });

describe("the row of an end", () => {
  test("tells outcome, prompt and why", () => {
    expect(turnEndOf(factsOfEvents([end({ outcome: "failed", failure, localIds: ["a", "b"] })]), 7)).toEqual({
      outcome: "failed",
      at: 7,
      localId: "b",
      code: "auth",
      message: "Please run /login",
      retryable: false,
    });
  });
  test("of a sub-agent is not the session's", () => {
    expect(turnEndOf(factsOfEvents([end({ parent: "task" })]), 7)).toBeNull();
  });
  test("told twice, the worse word holds and the later time", () => {
    expect(worseEnd(turn("failed"), { ...turn("completed"), at: 9 })).toMatchObject({ outcome: "failed", at: 9 });
    expect(worseEnd(turn("completed"), turn("interrupted"))).toMatchObject({ outcome: "interrupted" });
  });
});

describe("the stage of a prompt", () => {
  const said = (stage: "failed" | "unknown" | "done" | "accepted" | "started", localId = "p") => ({ localId, stage });
  test("ends a turn that no row tells of", () => {
    expect(turnAfterStage(null, { ...said("failed"), detail: { code: "thread_in_use", retryable: true } }, 5)).toEqual({
      outcome: "failed",
      at: 5,
      localId: "p",
      code: "thread_in_use",
      retryable: true,
    });
    expect(turnAfterStage(turn("completed", "before"), said("unknown"), 5)).toMatchObject({ outcome: "unknown", localId: "p" });
  });
  test("adds nothing to what the row of the same turn said", () => {
    expect(turnAfterStage({ ...turn("failed"), code: "auth" }, said("failed"), 5)).toBeUndefined();
    expect(turnAfterStage(turn("completed"), said("done"), 5)).toBeUndefined();
  });
  test("settles what was uncertain, or takes it back when the prompt goes to the agent again", () => {
    expect(turnAfterStage(turn("unknown"), said("done"), 5)).toMatchObject({ outcome: "completed" });
    expect(turnAfterStage(turn("unknown"), said("accepted"), 5)).toBeNull();
    expect(turnAfterStage(turn("unknown", "other"), said("accepted"), 5)).toBeUndefined();
    expect(turnAfterStage(turn("failed"), said("started"), 5)).toBeUndefined();
  });
});
