/**
 * Which versions of the agents the drivers are tested with stands in one file (`packages/agents/src/verified.json`): the drivers say them, the installer
 * installs them, and the suites run on them. Sentences about what a version was seen doing name it where they stand.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createRegistry } from "../../packages/agents/src/registry.ts";
import verified from "../../packages/agents/src/verified.json" with { type: "json" };

const root = resolve(import.meta.dir, "../..");

/** Each with its reason. */
const allowed: readonly [file: string, because: string][] = [
  ["e2e/simulation/claude-transcript.ts", "the version of what was recorded, which a scripted Claude says"],
  ["packages/agents/src/claude/vocabulary/attachments.ts", "since when there is a word"],
  ["packages/agents/src/claude/vocabulary/control.ts", "since when there is a word"],
  ["packages/agents/src/claude/vocabulary/hooks.ts", "since when there is a word"],
];

const known = Object.values(verified).flat();
const quoted = new RegExp(`["'\`](?:${known.join("|").replaceAll(".", "\\.")})["'\`]`);

const sources = ["packages", "e2e", "tools"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((name) => /\.(?:ts|tsx|mjs)$/.test(name) && !/node_modules|\/dist\/|\.(?:test|case)\.ts$/.test(name)),
);

test("no version of an agent is said a second time", () => {
  const found = sources.filter((name) => quoted.test(readFileSync(join(root, name), "utf8")));
  expect(found.toSorted()).toEqual(allowed.map(([file]) => file).toSorted());
});

test("the drivers say what they were tested with", () => {
  const real = createRegistry().drivers.filter(({ verified: tested }) => tested?.how === "real");
  expect(Object.fromEntries(real.map((driver) => [driver.flavor, driver.verified?.versions]))).toEqual(verified);
});
