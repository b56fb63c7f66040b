/**
 * What the first hook of each agent has told of how this system starts hooks, in a file of the session's folder: a session process that comes after
 * must not take the first hook that it hears itself for the agent's first one, which may be a tool's by then. On disk before anything follows from it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { processStartTime, writeFileAtomic } from "@hapi/platform";
import type { DriverLog } from "@hapi/agents";
import * as z from "zod/mini";

export const HOOK_CALLERS_FILE = "hook-callers.json";
/** The same of the server of HAPI's own tools. */
export const TOOL_CALLERS_FILE = "tool-callers.json";

/**
 * The process that starts its hooks; `null`: on this system hooks can't be told apart; `missed`: its first one came to a process that kept no
 * verdict (an older version, or a file that can't be read), so that none can be made any more.
 */
export type Verdict = number | null | "missed";

export interface CallerVerdicts {
  of(agent: number): Verdict | undefined;
  /** @returns false where it could not be kept: then it does not hold */
  keep(agent: number, verdict: Verdict): boolean;
}

const entrySchema = z.object({
  pid: z.number(),
  startTime: z.string(),
  verdict: z.union([z.number(), z.null(), z.literal("missed")]),
});
const fileSchema = z.object({ version: z.literal(1), agents: z.array(entrySchema) });
type Entry = z.infer<typeof entrySchema>;

export interface VerdictOptions {
  dir: string;
  file?: string;
  /** Agents that run already. */
  running: readonly number[];
  /** No session process was here before. */
  isFirstProcess: boolean;
  log: DriverLog;
  startTime?: (pid: number) => string | null;
}

export function openCallerVerdicts(options: VerdictOptions): CallerVerdicts {
  const { dir, file = HOOK_CALLERS_FILE, running, isFirstProcess, log, startTime = processStartTime } = options;
  const path = join(dir, file);
  const kept = readEntries(path, log);
  let entries = kept ?? [];
  const began = (pid: number, verdict: Verdict): Entry[] => {
    const at = startTime(pid);
    return at === null ? [] : [{ pid, startTime: at, verdict }];
  };
  function write(next: Entry[]): boolean {
    try {
      writeFileAtomic(path, `${JSON.stringify({ version: 1, agents: next })}\n`, { volatile: true });
    } catch (cause) {
      log.warn("hook.verdict_not_kept", { cause });
      return false;
    }
    entries = next;
    return true;
  }
  function keep(agent: number, verdict: Verdict): boolean {
    const now = began(agent, verdict);
    // A pid that another process has by now says nothing any more.
    const others = entries.filter((entry) => entry.pid !== agent && startTime(entry.pid) === entry.startTime);
    return now.length > 0 && write([...others, ...now]);
  }

  // From here on there is a file: whose first hook comes now is in it.
  if (kept === null) write(isFirstProcess ? [] : running.flatMap((agent) => began(agent, "missed")));
  return { of: (agent) => entries.find(({ pid, startTime: at }) => pid === agent && at === startTime(agent))?.verdict, keep };
}

/** Null: there is nothing that could be read. */
function readEntries(path: string, log: DriverLog): Entry[] | null {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, "utf8"))).agents;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") log.warn("hook.verdicts_unreadable", { cause });
    return null;
  }
}
