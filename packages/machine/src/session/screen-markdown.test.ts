import { expect, test } from "bun:test";
import fc from "fast-check";
import { withoutMarkup } from "./screen-markdown.ts";

test("what marks up is gone, what it means stays", () => {
  const text = [
    "## Done",
    "",
    "The **cart** sums _floats_, see `cart.ts` and [the issue](https://example.org/1).",
    "",
    "1. first",
    "2. second",
    "   - nested **thing**",
    "",
    "- [x] tested",
    "",
    "```ts",
    "const a = 1;",
    "```",
    "",
    "> quoted",
    "",
    "| a | b |",
    "|---|---|",
    "| 1 | 2 |",
  ].join("\n");
  expect(withoutMarkup(text).split("\n")).toEqual([
    "Done",
    "",
    "The cart sums floats, see cart.ts and the issue (https://example.org/1).",
    "",
    "1. first",
    "2. second",
    "   • nested thing",
    "",
    "• [x] tested",
    "",
    "  const a = 1;",
    "",
    "│ quoted",
    "",
    "a | b",
    "1 | 2",
  ]);
});

test("plain words stay as they are, also where they look a little like markup", () => {
  for (const text of ["two * three * four", "snake_case_name", "a < b && c > d", "https://example.org/a_b_c", "5 > 3"])
    expect(withoutMarkup(text)).toBe(text);
});

test("no text breaks it, however deep", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("> ", "- ", "*", "`", "\n", "a", "[", "](", ")", "|", "<", "  "), maxLength: 300 }),
      (text) => {
        expect(typeof withoutMarkup(text)).toBe("string");
      },
    ),
  );
  expect(withoutMarkup(`${"> ".repeat(5_000)}deep`)).toContain("deep");
  expect(withoutMarkup(`${"- ".repeat(2_000)}deep`)).toContain("deep");
});
