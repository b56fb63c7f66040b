/**
 * The status file of the Claude that we started. It is known by its process, also while its conversation changes (`/clear`, a picker); where a
 * wrapper stands between us and Claude, by the conversation that it was started with.
 */
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
  let pid = launched;

  return {
    read() {
      const own = liveProcess(env, pid);
      if (own) return own;
      const thread = threadId();
      const found = thread === undefined ? undefined : liveOnThread(env, thread)[0];
      if (found) pid = found.pid;
      return found ?? null;
    },
  };
}
