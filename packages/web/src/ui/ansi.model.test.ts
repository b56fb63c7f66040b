import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAnsi, stripAnsi } from "./ansi.model.ts";

test("colours and weight become classes, and end where they are reset", () => {
  expect(parseAnsi("a\u001b[1;31mb\u001b[0mc")).toEqual([
    { text: "a", className: "" },
    { text: "b", className: "text-failed font-strong" },
    { text: "c", className: "" },
  ]);
});

test("256 and true colours are skipped with their numbers", () => {
  expect(stripAnsi("\u001b[38;5;196mred\u001b[48;2;1;2;3mback\u001b[m")).toBe("redback");
  expect(parseAnsi("\u001b[38;5;1;4mx")[0]?.className).toBe("underline");
});

test("cursor moves, titles and links leave only their text", () => {
  expect(stripAnsi("\u001b[2J\u001b[1;1Hhi\u001b]0;title\u0007!\u001b]8;;https://x\u001b\\link\u001b]8;;\u001b\\")).toBe("hi!link");
});

test("a progress bar ends as its last state", () => {
  expect(stripAnsi("10%\r50%\r100%\ndone\r\n")).toBe("100%\ndone\n");
  expect(stripAnsi("abc\b\bX")).toBe("aX");
});

test("no escape character is ever left, and plain text comes back as it was", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom("\u001b[", "\u001b]", "\u001b[31m", "\u001bP", "\u009b", ";", "m", "\u0007"))),
      (parts) => {
        expect(stripAnsi(parts.join(""))).not.toContain("\u001b");
      },
    ),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "ü", "中", "🙂", " ", "\n", "\t", "1", ";") }), (text) => {
      expect(stripAnsi(text)).toBe(text);
    }),
  );
});
