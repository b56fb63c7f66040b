/**
 * The status file of the Claude that we started. It is known by its process, also while its conversation changes (`/clear`, a picker); where a
 * wrapper stands between us and Claude, by the conversation that it was started with, and by the process that it runs under: somebody else may
 * have the same conversation open.
 */
import { liveOnThread, liveProcess, type LiveSession } from "./live-sessions.ts";
import type { Home } from "./system.ts";

export interface OwnStatus {
  /** Null: there is none (yet). */
  read(): LiveSession | null;
}

export function createOwnStatus(home: Home, launched: number, threadId: () => string | undefined): OwnStatus {
  const { processes } = home.system;
  /** Null: it is not known for certain (yet). */
  let pid: number | null = null;

  /** A wrapper that hands over to another service has nothing below it: then whoever has the conversation must do. */
  function find(): LiveSession | null {
    const thread = threadId();
    const candidates = thread === undefined ? [] : liveOnThread(home, thread);
    if (candidates.length === 0) return null;
    const below = new Set(processes.descendants(launched));
    const found = candidates.find((one) => below.has(one.pid));
    if (found) pid = found.pid;
    return found ?? (below.size === 0 ? (candidates[0] ?? null) : null);
  }

  return {
    read() {
      if (pid !== null && processes.startTime(pid) === null) pid = null;
      const known = liveProcess(home, pid ?? launched);
      if (known) pid = known.pid;
      return known ?? (pid === null ? find() : null);
    },
  };
}
