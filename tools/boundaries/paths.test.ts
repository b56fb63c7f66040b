/** What AGENTS.md and the READMEs name is there: a newcomer who follows them ends at a file. */
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const DOCS = [
  "AGENTS.md",
  "README.md",
  ...["packages/*/README.md", "{e2e,bench,tools}/README.md"].flatMap((all) => [...new Glob(all).scanSync(root)]),
];

const PATH = /^[\w.-]+(\/[\w.-]+)+\/?$/;
const FILE = /^[\w.-]+\.(tsx?|mjs|md)$/;
/** Made here, or not this repository's at all. */
const ELSEWHERE = /^(dist|node_modules|docs\/benchmarks\.md)\b|^hub\.json$|^\.\//;

interface Named {
  doc: string;
  what: string;
}

function named(doc: string, text: string): Named[] {
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, span = ""]) => span.split(/\s+/));
  const links = [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, target = ""]) => target).filter((target) => !/^https?:/.test(target));
  return [...spans.filter((word) => PATH.test(word) || FILE.test(word)), ...links]
    .filter((what) => !ELSEWHERE.test(what))
    .map((what) => ({ doc, what }));
}

const filesUnder = (folder: string): Set<string> =>
  new Set(
    [...new Glob("**/*.{ts,tsx,mjs,md}").scanSync(join(root, folder))]
      .filter((path) => !path.includes("node_modules"))
      .map((path) => basename(path)),
  );

/** From the document's folder, its `src`, or the root; a bare name may stand for a file anywhere in its package. */
function isThere({ doc, what }: Named): boolean {
  const home = dirname(doc);
  if (["", home, join(home, "src"), join(home, "test")].some((from) => existsSync(join(root, from, what)))) return true;
  return FILE.test(what) && filesUnder(home).has(what);
}

const read = (doc: string): string => readFileSync(join(root, doc), "utf8");

test("each path that AGENTS.md and the READMEs name exists", () => {
  const all = DOCS.flatMap((doc) => named(doc, read(doc)));
  expect(all.length).toBeGreaterThan(150);
  expect(all.filter((one) => !isThere(one))).toEqual([]);
});

test("it sees one that does not", () => {
  const found = named("packages/core/README.md", "`src/sync` and `src/nowhere`, `gone.ts`, [here](docs/none.md), `npm run check`, `a/b c`");
  expect(found.filter((one) => !isThere(one)).map(({ what }) => what)).toEqual(["src/nowhere", "gone.ts", "a/b", "docs/none.md"]);
});

test("each package has its README, and its room in AGENTS.md", () => {
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}`);
  expect(packages.filter((path) => !existsSync(join(root, path, "README.md")) || !read("AGENTS.md").includes(`\`${path}\``))).toEqual([]);
});
