/** Relative times that a person reads at a glance. */

const steps: readonly [unitMs: number, word: string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

export function age(since: number, now: number): string {
  const passed = Math.max(0, now - since);
  for (const [unitMs, word] of steps) if (passed >= unitMs) return `${Math.floor(passed / unitMs)} ${word}`;
  return "now";
}
