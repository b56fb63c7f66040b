import { expect, test } from "bun:test";
import fc from "fast-check";
import { toolTitleOf } from "./envelope/tools.ts";
import { capitalized, cutText, cutTextStart, shortText, withoutMiddle } from "./text.ts";

const FAMILY = "👨‍👩‍👧‍👦";
const segments = (text: string): string[] =>
  [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)].map(({ segment }) => segment);

test.each([
  ["a😀b", 2, "a"],
  ["a😀b", 3, "a😀"],
  [`x${FAMILY}`, 5, "x"],
  ["🇩🇪🇫🇷", 6, "🇩🇪"],
  ["e\u0301e\u0301", 3, "e\u0301"],
  ["旅行记", 2, "旅行"],
  ["a\r\nb", 2, "a"],
  ["short", 80, "short"],
  ["", 3, ""],
])("%j is cut to %i units as %j", (text, max, cut) => {
  expect(cutText(text, max)).toBe(cut);
});

test.each([
  ["b😀a", 2, "a"],
  ["b😀a", 3, "😀a"],
  [`${FAMILY}x`, 5, "x"],
  ["🇩🇪🇫🇷", 6, "🇫🇷"],
  ["e\u0301e\u0301", 3, "e\u0301"],
])("the end of %j of %i units is %j", (text, max, cut) => {
  expect(cutTextStart(text, max)).toBe(cut);
});

test("an ellipsis stands for what is left out, and counts", () => {
  expect(shortText("Deploy 🚀🚀🚀", 9)).toBe("Deploy…");
  expect(shortText("Deploy 🚀🚀🚀", 10)).toBe("Deploy 🚀…");
  expect(shortText("Deploy", 6)).toBe("Deploy");
});

test("the middle goes, and neither side ends in half a character", () => {
  const text = `${"😀".repeat(10)}${"🚀".repeat(10)}`;
  expect(withoutMiddle(text, { head: 5, tail: 5 }, (left) => `[${left}]`)).toBe("😀😀[32]🚀🚀");
});

test("capitals begin with a whole character", () => {
  expect(capitalized("claude")).toBe("Claude");
  expect(capitalized("ñandu")).toBe("Ñandu");
  expect(capitalized("")).toBe("");
});

test("a grapheme longer than any real one is cut all the same, and never within a surrogate pair", () => {
  const zalgo = `e${"\u0301".repeat(5_000)}`;
  expect(cutText(zalgo, 1_000)).toHaveLength(1_000);
  const chain = Array.from({ length: 500 }, () => "👩").join("\u200d");
  expect(cutText(chain, 601).isWellFormed()).toBe(true);
  expect(cutText(chain, 601).length).toBeGreaterThan(590);
});

test("whatever the text: the cut is a row of its whole graphemes, as long as fits", () => {
  const piece = fc.constantFrom("a", " ", "\n", "\r\n", "é", "e\u0301", "😀", "👍🏽", FAMILY, "🇩🇪", "中", "ก็", "\u200d", "한");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(60), (pieces, max) => {
      const text = pieces.join("");
      const cut = cutText(text, max);
      const whole = segments(text);
      let fits = "";
      for (const segment of whole) {
        if (fits.length + segment.length > max) break;
        fits += segment;
      }
      expect(cut).toBe(fits);
      const end = cutTextStart(text, max);
      expect(text.endsWith(end) && end.length <= max && segments(end).every((segment) => whole.includes(segment))).toBe(true);
    }),
  );
});

test("what a tool is called ends in whole characters, wherever it is cut", () => {
  for (let before = 190; before < 205; before += 1) {
    const title = toolTitleOf("Bash", { command: "a".repeat(before) + FAMILY.repeat(4) });
    expect(title.isWellFormed()).toBe(true);
    expect(segments(title).every((segment) => ["a", FAMILY, "…"].includes(segment))).toBe(true);
  }
});
