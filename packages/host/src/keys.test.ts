import { expect, test } from "bun:test";
import { classifyInput, SuspendKey } from "./keys.ts";

const kind = (text: string) => classifyInput(Buffer.from(text, "latin1"));

test("answers of the terminal, focus and mouse are no typing", () => {
  for (const text of [
    "\x1b[?62;22c",
    "\x1b[>1;10;0c",
    "\x1b[12;40R",
    "\x1b[?2026;2$y",
    "\x1b[?1u",
    "\x1b]11;rgb:0000/0000/0000\x1b\\",
    "\x1bP>|xterm\x1b\\",
  ])
    expect([text, kind(text)]).toEqual([text, "answer"]);
  for (const text of ["\x1b[I", "\x1b[O", "\x1b[<35;10;10M", "\x1b[<0;1;1M\x1b[<0;1;1m"]) expect(kind(text)).toBe("silent");
  for (const text of ["a", "\x1b", "\x1b[A", "\x1b[13;2u", "\x1bOP", "\x03", "\x1b[200~x\x1b[201~"]) expect(kind(text)).toBe("typed");
});

const split = (key: SuspendKey, text: string) => {
  const result = key.split(Buffer.from(text, "latin1"));
  return result && [Buffer.from(result.before).toString("latin1"), Buffer.from(result.after).toString("latin1")];
};

test("Ctrl-Z is found in each of its forms, with what was typed around it", () => {
  expect(split(new SuspendKey(), "\x1a")).toEqual(["", ""]);
  expect(split(new SuspendKey(), "ab\x1acd")).toEqual(["ab", "cd"]);
  expect(split(new SuspendKey(), "\x1b[122;5u")).toEqual(["", ""]);
  expect(split(new SuspendKey(), "abc")).toBeNull();
});

test("a pasted Ctrl-Z is text, also when the paste comes in pieces", () => {
  const key = new SuspendKey();
  expect(split(key, "\x1b[200~a\x1ab")).toBeNull();
  expect(split(key, "\x1a")).toBeNull();
  expect(split(key, "c\x1b[201~x\x1ay")).toEqual(["c\x1b[201~x", "y"]);
});
