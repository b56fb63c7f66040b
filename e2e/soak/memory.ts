/**
 * Whether a process's memory stays where it is. A collector makes saw teeth: the lows are what it can't give back, so a line is laid through
 * the lows of equal spans after the warm-up, and its rise over the whole time is compared with what is allowed. A short run can't tell a
 * leak from growing caches; its bound is wide, and it says so.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "@hapi/platform";

const MB = 1 << 20;
/** The share of a run that is not looked at. A long one lets the database's page cache (16 MB) fill first. */
export const warmUpOf = (lastsMs: number): number => (lastsMs >= LONG_MS ? 0.4 : 0.2);
const SPANS = 12;
/** From here on the narrow bound counts. */
const LONG_MS = 15 * 60_000;

export interface Sample {
  at: number;
  bytes: number;
  /** Of its heap, what was alive after the last collection. */
  aliveBytes?: number | null;
}

export interface MemoryVerdict {
  name: string;
  samples: number;
  firstMb: number;
  medianMb: number;
  lastMb: number;
  slopeMbPerHour: number;
  /** What was alive on its heap in the first and the last sample; null where it did not say. Tells a leak from a collector or a cache. */
  aliveMb: { first: number | null; last: number | null };
  /** What the line rises from its beginning to its end. */
  riseMb: number;
  allowedMb: number;
  /** The lows themselves, in order of time: whether it climbs or has found its height. */
  lowsMb: number[];
  isFlat: boolean;
}

/** Resident memory in bytes; null when the process is gone. */
export async function residentBytes(pid: number): Promise<number | null> {
  if (process.platform !== "linux") {
    const { stdout } = await runCommand(["ps", "-o", "rss=", "-p", String(pid)]);
    return stdout.trim() === "" ? null : Number(stdout) * 1024;
  }
  try {
    const kb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kb === undefined ? null : Number(kb) * 1024;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ESRCH")) return null;
    throw cause;
  }
}

/** What the process wrote down of its heap (`collecting.ts`); null: nothing yet. */
export function aliveBytes(folder: string, pid: number): number | null {
  try {
    return Number(readFileSync(join(folder, String(pid)), "utf8")) || null;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw cause;
  }
}

/** `samples` of one process, in order of time, over the whole run. */
export function judgeMemory(name: string, samples: readonly Sample[], run: { from: number; to: number }): MemoryVerdict {
  const warm = samples.filter(({ at }) => at >= run.from + warmUpOf(run.to - run.from) * (run.to - run.from));
  const [first, last] = [warm[0], warm.at(-1)];
  if (!first || !last || warm.length < SPANS) {
    // Nothing can be said of a process that was hardly seen: that is a finding, not a pass.
    const none = {
      firstMb: 0,
      medianMb: 0,
      lastMb: 0,
      slopeMbPerHour: 0,
      riseMb: 0,
      allowedMb: 0,
      lowsMb: [],
      aliveMb: { first: null, last: null },
    };
    return { name, samples: warm.length, ...none, isFlat: false };
  }
  const lasted = last.at - first.at;
  const lows = spans(warm, first.at, lasted).map((span) => span.reduce((low, one) => (one.bytes < low.bytes ? one : low)));
  const slope = slopeOf(lows);
  const sorted = warm.map(({ bytes }) => bytes).toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const isLong = run.to - run.from >= LONG_MS;
  const allowed = isLong ? Math.max(8 * MB, 0.1 * median) : Math.max(32 * MB, 0.5 * median);
  const rise = slope * lasted;
  return {
    name,
    samples: warm.length,
    firstMb: mb(first.bytes),
    medianMb: mb(median),
    lastMb: mb(last.bytes),
    slopeMbPerHour: mb(slope * 3_600_000),
    aliveMb: { first: aliveOf(warm), last: aliveOf(warm.toReversed()) },
    riseMb: mb(rise),
    allowedMb: mb(allowed),
    lowsMb: lows.map(({ bytes }) => mb(bytes)),
    isFlat: rise <= allowed,
  };
}

const mb = (bytes: number): number => Math.round((bytes / MB) * 10) / 10;

/** Of the first that says it. */
function aliveOf(samples: readonly Sample[]): number | null {
  const bytes = samples.find(({ aliveBytes }) => aliveBytes != null)?.aliveBytes;
  return bytes == null ? null : mb(bytes);
}

function spans(samples: readonly Sample[], from: number, lasted: number): Sample[][] {
  const all: Sample[][] = Array.from({ length: SPANS }, () => []);
  for (const sample of samples) all[Math.min(SPANS - 1, Math.floor(((sample.at - from) / Math.max(1, lasted)) * SPANS))]?.push(sample);
  return all.filter((span) => span.length > 0);
}

/** Least squares, bytes per millisecond. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [midAt, midBytes] = [mean(samples.map(({ at }) => at)), mean(samples.map(({ bytes }) => bytes))];
  let [above, below] = [0, 0];
  for (const { at, bytes } of samples) {
    above += (at - midAt) * (bytes - midBytes);
    below += (at - midAt) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
