/** Percentiles by nearest rank, and the few roundings that keep tables readable. */

export interface Summary {
  n: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** The smallest value that at least `percent` of the sorted values do not exceed. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  if (sorted.length === 0) return Number.NaN;
  const rank = Math.ceil((percent / 100) * sorted.length) - 1;
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank))]!;
}

export function summarize(values: readonly number[]): Summary {
  const sorted = Float64Array.from(values).sort();
  return {
    n: sorted.length,
    p50: percentile(sorted, 50),
    p90: percentile(sorted, 90),
    p99: percentile(sorted, 99),
    max: sorted.at(-1) ?? Number.NaN,
  };
}

/** The middle one; of an even number the lower of the two. What is not a number does not count. */
export function median(values: readonly number[]): number {
  return percentile(
    values.filter(Number.isFinite).sort((a, b) => a - b),
    50,
  );
}

export const toHundredths = (value: number): number => Math.round(value * 100) / 100;
export const toThousandths = (value: number): number => Math.round(value * 1000) / 1000;
