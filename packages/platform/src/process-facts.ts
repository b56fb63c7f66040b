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

/** One running process; a zombie does not run. */
export interface ProcessRow extends ProcessId {
  parent: number;
  startTime: string;
}

/** Everything that runs on this machine, as far as the system tells it. */
export function processTable(): ProcessRow[] {
  return process.platform === "linux" ? tableFromProc() : tableFromPs();
}

/** All pids started, directly or not, by `pid`, deepest last. */
export function descendants(pid: number): number[] {
  return under([pid], processTable()).map((row) => row.pid);
}

/** The rows below any of `roots`, without the roots, parents before their children. */
export function under(roots: readonly number[], table: readonly ProcessRow[]): ProcessRow[] {
  const children = new Map<number, ProcessRow[]>();
  for (const row of table) {
    const siblings = children.get(row.parent);
    if (siblings) siblings.push(row);
    else children.set(row.parent, [row]);
  }
  const seen = new Set<number>(roots);
  const found: ProcessRow[] = [];
  for (let generation: readonly number[] = roots; generation.length > 0;) {
    const next = generation.flatMap((one) => children.get(one) ?? []).filter((row) => !seen.has(row.pid));
    for (const row of next) seen.add(row.pid);
    found.push(...next);
    generation = next.map((row) => row.pid);
  }
  return found;
}

/** Of this start of the machine: pids and start times of an earlier one mean nothing. Null where the system has no such word. */
export function bootId(): string | null {
  if (process.platform !== "linux") return null;
  return attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim(), "then only the start times can tell") ?? null;
}

/** What can be known of processes that others started, as a port. */
export interface Processes {
  startTime(pid: number): string | null;
  descendants(pid: number): number[];
}

export const systemProcesses: Processes = { startTime: processStartTime, descendants };

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
  return rowFromProc(pid)?.startTime ?? null;
}

function rowFromProc(pid: number): ProcessRow | null {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"), "no such process");
  if (!stat) return null;
  // The name in brackets may hold spaces and brackets; fields count from behind it: state is the 1st, the parent the 2nd, start time the 20th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const startTime = fields[19];
  if (fields[0] === "Z" || fields[0] === "X" || startTime === undefined) return null;
  return { pid, parent: Number(fields[1]), startTime };
}

function tableFromProc(): ProcessRow[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (rowFromProc(Number(name)) ?? []) : []));
}

/** Where macOS and the BSDs have it: by the PATH it could be anybody's. */
export const PS = "/bin/ps";

const psEnv = (): Record<string, string | undefined> => ({ ...process.env, LC_ALL: "C", TZ: "UTC" });

function fromPs(pid: number): string | null {
  const result = Bun.spawnSync([PS, "-o", "stat=,lstart=", "-p", String(pid)], { env: psEnv() });
  const text = result.stdout.toString().trim();
  return text === "" || text.startsWith("Z") ? null : text.replace(/^\S+\s+/, "");
}

function tableFromPs(): ProcessRow[] {
  const lines = Bun.spawnSync([PS, "-axo", "pid=,ppid=,stat=,lstart="], { env: psEnv() }).stdout.toString().trim().split("\n");
  return lines.flatMap((line) => {
    const [, pid, parent, state, startTime] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (!state || !startTime || state.startsWith("Z")) return [];
    return [{ pid: Number(pid), parent: Number(parent), startTime }];
  });
}
