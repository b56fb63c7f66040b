/**
 * Text that people read is cut in one place (`core/text.ts`; on a terminal `platform/terminal-text.ts`): a `slice` of code units leaves half an
 * emoji. What gives a cut by hand away is an ellipsis beside it, or a limit that counts characters.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");

/** Each with its reason; a line of the file that has these words. */
const allowed: readonly [file: string, words: string, because: string][] = [
  ["packages/core/src/text.ts", "", "it is the place"],
  ["packages/platform/src/redact.ts", "maxString", "a log line: JSON writes half a character as an escape"],
  ["packages/machine/src/files/find.ts", "MAX_QUERY_CHARS", "what is searched for, shown to nobody"],
  ["packages/agents/src/shared/jsonrpc.ts", "sample:", "for the log"],
  ["packages/agents/src/claude/remote-out.ts", "sample:", "for the log"],
  ["packages/agents/src/claude/failures.ts", "exec(", "looked at, shown to nobody"],
  ["packages/platform/src/journal.ts", "checksum", "hexadecimal digits"],
  ["packages/core/src/summary.ts", "MAX_SUMMARY_REQUESTS", "a list, no text"],
  ["packages/agents/src/claude/stderr-tail.ts", "MAX_CHARS", "a rolling window; who shows its end cuts that"],
  ["packages/agents/src/shared/last-words.ts", "MAX_LAST_WORDS", "a rolling window; who shows its end cuts that"],
];

const byHand = [
  /\.(?:slice|substring|substr)\([^()]*\)\}…/,
  /\.(?:substring|substr)\(/,
  /\.slice\([^()]*\b(?:MAX|max)\w*(?:CHARS|Chars|TITLE|Title|MESSAGE|Message|TEXT|Text|SUMMARY|SCOPE|WORDS|Line|String|ARG)\w*\b[^()]*\)/,
  /\b(?:title|message|text|name|line|description|prompt)(?:\.trim\(\))?\.slice\((?:0, \d+|-\d+)\)/,
];

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name === "node_modules" || name === "dist" || name === "recorded") return [];
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) && !/\.(?:test|case|arbitrary)\.tsx?$/.test(name) ? [path] : [];
  });
}

const isAllowed = (file: string, line: string): boolean => allowed.some(([path, words]) => path === file && line.includes(words));

const folders = readdirSync(join(root, "packages"))
  .filter((name) => name !== "testkit")
  .map((name) => join(root, "packages", name, "src"));

test("text is cut by the one helper", () => {
  const cuts = folders.flatMap(sources).flatMap((path) => {
    const file = relative(root, path);
    const lines = readFileSync(path, "utf8").split("\n");
    return lines.flatMap((line, at) => {
      const isCut = byHand.some((pattern) => pattern.test(line)) && !isAllowed(file, line);
      return isCut ? [`${file}:${at + 1} ${line.trim()}`] : [];
    });
  });
  expect(cuts).toEqual([]);
});

test("it sees the ways in which text was cut before", () => {
  const before = [
    "return line.length > MAX_TITLE ? `${line.slice(0, MAX_TITLE - 1)}…` : line;",
    "event.text.slice(0, 300)",
    "words.join().slice(0, MAX_SCOPE)",
    "name.substring(0, 3)",
  ];
  for (const line of before) expect(byHand.some((pattern) => pattern.test(line))).toBe(true);
});
