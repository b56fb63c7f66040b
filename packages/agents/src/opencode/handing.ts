/**
 * Prompts on their way to OpenCode. It runs a repeated message id once but appends its parts again, unless they have ids too: so every prompt gets ids
 * for all of it before it is sent, durable, and the record is asked before anything is sent a second time.
 */
import { AppError } from "@hapi/protocol";
import type { DriverContext, DriverMemory, DriverPrompt } from "../driver.ts";
import { stopTurn } from "./answering.ts";
import { ApiFailure } from "./api.ts";
import { createIds, type Ids } from "./ids.ts";
import type { ServerLink } from "./link.ts";
import { messagesOf } from "./mirror.ts";
import { AGENT_NAME } from "./name.ts";
import { partIdsFor, promptParts } from "./parts.ts";
import { type Handed, handedAs, lastPrompt, type Pending, rememberPrompt, withHanded } from "./state.ts";
import { promptHanded } from "./turns.ts";

/** A prompt that was taken and not begun is given again so often. */
const MAX_NUDGES = 3;

type Found = "present" | "absent" | "unknown";

export interface Handing {
  prompt(link: ServerLink, prompt: DriverPrompt): Promise<void>;
  /** The same message once more. */
  retry(link: ServerLink): Promise<void>;
  /** Null: OpenCode does not run. */
  lookup(link: ServerLink | null, localId: string): Promise<Found>;
  withdraw(link: ServerLink | null, localId: string): Promise<"removed" | "consumed" | "unknown">;
  /** What a killed session process left, sent or only written down: sent again it is there once; what a person stopped stays so. */
  takeUp(link: ServerLink, left: Pending | null): Promise<void>;
  /**
   * OpenCode is idle, or about to be, with a prompt that it has not begun: given to a turn that was just ending, it is kept and not run (1.18.33). The
   * same ids again add nothing, and make it run. One that a person stopped is taken back instead.
   */
  unbegun(link: ServerLink): Promise<void>;
}

interface Hands {
  context: DriverContext;
  ids: Ids;
  /** Of the prompt that is pending. */
  nudges: number;
}

export function createHanding(context: DriverContext): Handing {
  const { memory, clock } = context;
  const hands: Hands = { context, ids: createIds(() => clock.now()), nudges: 0 };
  return {
    lookup: (link, localId) => lookup(context, link, localId),
    unbegun: (link) => unbegun(hands, link),
    async prompt(link, prompt) {
      await refuseHanded(context, link, prompt);
      await hand(hands, link, { prompt, retry: false });
    },
    async retry(link) {
      const prompt = failedPrompt(memory, link);
      const isAbsent = (await lookup(context, link, prompt.localId)) === "absent";
      await hand(hands, link, { prompt: isAbsent ? prompt : { ...prompt, earlier: undefined }, retry: !isAbsent });
    },
    withdraw: (link, localId) => withdraw(context, link, localId),
    async takeUp(link, left) {
      const { turn } = link.state;
      // Whether OpenCode heard of the stop is not known; what else it may be busy with was not stopped.
      const isRunning = link.to.isBusy && (turn === null || turn.userId === left?.messageId);
      if (left?.stopped && isRunning) await stopTurn(link);
      if (!link.to.isBusy) await unbegun(hands, link);
    },
  };
}

async function hand(hands: Hands, link: ServerLink, { prompt, retry }: { prompt: DriverPrompt; retry: boolean }): Promise<void> {
  const { context, ids } = hands;
  const { memory } = context;
  if (link.busy) throw new AppError("not_ready", "A turn is running");
  const { localId } = prompt;
  const handed = handedAs(memory, localId) ?? { localId, messageId: ids.message(), partIds: partIdsFor(prompt, ids) };
  link.state.pending = { localId, messageId: handed.messageId, retry };
  hands.nudges = 0;
  try {
    const parts = await promptParts(prompt, handed.partIds);
    await link.commit({ ...(retry ? {} : rememberPrompt(prompt)), ...withHanded(memory, localId, handed) });
    await send(link, handed.messageId, parts);
  } catch (cause) {
    await notSent(context, link, { handed, retry, cause });
  }
  promptHanded(link.to);
  await link.commit();
}

async function nudge(hands: Hands, link: ServerLink): Promise<void> {
  const { memory, log } = hands.context;
  const { pending } = link.state;
  const prompt = lastPrompt(memory);
  const handed = pending && handedAs(memory, pending.localId);
  if (!pending || pending.stopped || !handed || prompt?.localId !== pending.localId || hands.nudges >= MAX_NUDGES) return;
  hands.nudges++;
  log.info("opencode.prompt_given_again", { localId: pending.localId });
  await send(link, pending.messageId, await promptParts(prompt, handed.partIds));
  promptHanded(link.to);
}

async function unbegun(hands: Hands, link: ServerLink): Promise<void> {
  const { context } = hands;
  const { pending } = link.state;
  if (!pending) return;
  if (!pending.stopped) return nudge(hands, link);
  // It lets go of it only when it is idle: then this is asked again.
  if (!(await takeBack(context, link))) return;
  context.emit({ type: "stage", localId: pending.localId, stage: "interrupted" });
  context.emit({ type: "thinking", thinking: link.busy });
}

async function refuseHanded(context: DriverContext, link: ServerLink, { localId }: DriverPrompt): Promise<void> {
  if ((await lookup(context, link, localId)) === "absent") return;
  throw new AppError("session_conflict", "This prompt was handed to the agent already");
}

/** What the last turn, which did not come to its own end, was about. */
function failedPrompt(memory: DriverMemory, { state }: ServerLink): DriverPrompt {
  const prompt = lastPrompt(memory);
  if (!prompt || state.lastTurn?.localId !== prompt.localId || state.lastTurn.outcome === "completed")
    throw new AppError("retry_unavailable");
  return prompt;
}

/** A retry leaves the prompt where it stood; any other is taken out of the record. */
async function takeBack(context: DriverContext, link: ServerLink): Promise<boolean> {
  const { pending } = link.state;
  const handed = pending && handedAs(context.memory, pending.localId);
  if (!pending || !handed) return false;
  if (!pending.retry) return await removeMessage(context, link, handed);
  link.state.pending = null;
  await link.commit();
  return true;
}

async function lookup({ memory }: DriverContext, link: ServerLink | null, localId: string): Promise<Found> {
  const handed = handedAs(memory, localId);
  if (!handed) return "absent";
  // On its way: OpenCode says that it has a prompt up to seconds before it writes it down.
  if (handed.seen || link?.state.pending?.localId === localId) return "present";
  return link === null ? "unknown" : await findMessage(link, handed.messageId);
}

async function withdraw(context: DriverContext, link: ServerLink | null, localId: string): Promise<"removed" | "consumed" | "unknown"> {
  const handed = handedAs(context.memory, localId);
  if (!handed) return "unknown";
  const pending = link?.state.pending;
  if (!link || pending?.localId !== localId || pending.retry) return "consumed";
  return (await removeMessage(context, link, handed)) ? "removed" : "consumed";
}

/** The record says whether it has it all the same; where that can't be asked, `lookup` will. */
async function notSent(
  { memory }: DriverContext,
  link: ServerLink,
  { handed, retry, cause }: { handed: Handed; retry: boolean; cause: unknown },
): Promise<void> {
  const wasRefused = cause instanceof ApiFailure || (cause instanceof AppError && cause.code === "not_found");
  const found = wasRefused ? "absent" : await findMessage(link, handed.messageId);
  if (found === "present" && !retry) return;
  if (link.state.pending?.messageId === handed.messageId) link.state.pending = null;
  await link.commit(found === "absent" && !retry ? withHanded(memory, handed.localId, null) : {});
  if (cause instanceof ApiFailure) throw new AppError("apply_failed", `${AGENT_NAME} did not take the prompt: ${cause.message}`, { cause });
  if (cause instanceof AppError) throw cause;
  throw new AppError("agent_exited", undefined, { cause });
}

async function send(link: ServerLink, messageID: string, parts: readonly unknown[]): Promise<void> {
  const { mode, model, threadId } = link.state;
  const [providerID = "", ...rest] = model?.split("/") ?? [];
  const agent = mode === "plan" ? { agent: "plan" } : {};
  const choice = model === null ? {} : { model: { providerID, modelID: rest.join("/") } };
  await link.api.post(`/session/${threadId}/prompt_async`, { messageID, parts, ...agent, ...choice });
}

async function findMessage({ api, state, to }: ServerLink, messageId: string): Promise<Found> {
  if (messagesOf(to.mirror, state.threadId).some(({ id }) => id === messageId)) return "present";
  try {
    await api.get(`/session/${state.threadId}/message/${messageId}`);
    return "present";
  } catch (cause) {
    return cause instanceof ApiFailure && cause.status === 404 ? "absent" : "unknown";
  }
}

/** OpenCode lets go of a message only while it is idle. */
async function removeMessage({ memory }: DriverContext, link: ServerLink, handed: Handed): Promise<boolean> {
  try {
    await link.api.remove(`/session/${link.state.threadId}/message/${handed.messageId}`);
  } catch (cause) {
    if (!(cause instanceof ApiFailure)) throw cause;
    if (cause.status !== 404) return false;
  }
  if (link.state.pending?.messageId === handed.messageId) link.state.pending = null;
  await link.commit(withHanded(memory, handed.localId, null));
  return true;
}
