/**
 * What is known of a prompt that was handed, or may have been: Claude's own record says it, and a living process that the host has given the line
 * will take it up. Where neither can tell, that is said: a prompt that is sent again on a guess runs twice.
 */
import type { Conversation } from "../driver.ts";
import type { Core } from "./core.ts";
import type { Fronts } from "./fronts.ts";
import { MAX_ATTEMPTS, promptUuid } from "./ids.ts";
import type { PendingPrompt } from "./state.ts";
import { findPrompts } from "./transcript-file.ts";

type Found = Awaited<ReturnType<Conversation["lookup"]>>;

export interface Known {
  /** Its line was seen in the record. */
  recorded: boolean;
  /** The host has written it into the process that runs. */
  isWritten: boolean;
  hasThread: boolean;
  /** Where the record is; undefined: there is none. */
  transcript: string | undefined;
  /** Something of the conversation was read or answered before. */
  hadPast: boolean;
}

/** Pure. An object: the record at that path has to be asked. */
export function decideLookup(known: Known): Found | { read: string } {
  if (known.recorded || known.isWritten) return "present";
  if (!known.hasThread) return "absent";
  // A record that was there and is gone says nothing of what stood in it.
  if (known.transcript === undefined) return known.hadPast ? "unknown" : "absent";
  return { read: known.transcript };
}

/** Of every attempt, oldest first: Claude ignores one that it was given before. */
export const uuidsOf = (sessionId: string, localId: string): string[] =>
  Array.from({ length: MAX_ATTEMPTS }, (_, attempt) => promptUuid(sessionId, localId, attempt));

export function createLookup(core: Core, fronts: Fronts): Conversation["lookup"] {
  const { context } = core;

  async function isWritten(pending: PendingPrompt | undefined): Promise<boolean> {
    const { running } = fronts;
    if (!pending || running?.front !== "remote" || running.now.process.launchId !== pending.launchId) return false;
    return (await running.now.process.lastInputId()) >= pending.inputId;
  }

  async function read(transcript: string, localId: string): Promise<Found> {
    try {
      const found = await findPrompts(context.system.files, transcript, uuidsOf(context.sessionId, localId));
      return found.size > 0 ? "present" : "absent";
    } catch (cause) {
      context.log.warn("claude.transcript_unreadable", { cause });
      return "unknown";
    }
  }

  return async (localId) => {
    const pending = core.prompts.find(localId);
    const recorded = pending?.recorded === true;
    const written = !recorded && (await isWritten(pending));
    const transcript = recorded || written ? undefined : core.transcript();
    const next = decideLookup({ recorded, isWritten: written, hasThread: core.thread !== null, transcript, hadPast: core.hadPast });
    return typeof next === "string" ? next : await read(next.read, localId);
  };
}
