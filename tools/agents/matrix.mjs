/**
 * What the suites of real agents showed, kept as `docs/agents-matrix.json`: agent → feature → version → "yes", or why the agent does not offer it.
 * A run adds what it saw; the document is made of it (`tools/docs/agents-matrix.ts`).
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const sorted = (object) => Object.fromEntries(Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1)));

export function mergeCells(kept, lines) {
  const matrix = structuredClone(kept);
  for (const { agent, name, version, feature, value } of lines) {
    const row = (matrix[agent] ??= { name, cells: {} });
    row.name = name;
    row.cells[feature] = sorted({ ...row.cells[feature], [version]: value });
  }
  return sorted(matrix);
}

/** @returns whether there was anything to add */
export function keepMatrix(cellsFile, matrixFile) {
  if (!existsSync(cellsFile)) return false;
  const lines = readFileSync(cellsFile, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const kept = existsSync(matrixFile) ? JSON.parse(readFileSync(matrixFile, "utf8")) : {};
  writeFileSync(matrixFile, `${JSON.stringify(mergeCells(kept, lines), null, 2)}\n`);
  return lines.length > 0;
}
