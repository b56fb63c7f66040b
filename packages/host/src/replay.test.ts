import { expect, test } from "bun:test";
import { safeStart, withoutQuestions } from "./replay.ts";

const kept = (text: string) => Buffer.from(withoutQuestions(Buffer.from(text))).toString();

test("questions to the terminal are not asked again", () => {
  const questions = [
    "\x1b[c",
    "\x1b[>c",
    "\x1b[>0q",
    "\x1b[6n",
    "\x1b[?u",
    "\x1b[?2026$p",
    "\x1b[14t",
    "\x1b]11;?\x07",
    "\x1b]10;?\x1b\\",
    "\x1bP+q544e\x1b\\",
  ];
  for (const question of questions) expect(kept(`a${question}b`)).toBe("ab");
});

test("clipboard and notifications are not repeated", () => {
  expect(kept("a\x1b]52;c;aGk=\x07b\x1b]9;done\x07c")).toBe("abc");
});

test("everything that draws stays, also what has not ended yet", () => {
  const drawing =
    "\x1b[31mred\x1b[0m\x1b[2J\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x1b[?1049h\x1b[>1u\x1b[2 q\x1b[22;0t ä\x1b[3";
  expect(kept(drawing)).toBe(drawing);
});

test("a cut stream begins at an escape or behind a line break", () => {
  const bytes = Buffer.from("31mrest\x1b[0m");
  expect(safeStart(bytes)).toBe(7);
  expect(safeStart(Buffer.from("\xa4\xb8 tail\nnext", "latin1"))).toBe(8);
  expect(safeStart(Buffer.from("nothing"))).toBe(7);
});
