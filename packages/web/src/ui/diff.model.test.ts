import { expect, test } from "bun:test";
import fc from "fast-check";
import { cpuMs } from "@hapi/testkit";
import { diffTexts, parseUnified, weave, type DiffRow } from "./diff.model.ts";

const textOf = (rows: readonly DiffRow[], side: "added" | "removed"): string[] =>
  rows.flatMap((row) => (row.kind === side || row.kind === "context" ? [row.parts.map((part) => part.text).join("")] : []));

test("a changed word is marked, the rest of its line is not", () => {
  const { rows, added, removed } = diffTexts("const a = 1;\n", "const a = 2;\n");
  expect({ added, removed }).toEqual({ added: 1, removed: 1 });
  expect(rows).toEqual([
    {
      kind: "removed",
      oldLine: 1,
      newLine: null,
      parts: [
        { text: "const a = ", changed: false },
        { text: "1", changed: true },
        { text: ";", changed: false },
      ],
    },
    {
      kind: "added",
      oldLine: null,
      newLine: 1,
      parts: [
        { text: "const a = ", changed: false },
        { text: "2", changed: true },
        { text: ";", changed: false },
      ],
    },
  ]);
});

test("lines are paired with the ones they resemble", () => {
  const { rows } = diffTexts("drop me entirely\nreturn total(a);\n", "return total(b);\n");
  const marked = rows.filter((row) => row.kind !== "gap" && row.parts.some((part) => part.changed));
  expect(marked.map((row) => row.kind)).toEqual(["removed", "added"]);
});

test("a new file is all added, an emptied one all removed, the same text nothing", () => {
  expect(diffTexts(null, "a\nb\n")).toMatchObject({ added: 2, removed: 0 });
  expect(diffTexts("a\nb\n", "")).toMatchObject({ added: 0, removed: 2 });
  expect(diffTexts("a", "a").rows).toEqual([]);
});

test("a piece of a file has the numbers of its lines there", () => {
  const { rows } = diffTexts("a\nb\nc\n", "a\nx\ny\nc\n", { oldStart: 120, newStart: 118 });
  expect(rows.map((row) => (row.kind === "gap" ? row.kind : [row.kind, row.oldLine, row.newLine]))).toEqual([
    ["context", 120, 118],
    ["removed", 121, null],
    ["added", null, 119],
    ["added", null, 120],
    ["context", 122, 121],
  ]);
});

test("far apart changes leave a gap with its length", () => {
  const lines = Array.from({ length: 40 }, (_, at) => `line ${at}`);
  const changed = lines.with(2, "x").with(35, "y");
  const gap = diffTexts(lines.join("\n"), changed.join("\n")).rows.find((row) => row.kind === "gap");
  expect(gap).toEqual({ kind: "gap", skipped: 26 });
});

test("a huge change is still answered at once, as removed and added", () => {
  const old = Array.from({ length: 30_000 }, (_, at) => `old ${at} ${"x".repeat(10)}`).join("\n");
  const took = cpuMs(() => expect(diffTexts(old, old.replaceAll("old", "new"))).toMatchObject({ added: 30_000, removed: 30_000 }));
  expect(took).toBeLessThan(2_000);
});

test("without gaps, the rows hold both texts", () => {
  const line = fc.constantFrom("a", "b", "c d", "c e", "", "  x", "x y z");
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), fc.array(line, { minLength: 1, maxLength: 6 }), (before, after) => {
      const [oldText, newText] = [`${before.join("\n")}\n`, `${after.join("\n")}\n`];
      const { rows } = diffTexts(oldText, newText);
      if (oldText === newText || rows.some((row) => row.kind === "gap")) return;
      const [first, last] = [rows[0], rows.at(-1)];
      if (!first || !last) return;
      expect(`${oldText}`).toContain(textOf(rows, "removed").join("\n"));
      expect(`${newText}`).toContain(textOf(rows, "added").join("\n"));
    }),
  );
});

test("a printed patch is read, anything else is not", () => {
  const patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n\\ No newline at end of file\n";
  expect(parseUnified(patch)).toMatchObject({ added: 1, removed: 1 });
  expect(parseUnified("just text\n+ not a patch")).toBeNull();
});

test("weaving colours and marks loses no character", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", " "), minLength: 1, maxLength: 12 });
  const cut = (source: string, at: readonly number[]) => {
    const points = [...new Set(at.map((point) => point % (source.length + 1)))].sort((a, b) => a - b);
    return [0, ...points].map((from, index, all) => source.slice(from, all[index + 1] ?? source.length)).filter((piece) => piece !== "");
  };
  fc.assert(
    fc.property(text, fc.array(fc.nat(20)), fc.array(fc.nat(20)), (source, partCuts, tokenCuts) => {
      const parts = cut(source, partCuts).map((piece, at) => ({ text: piece, changed: at % 2 === 1 }));
      const tokens = cut(source, tokenCuts).map((piece, at) => [piece, `t${at}`] as const);
      expect(
        weave(parts, tokens)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(source);
      expect(
        weave(parts, [])
          .map((piece) => piece.text)
          .join(""),
      ).toBe(source);
    }),
  );
});
