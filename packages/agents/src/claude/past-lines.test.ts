import { expect, test } from "bun:test";
import fc from "fast-check";
import { createPastLines, metBefore, metInRecord, type Meeting } from "./past-lines.ts";
import { createToldLines } from "./told-lines.ts";

const first: Meeting = { known: undefined, isNew: false, isFork: false };
const branch = { active: new Set(["a"]), end: 100 };

test("a conversation that this session begins has no history; neither has one whose history was read to its end", () => {
  expect(metBefore({ ...first, isNew: true })).toMatchObject({ historyEnd: 0, fresh: true });
  expect(metBefore({ ...first, known: { offset: 200, historyEnd: 100 } })).toEqual({ historyEnd: 100, active: new Set() });
});

test("what stands there at the first meeting is history, and still is when a session process starts in the middle of it", () => {
  expect(metBefore(first)).toBeNull();
  expect(metInRecord(first, branch)).toEqual({ historyEnd: 100, active: branch.active });
  const known = { offset: 50, historyEnd: 80 };
  expect(metBefore({ ...first, known })).toBeNull();
  expect(metInRecord({ ...first, known }, branch)).toEqual({ historyEnd: 80, active: branch.active });
});

test("an empty record is that of a new conversation, unless it is a branch of another one", () => {
  const empty = { active: new Set<string>(), end: 0 };
  expect(metInRecord(first, empty)).toMatchObject({ fresh: true });
  expect(metInRecord({ ...first, isFork: true }, empty)).toMatchObject({ fresh: false });
});

test("a record that can't be read may hold anything up to now", () => {
  expect(metInRecord(first, null)).toMatchObject({ historyEnd: 0, isUnread: true });
});

const lineOf = (uuid: string) => ({ uuid, timestamp: "2026-01-01T00:00:00.000Z" });
const open = (told = createToldLines(undefined, () => false)) =>
  createPastLines({ met: { historyEnd: 100, active: branch.active }, copied: new Set(["copied"]), told });

test("of history only the branch that goes on is told; what comes after it is news", () => {
  const lines = open();
  expect(lines.of(lineOf("a"), 100)).toEqual({ isHistory: true, isAgain: false, isLeftOut: false, isNews: false });
  expect(lines.of(lineOf("b"), 100)).toMatchObject({ isHistory: true, isLeftOut: true });
  expect(lines.of(lineOf("b"), 101)).toEqual({ isHistory: false, isAgain: false, isLeftOut: false, isNews: true });
});

test("a copied line is history wherever it stands; one that stdout told is not told again", () => {
  const told = createToldLines(undefined, () => false);
  told.add("said");
  const lines = open(told);
  expect(lines.of(lineOf("copied"), 500)).toMatchObject({ isHistory: true, isNews: false });
  expect(lines.of(lineOf("said"), 500)).toMatchObject({ isHistory: false, isLeftOut: true, isNews: false });
});

test("a file that begins anew has no history, and everything that was told by then was told", () => {
  const told = createToldLines(undefined, () => false);
  told.seen(lineOf("a"));
  const lines = open(told);
  lines.reset(null);
  expect(lines.historyEnd).toBe(0);
  expect(lines.of(lineOf("a"), 10)).toEqual({ isHistory: false, isAgain: true, isLeftOut: false, isNews: false });
  // The branch stays as it was known where the new file can't be read.
  expect(lines.of(lineOf("b"), 10)).toMatchObject({ isAgain: true, isLeftOut: true });
});

test("news is never of the past, and is always told", () => {
  fc.assert(
    fc.property(fc.constantFrom("a", "b", "copied", "said"), fc.nat(200), fc.boolean(), (uuid, end, isReset) => {
      const told = createToldLines(undefined, () => false);
      told.add("said");
      const lines = open(told);
      if (isReset) lines.reset(null);
      const { isNews, isHistory, isAgain, isLeftOut } = lines.of(lineOf(uuid), end);
      if (isNews) expect([isHistory, isAgain, isLeftOut]).toEqual([false, false, false]);
    }),
  );
});
