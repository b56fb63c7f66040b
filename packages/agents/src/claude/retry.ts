/**
 * Sending a failed turn again on the same conversation. Measured on 2.1.329: Claude itself puts a failed prompt in front of the next message, so
 * the prompt must not simply be sent again. When nothing was done yet, the conversation is cut back to before the prompt and the same content
 * is sent anew: it stands once. When the turn had already worked, cutting back would do that work twice: one short message lets
 * Claude go on from where it failed, with the prompt where it stands.
 */
import { AppError } from "@hapi/protocol";
import { withoutEarlier } from "../shared/earlier.ts";
import type { Core } from "./core.ts";
import { commitMarks, readMark } from "./state.ts";
import { findPrompts, type LastTurn, lastTurn, newestPrompt } from "./transcript-file.ts";
import { MAX_ATTEMPTS, promptUuid } from "./ids.ts";
import { contentOf } from "./prompt-content.ts";
import type { RemoteFront } from "./remote-front.ts";
import { textOf } from "./tool-results.ts";

const GO_ON = "Continue from where you left off.";

/** An unused uuid for one more sending of this prompt. */
async function nextUuid({ prompts, context }: Core, path: string, localId: string): Promise<string> {
  const all = Array.from({ length: MAX_ATTEMPTS }, (_, attempt) => promptUuid(context.sessionId, localId, attempt + 1));
  const used = await findPrompts(context.system.files, path, all);
  const free = all.find((uuid) => !used.has(uuid) && !prompts.isSpent(uuid));
  if (free === undefined) throw new AppError("retry_unavailable", "This prompt was sent again too often");
  return free;
}

/** `send`: the front's own, seen by whoever has to know when the line is on its way. */
export async function retryLastTurn(core: Core, front: RemoteFront, send: RemoteFront["send"]): Promise<void> {
  const thread = core.thread;
  if (!thread) throw new AppError("retry_unavailable");
  if (front.busy) throw new AppError("retry_unavailable", "A turn is running. Wait for its end, or stop it first");
  if (await isUnderWay(core, front)) return;
  await core.feed?.sync();
  const found = core.transcript();
  if (found === undefined && core.hadPast)
    throw new AppError("retry_unavailable", "Claude Code's record of this conversation can't be found");
  const transcript = found ?? thread.transcript;
  if (await resendLost(core, front, transcript, send)) return;
  const last = await failedTurn(core, transcript);
  if (!last) throw new AppError("retry_unavailable");
  // Named after the line when the prompt was typed in the terminal.
  const localId = core.prompts.unfinished(last.uuid) ?? `line-${last.uuid}`;
  const uuid = await nextUuid(core, transcript, localId);
  const cut = last.isCut || (!last.worked && (await cutBack(core, front, last)));
  const content = cut ? last.content : GO_ON;
  const { inputId } = await core.prompts.add({
    uuid,
    localId,
    text: withoutEarlier(textOf(content)),
    launchId: front.process.launchId,
    hidden: true,
  });
  await send({ type: "user", message: { role: "user", content }, parent_tool_use_id: null, session_id: thread.id, uuid }, inputId);
}

/**
 * The turn that did not come to its end. A retry that was given up had cut the conversation back to before it; where Claude wrote that down
 * before it dropped the line (seen on 2.1.329, busy machine), the prompt stands on no branch any more, with nothing asked after it.
 */
async function failedTurn({ context }: Core, transcript: string): Promise<(LastTurn & { isCut: boolean }) | null> {
  const last = await lastTurn(context.system.files, transcript);
  if (last && !last.complete) return { ...last, isCut: false };
  const cut = readMark(context, "claude.cut");
  const newest = cut && (await newestPrompt(context.system.files, transcript));
  if (!newest || newest.uuid !== cut.uuid) return null;
  return { ...newest, worked: false, complete: false, isCut: true };
}

/** Written into the living process and not begun yet: whoever asks again (the session process was killed in between) has what it asked for. */
async function isUnderWay(core: Core, { process }: RemoteFront): Promise<boolean> {
  const open = core.prompts.pending.filter((prompt) => prompt.launchId === process.launchId && !prompt.recorded);
  if (open.length === 0) return false;
  const written = await process.lastInputId();
  return open.some((prompt) => prompt.inputId <= written);
}

/** Begun and gone with the process before Claude wrote it down, or stopped before it began: for the conversation it never was, so it is sent as it was. */
async function resendLost(core: Core, front: RemoteFront, transcript: string, send: RemoteFront["send"]): Promise<boolean> {
  const { lost } = core.prompts;
  if (!lost || (await findPrompts(core.context.system.files, transcript, [lost.uuid])).size > 0) return false;
  const content = await contentOf(lost);
  const { localId, text, attachments, earlier, hidden } = lost;
  const uuid = core.prompts.isSpent(lost.uuid) ? await nextUuid(core, transcript, localId) : lost.uuid;
  const again = { uuid, localId, text, attachments, earlier, hidden, launchId: front.process.launchId };
  const { inputId } = await core.prompts.add(again);
  const message = { role: "user", content };
  await send({ type: "user", message, parent_tool_use_id: null, session_id: core.thread?.id ?? "", uuid }, inputId);
  return true;
}

/** The process forgets it at once; in the transcript the prompt mostly stands until something follows. So a retry that was given up is not cut back twice. */
async function cutBack({ context }: Core, front: RemoteFront, last: LastTurn): Promise<boolean> {
  const { launchId } = front.process;
  const done = readMark(context, "claude.cut");
  if (done?.launchId === launchId && done.uuid === last.uuid) return true;
  const answer = await front.control.request("rewind_conversation", { target_message_uuid: last.uuid });
  if (answer["rewound"] !== true) return false;
  await commitMarks(context, { "claude.cut": { launchId, uuid: last.uuid } });
  return true;
}
