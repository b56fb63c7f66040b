/** Times, sizes and numbers that a person reads at a glance. */

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

export function ago(since: number, now: number): string {
  const passed = age(since, now);
  return passed === "now" ? "just now" : `${passed} ago`;
}

/** `1 session`, `2 sessions`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const units = ["bytes", "KB", "MB", "GB", "TB"] as const;

export function sizeText(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
