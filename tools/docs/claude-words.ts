/** docs/claude-code.md: every word of Claude Code and what HAPI does with it, from the tables that the driver itself reads by. */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { VERSIONS } from "../../packages/agents/src/claude/vocabulary/versions.ts";
import { TABLES, type Table } from "../../packages/agents/src/claude/vocabulary/index.ts";
import type { Word } from "../../packages/agents/src/claude/vocabulary/words.ts";

const recordings = resolve(import.meta.dir, "../../packages/testkit/src/recorded/claude");

const HEAD = `# Claude Code: every word, and what becomes of it

Generated (\`npm run docs\`) from the tables in \`packages/agents/src/claude/vocabulary\`, by which the driver reads: a word that is *shown* or *used* has a
reader there, one that is *ignored* has none, and one of no table is kept as a raw row (folded, in the web app) and counted in the diagnostics of
the session. The words are those of ${VERSIONS.join(" and ")}, from the programs' own code, their types, and recorded runs. *Recorded*: there is a run with it in
\`packages/testkit/src/recorded/claude\`. Words of a version that no table names are found by

\`\`\`
node tools/setup/run-bun.mjs tools/agents/vocabulary.ts PROGRAM…
\`\`\`

and by \`npm run test:agents\` on both versions.
`;

/** Every name that stands as a type or subtype in a recording. */
function recordedNames(): Set<string> {
  const names = new Set<string>();
  for (const file of readdirSync(recordings))
    for (const [, name] of readFileSync(resolve(recordings, file), "utf8").matchAll(/"(?:type|subtype)":\s*"([^"]+)"/g)) names.add(name ?? "");
  return names;
}

const order = { shown: 0, used: 1, ignored: 2 };

function row(name: string, { fate, why, since }: Word, recorded: ReadonlySet<string>): string {
  return `| \`${name}\` | ${fate} | ${why} | ${since ? `from ${since}` : ""} | ${recorded.has(name) ? "✓" : ""} |`;
}

function tableOf({ title, words }: Table, recorded: ReadonlySet<string>): string {
  const sorted = Object.entries(words).sort(([a, one], [b, other]) => order[one.fate] - order[other.fate] || a.localeCompare(b));
  const count = (fate: Word["fate"]): number => sorted.filter(([, word]) => word.fate === fate).length;
  const sums = `${sorted.length} words: ${count("shown")} shown, ${count("used")} used, ${count("ignored")} ignored.`;
  const rows = sorted.map(([name, word]) => row(name, word, recorded));
  return [`## ${title}`, "", sums, "", "| word | fate | how, what for, or why | version | recorded |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

export function claudeWords(): string {
  const recorded = recordedNames();
  return `${[HEAD, ...TABLES.map((table) => tableOf(table, recorded))].join("\n")}\n`.replaceAll("\n## ", "\n\n## ").replaceAll("\n\n\n", "\n\n");
}
