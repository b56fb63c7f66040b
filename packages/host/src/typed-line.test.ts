import { expect, test } from "bun:test";
import { TypedLineReader } from "./typed-line.ts";

const typed = (...pieces: (string | Uint8Array)[]) => {
  const reader = new TypedLineReader();
  pieces.forEach((piece, at) => reader.read(typeof piece === "string" ? new TextEncoder().encode(piece) : piece, at));
  return reader.line;
};
const line = (...pieces: string[]) => typed(...pieces).line;

test("letters, Backspace, pastes and clearing keys: the line is known", () => {
  expect(line("fix the ", "bugs\x7f")).toBe("fix the bug");
  expect(line("旅行记\x7f")).toBe("旅行");
  expect(line("see \x1b[200~one\rtwo\x1b[201~ here")).toBe("see one\ntwo here");
  expect(line("see \x1b[20", "0~torn\x1b[2", "01~!")).toBe("see torn!");
  expect(typed("wrong\x15right")).toMatchObject({ line: "right", isCleared: true, hasWords: true });
  expect(typed("wrong\x03")).toMatchObject({ line: "", isCleared: true, hasWords: false });
});

test("bytes of one character may come in two pieces", () => {
  const bytes = new TextEncoder().encode("é");
  expect(typed(bytes.slice(0, 1), bytes.slice(1)).line).toBe("é");
});

test("any other key may have changed it: not known until the next Enter", () => {
  for (const key of ["\x1b[D", "\x1b[A", "\t", "\x1b", "\x01", "\x1bOP", "\x1b[13;2u", "\x1b\r"]) {
    expect(typed("a", key, "b")).toMatchObject({ line: null, hasWords: true });
    expect(typed("a", key, "b\r", "c").line).toBe("c");
  }
  expect(line("\x7f", "a")).toBeNull();
  expect(line("👩‍👩‍👧", "\u0301\x7f")).toBeNull();
  expect(line("x".repeat(20_000))).toBeNull();
});

test("Enter behind words is told with them, where they are known; Enter alone is nothing", () => {
  expect(typed("run it\r").entered).toEqual({ at: 0, text: "run it" });
  expect(typed("run it", "\x1b[13u").entered).toEqual({ at: 1, text: "run it" });
  expect(typed("a\x1b[Db\r").entered).toEqual({ at: 0, text: null });
  expect(typed("a\\\r").entered).toEqual({ at: 0, text: null });
  expect(typed("\r", "  \r", "\x1b[A").entered).toBeNull();
  expect(typed("one\r", "tw")).toEqual({ line: "tw", hasWords: true, isCleared: false, entered: { at: 0, text: "one" } });
});
