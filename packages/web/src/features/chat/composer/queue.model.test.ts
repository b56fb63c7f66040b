import { expect, test } from "bun:test";
import type { PromptItem } from "@hapi/core";
import { queueOf, waitingOf, waitsSince } from "./queue.model.ts";

const NOW = 1_000_000;
const prompt = (key: string, more: Partial<PromptItem> = {}): PromptItem => ({
  type: "prompt",
  key,
  at: 0,
  messageId: null,
  localId: key,
  text: key,
  attachments: [],
  origin: "remote",
  stage: "queued",
  detail: null,
  scheduledAt: null,
  waiting: null,
  steered: false,
  ...more,
});
const keys = (prompts: readonly PromptItem[]): string[] => prompts.map(({ key }) => key);

test("planned prompts come last, in order of their times; the others keep theirs", () => {
  const queue = [prompt("late", { scheduledAt: NOW + 9 }), prompt("a"), prompt("soon", { scheduledAt: NOW + 1 }), prompt("b")];
  expect(keys(queueOf(queue, new Set(), []).shown)).toEqual(["a", "b", "soon", "late"]);
});

test("only an uncertain prompt can be left; it is never just gone", () => {
  const queue = [prompt("sure"), prompt("uncertain", { stage: "unknown" }), prompt("other", { stage: "unknown" })];
  const { shown, left } = queueOf(queue, new Set(), ["sure", "uncertain"]);
  expect(keys(shown)).toEqual(["sure", "other"]);
  expect(keys(left)).toEqual(["uncertain"]);
});

test("what was taken back here is gone at once", () => {
  expect(keys(queueOf([prompt("a"), prompt("b")], new Set(["a"]), []).shown)).toEqual(["b"]);
});

test.each([
  ["turn", prompt("p"), true, true],
  ["wake", prompt("p"), false, true],
  ["wake", prompt("p"), false, null],
  ["machine", prompt("p"), false, false],
  ["planned", prompt("p", { scheduledAt: NOW + 1, stage: "sending" }), true, true],
  ["turn", prompt("p", { scheduledAt: NOW - 1 }), true, true],
  ["approval", prompt("p", { waiting: { for: "approval", since: 1 } }), true, true],
  ["nothing", prompt("p", { waiting: { for: "nothing", since: 1 } }), false, false],
  ["other", prompt("p", { waiting: { for: "the moon", since: 1 } }), true, true],
  ["turn", prompt("p", { scheduledAt: NOW - 1, waiting: { for: "time", since: 1 } }), true, true],
  ["unknown", prompt("p", { stage: "unknown", waiting: { for: "turn", since: 1 } }), true, true],
  ["sending", prompt("p", { stage: "sending" }), false, false],
  ["rejected", prompt("p", { stage: "rejected", scheduledAt: NOW + 1 }), true, true],
  ["unknown", prompt("p", { stage: "unknown" }), false, false],
] as const)("waits for: %s", (wanted, item, active, machineOnline) => {
  expect(waitingOf(item, { active }, machineOnline, NOW)).toBe(wanted);
});

test("since when, where it takes long, and only of what is shown", () => {
  const waiting = { for: "machine", since: NOW - 120_000 };
  expect(waitsSince(prompt("p", { waiting }), "machine", NOW)).toBe(NOW - 120_000);
  expect(waitsSince(prompt("p", { waiting }), "planned", NOW)).toBeNull();
  expect(waitsSince(prompt("p", { waiting: { ...waiting, since: NOW - 5_000 } }), "machine", NOW)).toBeNull();
  expect(waitsSince(prompt("p", { waiting: { ...waiting, for: "pause", until: NOW } }), "pause", NOW)).toBeNull();
});
