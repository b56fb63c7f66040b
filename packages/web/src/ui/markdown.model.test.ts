import { expect, test } from "bun:test";
import type { Token } from "marked";
import fc from "fast-check";
import { decodeEntities, EMPTY_DOC, parseMarkdown, safeHref } from "./markdown.model.ts";

test("only http, https and mailto may be followed", () => {
  expect(safeHref("https://example.com/a?b=1")).toBe("https://example.com/a?b=1");
  expect(safeHref("mailto:ada@example.com")).toBe("mailto:ada@example.com");
  const bad = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "/login",
    "//evil.example",
    "#x",
    "javascript&#58;alert(1)",
    "&#106;avascript:alert(1)",
    "blob:https://x/y",
  ];
  for (const href of bad) expect(safeHref(href)).toBeNull();
});

test("whatever it is given, an accepted address has a safe scheme", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom("javascript:", "data:", "https://", "\u0000", "\t", "&#x6a;", "mailto:", "//", "%00"),
  );
  fc.assert(
    fc.property(fc.array(piece), (parts) => {
      const safe = safeHref(parts.join(""));
      if (safe !== null) expect(["http:", "https:", "mailto:"]).toContain(new URL(safe).protocol);
    }),
  );
});

test("character references are read once", () => {
  expect(decodeEntities("a &amp; b &lt;c&gt; &#39;&#x1F600; &unknown; &amp;lt;")).toBe("a & b <c> '😀 &unknown; &lt;");
  expect(decodeEntities("&#xD800;&#0;&constructor;")).toBe("&#xD800;&#0;&constructor;");
});

const markup = fc.array(
  fc.oneof(
    fc.constantFrom(
      "# Title\n",
      "para ",
      "**bold**",
      "\n\n",
      "\n",
      "- item\n",
      "  - nested\n",
      "1. one\n",
      "```ts\nlet a = 1;\n",
      "```\n",
      "> quote\n",
      "| a | b |\n",
      "| - | - |\n",
      "<b>x</b>",
      "[l](https://e.com)",
      "[ref]\n",
      "[ref]: https://e.com\n",
      "\tcode\n",
      "---\n",
      "===\n",
      "* * *\n",
    ),
    fc.string({ maxLength: 5 }),
  ),
  { maxLength: 30 },
);

test("streaming gives the same blocks as reading the whole text", () => {
  fc.assert(
    fc.property(markup, fc.integer({ min: 1, max: 7 }), (parts, step) => {
      const text = parts.join("");
      let doc = EMPTY_DOC;
      for (let end = 0; end <= text.length + step; end += step) doc = parseMarkdown(text.slice(0, end), doc);
      const whole = parseMarkdown(text);
      expect(doc.blocks.map((block) => block.raw)).toEqual(whole.blocks.map((block) => block.raw));
      expect(doc.blocks.map((block) => block.type)).toEqual(whole.blocks.map((block) => block.type));
    }),
    { numRuns: 300 },
  );
});

test("finished blocks keep their identity while the end grows", () => {
  const text = Array.from({ length: 40 }, (_, at) => `Paragraph ${at}.`).join("\n\n");
  const before = parseMarkdown(text);
  const after = parseMarkdown(`${text} And more.`, before);
  expect(after.blocks[0]).toBe(before.blocks[0]!);
  expect(after.blocks[60]).toBe(before.blocks[60]!);
});

test.each([
  ["quotes in quotes", "> ".repeat(5_000)],
  ["a few hundred of them", "> ".repeat(300)],
  ["lists in lists", "- ".repeat(5_000)],
  ["emphasis in emphasis", `${"*a ".repeat(400)}${"b* ".repeat(400)}`],
  ["brackets", "[".repeat(10_000)],
])("nesting that nobody wrote is shown as it stands: %s", (_, text) => {
  const source = `before\n\n${text}x\n\nafter`;
  const { blocks } = parseMarkdown(source);
  const depth = (token: Token): number => {
    const { tokens = [], items = [] } = token as { tokens?: Token[]; items?: Token[] };
    return 1 + Math.max(0, ...[...tokens, ...items].map(depth));
  };
  expect(Math.max(...blocks.map(depth))).toBeLessThanOrEqual(41);
  expect(blocks.map(({ raw }) => raw).join("")).toContain("x");
});
