/** What docs/security.md says is met is proven by a test that is there, and no point of the list is left out. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const page = readFileSync(join(root, "docs/security.md"), "utf8");
const rows = page.split("\n").flatMap((line) => {
  const [, point, state, how] = /^\| S(\d+) [^|]*\| ([^|]+) \| (.*) \|$/.exec(line) ?? [];
  return point === undefined ? [] : [{ point: Number(point), state, how: how ?? "" }];
});
const paths = (text: string): string[] => [...text.matchAll(/`((?:packages|tools|e2e)\/[^`]+)`/g)].map(([, path]) => path as string);

const boxTests = readFileSync(join(root, "packages/machine/test/processes/box.test.ts"), "utf8");
const sandbox = /## The sandbox\n([\s\S]*?)\n## /.exec(page)?.[1] ?? "";

test("what the sandbox is said to hold is what its tests are called, and it is said nowhere that there is none", () => {
  const rows = sandbox.split("\n").filter((line) => /^\| (?!it reaches|---)/.test(line));
  const named = rows.flatMap((row) => [...row.matchAll(/"([^"]+)"/g)].map(([, title]) => title as string));
  expect(named.length).toBeGreaterThanOrEqual(9);
  expect(named.filter((title) => !boxTests.includes(`"${title}"`))).toEqual([]);
  expect(page).not.toMatch(/no sandbox/i);
});

test("every row of who is trusted names what holds it, and every link leads somewhere", () => {
  const trust = (/## Who is trusted[\s\S]*?\n## /.exec(page)?.[0] ?? "").split("\n").filter((line) => line.includes("→"));
  expect(trust.length).toBeGreaterThanOrEqual(9);
  expect(trust.filter((row) => paths(row).length === 0)).toEqual([]);
  const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, to]) => to as string);
  const headings = new Set([...page.matchAll(/^## (.+)$/gm)].map(([, title]) => `#${title?.toLowerCase().replaceAll(" ", "-")}`));
  expect(links.filter((to) => (to.startsWith("#") ? !headings.has(to) : !existsSync(join(root, "docs", to))))).toEqual([]);
});

test("every point is there, with a state that means something", () => {
  expect(rows.map(({ point }) => point)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
  for (const { point, state } of rows)
    expect([point, ["met", "partly", "not met", "does not apply"].includes(state ?? "")]).toEqual([point, true]);
});

test("what is met, wholly or partly, names a test; every file that is named is there", () => {
  for (const { point, state, how } of rows) {
    if (state === "met" || state === "partly") expect([point, paths(how).some((path) => path.endsWith(".test.ts"))]).toEqual([point, true]);
  }
  expect(paths(page).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
