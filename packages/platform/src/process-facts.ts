/**
 * Facts about a process by pid. A pid alone is reused by the system, so whoever wants to signal a process it did not start in this life
 * remembers its start time too and compares it first.
 */
import { readFileSync, readdirSync } from "node:fs";
import { attempt } from "./ignore.ts";

export interface ProcessId {
  pid: number;
  /** Opaque; compared only for equality. */
  startTime: string | null;
}

/** When the process started, in the system's own words; null when it does not run. A zombie does not run. */
export function processStartTime(pid: number): string | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

export function isAlive(id: ProcessId): boolean {
  const startTime = processStartTime(id.pid);
  return startTime !== null && (id.startTime === null || id.startTime === startTime);
}

/** All pids started, directly or not, by `pid`, deepest last. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const [child, parent] of parents()) children.set(parent, [...(children.get(parent) ?? []), child]);
  const found: number[] = [];
  for (let queue = [pid]; queue.length > 0;) {
    const next = queue.flatMap((one) => children.get(one) ?? []).filter((one) => !found.includes(one));
    found.push(...next);
    queue = next;
  }
  return found;
}

/**
 * Signals the process and everything under it, if it is still the one that was meant. From the top down: a parent must not see its child
 * die and go on as if that were news. Answers how many got the signal.
 */
export function killTree(id: ProcessId, signal: NodeJS.Signals): number {
  if (!isAlive(id)) return 0;
  const targets = [id.pid, ...descendants(id.pid)];
  return targets.filter((pid) => attempt(() => process.kill(pid, signal), "it may have ended meanwhile")).length;
}

function fromProc(pid: number): string | null {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"), "no such process");
  if (!stat) return null;
  // The name in brackets may hold spaces and brackets; fields count from behind it: state is the 1st, start time the 20th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
}

function fromPs(pid: number): string | null {
  const result = Bun.spawnSync(["ps", "-o", "stat=,lstart=", "-p", String(pid)], { env: { ...process.env, LC_ALL: "C", TZ: "UTC" } });
  const text = result.stdout.toString().trim();
  return text === "" || text.startsWith("Z") ? null : text.replace(/^\S+\s+/, "");
}

function parents(): [pid: number, parent: number][] {
  if (process.platform !== "linux") {
    const text = Bun.spawnSync(["ps", "-axo", "pid=,ppid="]).stdout.toString();
    return text
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = attempt(() => readFileSync(`/proc/${name}/stat`, "latin1"), "it ended while we looked");
      const parent = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return Number.isSafeInteger(parent) ? [[Number(name), parent] as [number, number]] : [];
    });
}
