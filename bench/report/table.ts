/** The table of every metric: the middle of the rounds with its range, and the ratio where both hubs have one. */
import { type Measurements, middleOf, ratioOf, showNumber, valuesOf } from "./measurements.ts";

/** For these more is better; for the others less, or neither. */
export const isHigherBetter = (metric: string): boolean => /perSec/i.test(metric);

/** Facts about the run that say nothing about which hub is better. */
const isNeutral = (metric: string): boolean => /genCores|hubCores|\.sent$|\.runs$|web\.files|catchupRows|resumeGaps/.test(metric);

export function metricTable(measurements: Measurements, hubs: readonly string[]): string {
  const metrics = [...new Set(hubs.flatMap((hub) => Object.keys(measurements.figures[hub] ?? {})))];
  const isCompared = hubs.length > 1;
  const head = ["metric", ...hubs.map((hub) => `${hub} (min … max)`), ...(isCompared ? ["ours/peer", "better"] : [])];
  const rows = metrics.map((metric) => {
    const cells = hubs.map((hub) => showNumber(middleOf(measurements, hub, metric)) + spread(valuesOf(measurements, hub, metric)));
    const ratio = ratioOf(measurements, metric);
    return [metric, ...cells, ...(isCompared ? [showNumber(ratio), better(metric, ratio)] : [])];
  });
  return markdownTable(head, rows);
}

function spread(values: readonly number[]): string {
  if (values.length < 2) return "";
  return ` (${showNumber(Math.min(...values))} … ${showNumber(Math.max(...values))})`;
}

function better(metric: string, ratio: number): string {
  if (isNeutral(metric) || !Number.isFinite(ratio) || ratio === 1) return "";
  return ratio > 1 === isHigherBetter(metric) ? "ours" : "peer";
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)].join("\n");
}
