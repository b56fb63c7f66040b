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
