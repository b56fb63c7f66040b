import { expect, test } from "bun:test";
import fc from "fast-check";
import { isWordless, type SeenTurn, shareOf, turnEnded } from "./turn-end.ts";

const usage = { inputTokens: 1, outputTokens: 2, cacheReadTokens: 0, cacheCreationTokens: 0 };
const silent: SeenTurn = {
  outcome: "completed",
  usage,
  prompts: ["fix it"],
  isNamed: true,
  wasSeen: true,
  replaying: false,
  isHeld: false,
  record: { isOpen: false, hasAnswer: false },
  isEmpty: () => true,
};

test("a turn that was seen from its beginning and said nothing is without a word", () => {
  expect(isWordless(silent)).toBe(true);
  expect(isWordless({ ...silent, isEmpty: () => false })).toBe(false);
});

test("what failed or was interrupted says so itself; what is not read for want of room is not judged", () => {
  expect(isWordless({ ...silent, outcome: "failed" })).toBe(false);
  expect(isWordless({ ...silent, outcome: "interrupted" })).toBe(false);
  expect(isWordless({ ...silent, isHeld: true })).toBe(false);
});

test("a command of Claude's own asks no model and needs no word; compaction asks one; a command of the person's is a prompt", () => {
  expect(isWordless({ ...silent, prompts: ["/clear"], usage: undefined })).toBe(false);
  expect(isWordless({ ...silent, prompts: [" /compact now"] })).toBe(false);
  expect(isWordless({ ...silent, prompts: ["/review"] })).toBe(true);
  expect(isWordless({ ...silent, prompts: ["/clear", "fix it"], usage: undefined })).toBe(true);
});

test("of a turn that began before these eyes the record says whether it was answered", () => {
  const before = { ...silent, wasSeen: false };
  expect(isWordless({ ...before, record: { isOpen: true, hasAnswer: false } })).toBe(true);
  expect(isWordless({ ...before, record: { isOpen: true, hasAnswer: true } })).toBe(false);
  // Nothing is known of it.
  expect(isWordless(before)).toBe(false);
});

test("a result that names no prompt is judged by what was told live, and by the record where it is read again", () => {
  const isEmpty = (wasBegun: boolean): boolean => wasBegun;
  const unnamed = { ...silent, prompts: [], isNamed: false, wasSeen: false, isEmpty };
  expect(isWordless(unnamed)).toBe(false);
  expect(isWordless({ ...unnamed, isEmpty: () => true })).toBe(true);
  expect(isWordless({ ...unnamed, replaying: true, isEmpty: () => true })).toBe(false);
  expect(isWordless({ ...unnamed, replaying: true, record: { isOpen: true, hasAnswer: false } })).toBe(true);
});

test("nothing that said something is ever called wordless", () => {
  const turns = fc.record<SeenTurn>({
    outcome: fc.constantFrom("completed", "failed", "interrupted"),
    usage: fc.constantFrom(undefined, usage),
    prompts: fc.array(fc.constantFrom("fix it", "/compact", "/clear")),
    isNamed: fc.boolean(),
    wasSeen: fc.boolean(),
    replaying: fc.boolean(),
    isHeld: fc.boolean(),
    record: fc.record({ isOpen: fc.boolean(), hasAnswer: fc.boolean() }),
    isEmpty: fc.constant(() => false),
  });
  fc.assert(fc.property(turns, (turn) => !isWordless(turn)));
});

test("a turn's share of what the conversation cost: the difference, all of a new one, unknown where the sum before is", () => {
  const before = { threadId: "a", totalUsd: 2 };
  expect(shareOf(5, { threadId: "a", before, isFresh: false })).toBe(3);
  expect(shareOf(5, { threadId: "b", before, isFresh: true })).toBe(5);
  expect(shareOf(5, { threadId: "b", before, isFresh: false })).toBeUndefined();
  // A sum that begins anew is no refund.
  expect(shareOf(1, { threadId: "a", before, isFresh: true })).toBeUndefined();
});

test("the end of a turn says what is known and nothing else", () => {
  const result = { outcome: "completed" as const, uuids: [] };
  expect(turnEnded({ id: "r", result, costUsd: 1, localIds: [] })).toEqual({ type: "turn-ended", id: "r", outcome: "completed" });
  expect(turnEnded({ id: "r", result: { ...result, usage, durationMs: 7 }, costUsd: 1, localIds: ["a"] })).toEqual({
    type: "turn-ended",
    id: "r",
    outcome: "completed",
    durationMs: 7,
    usage: { ...usage, costUsd: 1 },
    localIds: ["a"],
  });
});
