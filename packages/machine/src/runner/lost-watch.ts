/**
 * Looks for sessions whose host was killed, at once and then now and then, ends what it left running (its keeper mostly has), and has each
 * settled (or resumed, where the settings say so). What a look finds is proven under the host's lock by whoever settles.
 */
import { toAppError } from "@hapi/protocol";
import type { Clock, Logger } from "@hapi/platform";
import type { SessionFile } from "../session/session-file.ts";
import { createLostSearch } from "./lost-search.ts";

export const LOOK_EVERY_MS = 5_000;
/** A hub that is away is not asked with a new process at every look. */
const LONGEST_PAUSE_MS = 60_000;
/** A session that loses its host again and again is not resumed for ever. */
const MAX_RESUMES = 3;
/** One that can't be started for a reason that may pass is shown for what it is after so many attempts. */
const MAX_TRIES = 4;

export interface LostWatchDeps {
  home: string;
  /** Ends what the killed host has left running; also while the hub is away. */
  endLeft(sessionFile: SessionFile): Promise<unknown>;
  /** Speaks for the session at the hub; false: not now, try again. */
  settle(sessionFile: SessionFile): Promise<boolean>;
  /** With `sessionPreservation: "resume"`: starts it again. */
  resume?(sessionFile: SessionFile): Promise<unknown>;
  clock: Clock;
  log: Logger;
}

/** What became of a session that was found without its host. */
export interface LostFate {
  sessionId: string;
  /** `settled`: its end was said at the hub, no agent was started. */
  fate: "resumed" | "settled";
  at: number;
}

/** So many are remembered for who asks; the log has all. */
const MAX_FATES = 100;

export interface LostWatch {
  /** The newest last. */
  readonly fates: readonly LostFate[];
  /** Resolves when everything that was found has been looked after once. */
  readonly firstLook: Promise<void>;
  close(): void;
}

export function watchLostSessions(deps: LostWatchDeps): LostWatch {
  const { home, clock, log } = deps;
  const findLost = createLostSearch(home);
  const failed = new Map<string, { times: number; notBefore: number }>();
  const resumes = new Map<string, number>();
  const fates: LostFate[] = [];
  let cancel: () => void = () => undefined;
  let closed = false;

  /** `later`: a hub that is away, a host that is just being started; the next look tries again. */
  async function resume(sessionFile: SessionFile): Promise<"resumed" | "later" | "not"> {
    const { sessionId } = sessionFile;
    const times = resumes.get(sessionId) ?? 0;
    if (!deps.resume || times >= MAX_RESUMES) return "not";
    try {
      await deps.resume(sessionFile);
      resumes.set(sessionId, times + 1);
      log.info("runner.session_resumed", { sessionId });
      return "resumed";
    } catch (cause) {
      const { code, message, retryable } = toAppError(cause);
      const tries = (failed.get(sessionId)?.times ?? 0) + 1;
      log.warn("runner.resume_failed", { sessionId, code, reason: message, tries });
      // Without a hub there is nobody to settle it with either.
      return code === "hub_unreachable" || (retryable && tries < MAX_TRIES) ? "later" : "not";
    }
  }

  async function lookAfter(sessionFile: SessionFile): Promise<void> {
    const { sessionId } = sessionFile;
    await deps.endLeft(sessionFile);
    const before = failed.get(sessionId);
    if (before && clock.now() < before.notBefore) return;
    const outcome = await resume(sessionFile);
    if (outcome === "resumed" || (outcome === "not" && (await deps.settle(sessionFile)))) {
      failed.delete(sessionId);
      fates.push({ sessionId, fate: outcome === "resumed" ? "resumed" : "settled", at: clock.now() });
      if (fates.length > MAX_FATES) fates.shift();
      return;
    }
    const times = (before?.times ?? 0) + 1;
    failed.set(sessionId, { times, notBefore: clock.now() + Math.min(LOOK_EVERY_MS * 2 ** times, LONGEST_PAUSE_MS) });
    if (times === 1) log.warn("runner.session_not_settled", { sessionId });
  }

  async function look(): Promise<void> {
    try {
      for (const sessionFile of findLost()) {
        if (closed) return;
        await lookAfter(sessionFile);
      }
    } catch (cause) {
      log.warn("runner.look_failed", { reason: toAppError(cause).message });
    }
    if (!closed) cancel = clock.setTimer(LOOK_EVERY_MS, () => void look());
  }

  return {
    fates,
    firstLook: look(),
    close() {
      closed = true;
      cancel();
    },
  };
}
