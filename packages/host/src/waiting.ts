/**
 * A host that is started before its session is known: it loads beside the command line that still decides which one it is, asks the system what an
 * agent's start needs to know, and then waits for one line. A command line that finds another use for itself leaves it alone, and it ends.
 */
import {
  type WaitingProcess,
  readToldLine,
  readyToBindNow,
  selfCommand,
  settleStreams,
  smallProcessEnv,
  spawnWaiting,
} from "@hapi/platform/lean";
import type { SpawnSpec } from "./port.ts";
import { scopePrefix } from "./scope.ts";

export const waitingFlag = "--waiting";

export interface Assignment {
  /** As a host that is started for its session has them on its command line. */
  words: readonly string[];
  cwd: string;
  logFile: string;
  first?: SpawnSpec;
}

/** Its environment is `env`, which is what the session process gets. `hostCommand`: argv of the host program; default: this HAPI's `__host`. */
export function startWaitingHost(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  hostCommand: readonly string[] = selfCommand("__host"),
): WaitingProcess {
  return spawnWaiting([...scopePrefix(env), ...hostCommand, waitingFlag], { cwd, env: smallProcessEnv(env) });
}

/** In such a host. Null: there is nothing to do. */
export function waitForAssignment(): Assignment | null {
  readyToBindNow();
  const line = readToldLine();
  if (line === null) return null;
  const assignment = JSON.parse(line) as Assignment;
  settleStreams(assignment.logFile);
  process.chdir(assignment.cwd);
  return assignment;
}
