import { expect, test } from "bun:test";
import type { PromptItem } from "@hapi/core";
import { givenWords, isLongPrompt, promptTone, STAGE_MARKS, wantsSendAgain } from "./prompt.model.ts";

/** From the device to the end. */
const STATES = Object.keys(STAGE_MARKS) as (keyof typeof STAGE_MARKS)[];

const prompt = (stage: PromptItem["stage"]): PromptItem => ({
  type: "prompt",
  key: "k",
  at: 0,
  messageId: null,
  localId: "l",
  text: "",
  attachments: [],
  origin: "remote",
  stage,
  detail: null,
  scheduledAt: null,
  waiting: null,
  steered: false,
});

test("only what the agent may never have got is sent again; a failed turn has its own Retry", () => {
  const again = [...STATES, null].filter((stage) => wantsSendAgain(prompt(stage)));
  expect(again).toEqual(["unknown", "rejected"]);
});

test("every stage has a tone", () => {
  expect(STATES.map(promptTone)).toEqual([
    "moving",
    "moving",
    "moving",
    "settled",
    "settled",
    "settled",
    "failed",
    "noted",
    "waiting",
    "failed",
  ]);
});

test("long prompts are folded by lines or by length", () => {
  expect(isLongPrompt("a\n".repeat(5))).toBe(false);
  expect(isLongPrompt("a\n".repeat(15))).toBe(true);
  expect(isLongPrompt("a".repeat(1000))).toBe(true);
});

test("what the agent has and has not begun with says why, and since when", () => {
  const given = (what: string, stage: PromptItem["stage"] = "handed") => givenWords({ ...prompt(stage), waiting: { for: what, since: 7 } });
  expect(given("uptake")).toEqual({ key: "stage.uptake", tone: "noted", since: 7 });
  expect(given("silence")).toEqual({ key: "stage.uptake", tone: "failed", since: 7 });
  expect(given("turn", "in-transcript")).toMatchObject({ key: "stage.waitsTurn" });
  expect(given("approval")).toMatchObject({ key: "stage.waitsAnswer", tone: "waiting" });
  expect(given("nothing")).toMatchObject({ key: "stage.stuck", tone: "failed" });
  expect(["machine", "runner", "connection", "person", "moon"].map((what) => given(what)?.key)).toEqual(Array(5).fill("stage.away"));
  // Begun, or in the queue, which has words of its own.
  expect([given("uptake", "started"), given("turn", "queued"), givenWords(prompt("handed"))]).toEqual([null, null, null]);
});
