/** What a comment cites, a reader can open: papers that are not in this repository are not cited, and documents that are named are there. */
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const self = "tools/boundaries/cited.test.ts";

/** Numbered sections, seeds, appendices: of documents that only their author had. */
const elsewhere = /client contract \d|\bon top of contract \d|\bseeds?\/\d|§|\bAppendix [A-Z]\b/;
const isComment = /^\s*(\/\*|\*|\/\/)/;
const documents = /\bdocs\/[\w/-]+\.md\b/g;

function citations(): { at: string; line: string }[] {
  const paths = [...new Glob("{packages,e2e,bench,tools,bin}/**/*.{ts,tsx,mjs}").scanSync(root)].filter(
    (path) => !path.includes("node_modules"),
  );
  return paths
    .filter((path) => path !== self)
    .flatMap((path) =>
      readFileSync(join(root, path), "utf8")
        .split("\n")
        .map((line, index) => ({ at: `${path}:${index + 1}`, line })),
    );
}

test("no paper is cited that is not in the repository", () => {
  const isGone = (path: string): boolean => !existsSync(join(root, path));
  const wrong = citations().filter(
    ({ line }) => elsewhere.test(line) || (isComment.test(line) && (line.match(documents) ?? []).some(isGone)),
  );
  expect(wrong).toEqual([]);
});
