import { expect, test } from "bun:test";
import type { PromptItem } from "@hapi/core";
import { PROMPT_STAGES } from "@hapi/protocol";
import { isLongPrompt, promptTone, wantsSendAgain } from "./prompt.model.ts";

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
  const again = [...PROMPT_STAGES, "sending", "rejected", null].filter((stage) => wantsSendAgain(prompt(stage as PromptItem["stage"])));
  expect(again).toEqual(["unknown", "rejected"]);
});

test("every stage has a tone", () => {
  expect([...PROMPT_STAGES].map(promptTone)).toEqual(["moving", "moving", "settled", "settled", "settled", "failed", "noted", "waiting"]);
});

test("long prompts are folded by lines or by length", () => {
  expect(isLongPrompt("a\n".repeat(5))).toBe(false);
  expect(isLongPrompt("a\n".repeat(15))).toBe(true);
  expect(isLongPrompt("a".repeat(1000))).toBe(true);
});
