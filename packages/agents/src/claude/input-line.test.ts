import { expect, test } from "bun:test";
import type { TypedLine } from "@hapi/host";
import { createInputLine, statusAtKeys } from "./input-line.ts";

const typed = (line: string | null, more: Partial<TypedLine> = {}): TypedLine => ({
  line,
  hasWords: line !== "",
  isCleared: false,
  entered: null,
  ...more,
});
const fresh = (text = "", letters = true) => createInputLine({ text, letters });

test("typed into an empty line, or behind words that were put there: known", () => {
  const line = fresh("kept ");
  expect(line.text).toBe("kept ");
  line.typed(typed("and more"), "idle");
  expect(line.text).toBe("kept and more");
  line.typed(typed("anew", { isCleared: true }), "idle");
  expect(line.text).toBe("anew");
});

test("keys that only Claude understands, and letters that may be commands: not known, and nothing is made up", () => {
  const line = fresh();
  line.typed(typed(null, { hasWords: true }), "idle");
  expect(line.text).toBeNull();
  line.typed(typed(null, { hasWords: false }), "idle");
  expect(line.text).toBe("");
  const behind = fresh("kept ");
  behind.typed(typed(null, { hasWords: false }), "idle");
  expect(behind.text).toBeNull();
  const vim = fresh("", false);
  vim.typed(typed("dw"), "idle");
  expect(vim.text).toBeNull();
});

test("behind an Enter it is known once Claude has shown that it took the words", () => {
  const line = fresh();
  const entered = { at: 5, text: "say: hi" };
  line.typed(typed("and th", { entered }), "idle");
  expect(line.text).toBeNull();
  line.proven();
  expect(line.text).toBe("and th");
  line.typed(typed("", { entered: { at: 9, text: "/model" } }), "idle");
  expect(line.text).toBe("");
  line.typed(typed("2", { entered: { at: 9, text: "/model" } }), "idle");
  expect(line.text).toBeNull();
});

test("keys that a dialog got are none of the line's", () => {
  const line = fresh();
  line.typed(typed("1"), "waiting");
  expect(line.text).toBe("");
  line.typed(typed("1next"), "idle");
  expect(line.text).toBe("next");
});

test("a dialog that comes up behind half a line takes the keys that follow, and not the words that stood", () => {
  const line = fresh("kept ");
  line.typed(typed("half"), "idle");
  line.typed(typed("half1"), "waiting");
  expect(line.text).toBe("kept half");
  line.typed(typed("half1 more"), "idle");
  expect(line.text).toBe("kept half more");
  line.typed(typed("half1 more3"), "waiting");
  expect(line.text).toBe("kept half more");
});

test("an Enter that a dialog got leaves the words in the line that stood there before it", () => {
  const line = fresh();
  line.typed(typed("half"), "idle");
  line.typed(typed("", { entered: { at: 5, text: "half gone" } }), "waiting");
  expect(line.text).toBe("half");
  line.typed(typed(" more", { entered: { at: 5, text: "half gone" } }), "idle");
  expect(line.text).toBe("half more");
});

test("words behind an Enter of which Claude has shown nothing, and a dialog: something stands there, and nobody knows what", () => {
  const line = fresh();
  const entered = { at: 5, text: "one" };
  line.typed(typed("half", { entered }), "idle");
  line.typed(typed("", { entered: { at: 9, text: "half1" } }), "waiting");
  expect(line.text).toBeNull();
  line.proven();
  expect(line.text).toBe("half");
});

test("words typed before Claude is up may stand in its line: which do is not known, and none is made up", () => {
  const line = fresh("kept ");
  line.typed(typed("half"), undefined);
  line.typed(typed("half of it"), "idle");
  expect(line.text).toBeNull();
  line.typed(typed("", { entered: { at: 5, text: "half of it" } }), "idle");
  line.proven();
  expect(line.text).toBe("");
});

test("of a line whose Enter went to a dialog the next session process knows what this one knew", () => {
  const entered = { at: 5, text: "half" };
  const before = fresh("kept ");
  before.typed(typed("half"), "idle");
  expect(before.hidden).toBeNull();
  before.typed(typed("", { entered }), "waiting");
  const next = (line = before) => createInputLine({ text: null, letters: true, hidden: line.hidden });
  for (const more of ["", " more"]) {
    const line = next();
    line.typed(typed(more, { entered }), "idle");
    expect(line.text).toBe(`kept half${more}`);
    line.typed(typed("", { entered: { at: 9, text: more } }), "idle");
    expect([line.text, line.hidden]).toEqual(["", null]);
  }
  expect(next().text).toBe("kept half");
  // Emptied by a key since.
  const emptied = next();
  emptied.typed(typed("anew", { entered, isCleared: true }), "idle");
  expect([emptied.text, emptied.hidden]).toEqual(["anew", null]);
});

test("what nobody knew is not known after it either; what the keys tell needs nobody's memory", () => {
  const doubtful = fresh();
  doubtful.typed(typed(null, { hasWords: true }), "idle");
  expect(doubtful.hidden).toBeNull();
  doubtful.typed(typed("", { entered: { at: 5, text: null } }), "waiting");
  const next = createInputLine({ text: null, letters: true, hidden: doubtful.hidden });
  next.typed(typed("", { entered: { at: 5, text: null } }), "idle");
  expect(next.text).toBe(doubtful.text);
  const ordinary = fresh();
  ordinary.typed(typed("one", { entered: null }), "idle");
  ordinary.typed(typed("", { entered: { at: 5, text: "one" } }), "idle");
  expect(ordinary.hidden).toBeNull();
  ordinary.proven();
  ordinary.typed(typed("1", { entered: { at: 5, text: "one" } }), "waiting");
  expect(ordinary.hidden).toBeNull();
});

test("keys told of just after a dialog came up may have been the line's: nobody knows, and half of them is not told as all", () => {
  expect(statusAtKeys({ status: "waiting", statusSince: 1_000 }, 1_050)).toBeUndefined();
  expect(statusAtKeys({ status: "waiting", statusSince: 1_000 }, 1_300)).toBe("waiting");
  expect(statusAtKeys({ status: "waiting" }, 1_050)).toBe("waiting");
  expect(statusAtKeys({ status: "busy", statusSince: 1_000 }, 1_050)).toBe("busy");
  expect(statusAtKeys({}, 1_050)).toBeUndefined();
  const line = fresh();
  line.typed(typed("note "), "busy");
  line.typed(typed("note af"), statusAtKeys({ status: "waiting", statusSince: 1_000 }, 1_050));
  expect(line.text).toBeNull();
});
