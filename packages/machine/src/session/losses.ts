/**
 * Places in which the agent's sources did not fit together, so that something may be missing from a session's history: each is a warning in the
 * history, and counted in a file of the session's folder, which `hapi doctor` adds up. A loss told again after a restart counts once.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import type { DriverLog, Loss } from "@hapi/agents";
import { type AgentEvent, type LossCount, lossCountSchema } from "@hapi/protocol";
import { type Clock, sessionDir, writeFileAtomic } from "@hapi/platform";
import { listSessionFiles } from "./create-session.ts";

export const LOSSES_FILE = "losses.json";
/** Keys kept to recognise one that is told again. */
const MAX_KEYS = 100;

const fileSchema = z.object({ version: z.literal(1), counts: z.array(lossCountSchema), keys: z.array(z.string()) });
type LossFile = z.infer<typeof fileSchema>;

export interface Losses {
  take(loss: Loss): void;
  readonly counts: readonly LossCount[];
}

export interface LossesOptions {
  dir: string;
  /** The warning's way into the history. */
  tell(key: string, event: AgentEvent): void;
  clock: Clock;
  log: DriverLog;
}

export function createLosses({ dir, tell, clock, log }: LossesOptions): Losses {
  let file: LossFile = { version: 1, counts: [], keys: [] };
  try {
    file = readFile(dir) ?? file;
  } catch (cause) {
    log.warn("session.losses_unreadable", { cause });
  }

  function count({ kind, details, key }: Loss): void {
    const before = file.counts.find((one) => one.kind === kind);
    const now: LossCount = { kind, count: (before?.count ?? 0) + 1, lastAt: clock.now(), details };
    file = {
      version: 1,
      counts: [...file.counts.filter((one) => one !== before), now],
      keys: [...file.keys, key].slice(-MAX_KEYS),
    };
    try {
      writeFileAtomic(join(dir, LOSSES_FILE), `${JSON.stringify(file)}\n`, { mode: 0o600 });
    } catch (cause) {
      log.warn("session.losses_not_kept", { cause });
    }
  }

  return {
    take(loss) {
      const isKnown = file.keys.includes(loss.key);
      if (!isKnown) count(loss);
      // Said again all the same: the process may have ended between the two, and the hub knows the key.
      if (loss.words !== undefined) tell(loss.key, { type: "notice", id: loss.key, level: "warning", ...loss.words });
    },
    get counts() {
      return file.counts;
    },
  };
}

function readFile(dir: string): LossFile | null {
  let text: string;
  try {
    text = readFileSync(join(dir, LOSSES_FILE), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
  return fileSchema.parse(JSON.parse(text));
}

export interface LossReport {
  /** Over all sessions of this home; the latest moment and details of each kind. */
  counts: LossCount[];
  sessions: number;
  /** The session with the latest one. */
  latest: { sessionId: string; directory: string } | null;
  /** Sessions whose counts can't be read. */
  unreadable: number;
}

export function lossesOfHome(home: string): LossReport {
  const sums = new Map<string, LossCount>();
  const report: LossReport = { counts: [], sessions: 0, latest: null, unreadable: 0 };
  let latestAt = 0;
  for (const { sessionId, cwd } of listSessionFiles(home)) {
    const counts = countsOf(sessionDir(home, sessionId));
    if (counts === null) report.unreadable += 1;
    if (!counts || counts.length === 0) continue;
    report.sessions += 1;
    for (const one of counts) {
      const sum = sums.get(one.kind);
      const newer = !sum || one.lastAt > sum.lastAt ? one : sum;
      sums.set(one.kind, { ...newer, count: (sum?.count ?? 0) + one.count });
      if (one.lastAt < latestAt) continue;
      latestAt = one.lastAt;
      report.latest = { sessionId, directory: cwd };
    }
  }
  return { ...report, counts: [...sums.values()].sort((a, b) => b.count - a.count) };
}

export const areLossesReadable = (dir: string): boolean => countsOf(dir) !== null;

/** Null: they can't be read. */
function countsOf(dir: string): LossCount[] | null {
  try {
    return readFile(dir)?.counts ?? [];
  } catch {
    return null;
  }
}
