/**
 * The status file of the Claude that we started. It is known by its process, also while its conversation changes (`/clear`, a picker); where a
 * wrapper stands between us and Claude, by the conversation that it was started with, and by the process that it runs under: somebody else may
 * have the same conversation open.
 */
import { descendants, processStartTime } from "@hapi/platform/lean";
import { liveOnThread, liveProcess, type LiveSession } from "./live-sessions.ts";

export interface OwnStatus {
  /** Null: there is none (yet). */
  read(): LiveSession | null;
}

export function createOwnStatus(
  env: Readonly<Record<string, string | undefined>>,
  launched: number,
  threadId: () => string | undefined,
): OwnStatus {
  /** Null: it is not known for certain (yet). */
  let pid: number | null = null;

  /** A wrapper that hands over to another service has nothing below it: then whoever has the conversation must do. */
  function find(): LiveSession | null {
    const thread = threadId();
    const candidates = thread === undefined ? [] : liveOnThread(env, thread);
    if (candidates.length === 0) return null;
    const below = new Set(descendants(launched));
    const found = candidates.find((one) => below.has(one.pid));
    if (found) pid = found.pid;
    return found ?? (below.size === 0 ? (candidates[0] ?? null) : null);
  }

  return {
    read() {
      if (pid !== null && processStartTime(pid) === null) pid = null;
      const known = liveProcess(env, pid ?? launched);
      if (known) pid = known.pid;
      return known ?? (pid === null ? find() : null);
    },
  };
}
