/**
 * Which start of the operating system this is. After a loss of power the newest commits may be gone although readers saw them; then the
 * event log needs a new epoch. A kill of the hub alone loses nothing and keeps the epoch.
 */
import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { attempt, systemClock } from "@hapi/platform";

export function readBootId(now: () => number = systemClock.now): string {
  const linux = attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(), "only Linux has this file");
  if (linux) return linux;
  return `at:${Math.round((now() - uptime() * 1000) / 1000)}`;
}

/** Elsewhere the boot time is computed and drifts by seconds. */
export function sameBoot(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [a, b].map((id) => (id.startsWith("at:") ? Number(id.slice(3)) : Number.NaN)) as [number, number];
  return Math.abs(left - right) <= 60;
}
