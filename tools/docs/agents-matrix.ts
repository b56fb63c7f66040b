/** docs/agents-matrix.md: what each real agent was seen to do, from what its suites left in docs/agents-matrix.json. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { FEATURES } from "../../packages/agents/src/contract/matrix.ts";

type Matrix = Record<string, { name: string; cells: Record<string, Record<string, string>> }>;

const file = resolve(import.meta.dir, "../../docs/agents-matrix.json");

export function agentsMatrix(): string {
  const matrix = JSON.parse(readFileSync(file, "utf8")) as Matrix;
  const agents = Object.values(matrix);
  const reasons: string[] = [];
  const cell = (value: string | undefined): string => {
    if (value === undefined) return "not run";
    if (value === "yes") return "yes";
    if (!reasons.includes(value)) reasons.push(value);
    return `no [${reasons.indexOf(value) + 1}]`;
  };
  const rows = [...new Set(Object.values(FEATURES))].map((feature) => {
    const values = agents.map(({ cells }) => [...new Set(Object.values(cells[feature] ?? {}))].map(cell).join(", ") || cell(undefined));
    return `| ${[feature, ...values].join(" | ")} |`;
  });
  const heads = agents.map(({ name, cells }) => `${name} ${[...new Set(Object.values(cells).flatMap(Object.keys))].toSorted().join(", ")}`);
  return [
    "# What each agent can do",
    "",
    "Generated (`npm run docs`) from `docs/agents-matrix.json`, which the suites of the real agents write (`npm run test:agents`). *yes*: that promise of",
    "`packages/agents/src/contract` was kept by the real program in these versions. *no*: the agent does not offer it, or not as its suite sets it up; a test of the suite shows so.",
    "",
    `| | ${heads.join(" | ")} |`,
    `| --- |${" --- |".repeat(heads.length)}`,
    ...rows,
    "",
    ...reasons.map((reason, index) => `${index + 1}. ${reason}`),
    "",
  ].join("\n");
}
