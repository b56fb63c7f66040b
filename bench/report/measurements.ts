/** What a run found: every figure of every round, and what was wrong. */
import { median } from "../lib/stats.ts";

export interface Noise {
  step: string;
  seconds: number;
  hubCores: number;
  generatorCores: number;
  otherCores: number;
  stealCores: number;
  load: number;
}

export interface Measurements {
  /** Hub → metric → its value in each round. */
  figures: Record<string, Record<string, number[]>>;
  violations: string[];
  notes: string[];
  noise: Noise[];
}

export function valuesOf({ figures }: Measurements, hub: string, metric: string): readonly number[] {
  return figures[hub]?.[metric] ?? [];
}

export const middleOf = (measurements: Measurements, hub: string, metric: string): number => median(valuesOf(measurements, hub, metric));

/** The middle of the ratios of rounds that were measured beside each other. */
export function ratioOf(measurements: Measurements, metric: string, peerMetric = metric): number {
  const theirs = valuesOf(measurements, "peer", peerMetric);
  return median(valuesOf(measurements, "ours", metric).map((value, round) => value / (theirs[round] ?? Number.NaN)));
}

/** As many digits as are worth reading; a dash for what was not measured. */
export function showNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}
