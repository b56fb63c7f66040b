/** The tables of Claude's words beside the programs themselves: every word that an installed version has is decided about. */
import { expect, test } from "bun:test";
import { undecided, wordsOf } from "../../../../tools/agents/vocabulary.ts";
import { TABLES } from "../../src/claude/vocabulary/index.ts";
import { VERSIONS } from "../../src/claude/vocabulary/versions.ts";
import { programOf } from "../shared/installed.ts";

const programs = (process.env["HAPI_TEST_CLAUDE_ALL"] ?? `${VERSIONS[0]}=${programOf("claude")}`).split("\n").map((line) => {
  const at = line.indexOf("=");
  return { version: line.slice(0, at), program: line.slice(at + 1) };
});

test("every version that the tables speak of is here", () => {
  expect(programs.map(({ version }) => version)).toEqual([...VERSIONS]);
});

for (const { version, program } of programs)
  test(`Claude Code ${version} says nothing that nobody decided about`, () => {
    const words = wordsOf(program);
    expect(undecided(words)).toEqual([]);
    // What a newer version brought is in that version.
    const found = new Set(Object.values(words).flat());
    for (const { words: table } of TABLES)
      for (const [name, { since }] of Object.entries(table))
        if (since !== undefined) expect(`${name} ${found.has(name)}`).toBe(`${name} ${since <= version}`);
  }, 480_000);

test("a word that no table names is found", () => {
  const words = wordsOf(programs[0]?.program ?? "");
  expect(undecided({ ...words, hooks: [...words.hooks, "BrandNew"] })).toEqual(["hooks/BrandNew"]);
}, 480_000);
