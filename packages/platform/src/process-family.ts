/**
 * A family of processes: some that are known by pid and start time, everything that carries their mark in its environment, and everything those
 * have started. The mark is inherited by whatever leaves the tree (a daemon, a shell in the background, a session of its own); the tree has
 * whatever lost its environment. Only what did both is out of reach.
 */
import { readFileSync } from "node:fs";
import { attempt } from "./ignore.ts";
import { isAlive, processTable, PS, under, type ProcessId, type ProcessRow } from "./process-facts.ts";

export interface Family {
  /** A variable that was given to the known ones and to nobody else. */
  mark: { name: string; value: string };
  /** Known by whoever started them. */
  members: readonly ProcessId[];
}

/** What lives of it, parents before their children. Never this process, nor what it runs under. */
export function livingFamily({ mark, members }: Family, alsoKnown: readonly ProcessId[] = []): ProcessId[] {
  const table = processTable();
  const isCarrier = markReader(mark);
  const own = ancestry(process.pid, table);
  const known = new Map([...members, ...alsoKnown].map((one) => [one.pid, one.startTime]));
  const roots = table.filter((row) => known.get(row.pid) === row.startTime || isCarrier(row.pid));
  const below = under(
    roots.map((row) => row.pid),
    table,
  );
  const found = new Map([...roots, ...below].map((row) => [row.pid, row]));
  for (const pid of own) found.delete(pid);
  return parentsFirst([...found.values()]).map(({ pid, startTime }) => ({ pid, startTime }));
}

const stepMs = 20;

/**
 * Ends the family, known members at once, what they started with a moment to tidy up. All are stopped first, so that none starts another or
 * sees another's end. Answers whether nothing is left.
 */
export async function endFamily(family: Family, options: { graceMs: number; withinMs: number }): Promise<boolean> {
  const deadline = Date.now() + options.withinMs;
  let all = stopAll(family);
  if (all.length === 0) return true;
  const isMember = ({ pid }: ProcessId): boolean => family.members.some((member) => member.pid === pid);
  for (const one of all) signal(one, isMember(one) ? "SIGKILL" : "SIGTERM");
  for (const one of all) signal(one, "SIGCONT");
  const kindUntil = Math.min(Date.now() + options.graceMs, deadline);
  while (all.some(isAlive) && Date.now() < kindUntil) await pause();
  for (;;) {
    all = livingFamily(family, all);
    if (all.length === 0) return true;
    if (Date.now() > deadline) return false;
    for (const one of all) signal(one, "SIGKILL");
    await pause();
  }
}

/** What was started while we looked is looked for again; who is stopped starts nothing. */
function stopAll(family: Family): ProcessId[] {
  let all: ProcessId[] = [];
  for (let rounds = 0; rounds < 10; rounds++) {
    const now = livingFamily(family, all);
    const fresh = now.filter((one) => !all.some(({ pid, startTime }) => pid === one.pid && startTime === one.startTime));
    all = now;
    if (fresh.length === 0) break;
    for (const one of fresh) signal(one, "SIGSTOP");
  }
  return all;
}

function signal(id: ProcessId, name: NodeJS.Signals): void {
  if (isAlive(id)) attempt(() => process.kill(id.pid, name), "it ended in this moment, or belongs to somebody else");
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, stepMs));

function ancestry(pid: number, table: readonly ProcessRow[]): number[] {
  const parents = new Map(table.map((row) => [row.pid, row.parent]));
  const found: number[] = [];
  for (let at: number | undefined = pid; at !== undefined && at > 0 && !found.includes(at); at = parents.get(at)) found.push(at);
  return found;
}

function parentsFirst(rows: readonly ProcessRow[]): ProcessRow[] {
  const pids = new Set(rows.map((row) => row.pid));
  const tops = rows.filter((row) => !pids.has(row.parent));
  return [
    ...tops,
    ...under(
      tops.map((row) => row.pid),
      rows,
    ),
  ];
}

function markReader({ name, value }: Family["mark"]): (pid: number) => boolean {
  if (process.platform !== "linux") {
    const carriers = carriersFromPs(`${name}=${value}`);
    return (pid) => carriers.has(pid);
  }
  const entry = `\0${name}=${value}\0`;
  return (pid) =>
    `\0${attempt(() => readFileSync(`/proc/${pid}/environ`, "latin1"), "it ended, or is not ours to read") ?? ""}`.includes(entry);
}

/** `-E` (macOS, the BSDs) adds the environment of one's own programs to their words. */
function carriersFromPs(entry: string): Set<number> {
  const lines = Bun.spawnSync([PS, "-axwwE", "-o", "pid=,command="], { env: { ...process.env, LC_ALL: "C" } })
    .stdout.toString()
    .split("\n");
  return new Set(lines.filter((line) => line.split(" ").includes(entry)).map((line) => Number.parseInt(line, 10)));
}
