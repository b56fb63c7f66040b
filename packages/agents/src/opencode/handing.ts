/**
 * Prompts on their way to OpenCode. It runs a repeated message id once but appends its parts again, unless they have ids too: so every prompt gets ids
 * for all of it before it is sent, durable, and the record is asked before anything is sent a second time. The record is behind: a prompt that was taken
 * stands there seconds later, and until then neither a stop nor a removal reaches it, though OpenCode says "true" to both (1.18.33).
 */
import { AppError } from "@hapi/protocol";
import type { DriverContext, DriverMemory, DriverPrompt } from "../driver.ts";
import { stopTurn } from "./answering.ts";
import { type Api, ApiFailure } from "./api.ts";
import { createIds, type Ids } from "./ids.ts";
import type { ServerLink } from "./link.ts";
import { messagesOf } from "./mirror.ts";
import { AGENT_NAME } from "./name.ts";
import { partIdsFor, promptParts } from "./parts.ts";
import { type Handed, handedAs, lastPrompt, type Pending, rememberPrompt, withHanded } from "./state.ts";
import { promptHanded } from "./turns.ts";

/** A prompt that was taken and not begun is given again so often. */
const MAX_NUDGES = 3;
/** A prompt that was sent so long ago and does not stand in the record will not: 7 s were measured for the first one of a server on a busy machine. */
const WRITTEN_MS = 60_000;

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
      const isRunning = link.to.isBusy && turn === null;
      if (left?.stopped && isRunning) await stopTurn(link);
      if (!link.to.isBusy) await unbegun(hands, link);
    },
  };
}

async function hand(hands: Hands, link: ServerLink, { prompt, retry }: { prompt: DriverPrompt; retry: boolean }): Promise<void> {
  const { context, ids } = hands;
  const { memory, clock } = context;
  if (link.busy) throw new AppError("not_ready", "A turn is running");
  const { localId } = prompt;
  // What is provably not there gets new ids: OpenCode does not run a message that sorts before an answer.
  const known = retry ? handedAs(memory, localId) : undefined;
  const own = known ?? { localId, messageId: ids.message(), partIds: partIdsFor(prompt, ids) };
  const handed: Handed = { ...own, sent: { to: link.process.launchId, at: clock.now() } };
  const going: Going = { handed, retry, isOpen: false };
  link.state.pending = { localId, messageId: handed.messageId, retry };
  hands.nudges = 0;
  try {
    const parts = await promptParts(prompt, handed.partIds);
    await link.commit({ ...(retry ? {} : rememberPrompt(prompt)), ...withHanded(memory, localId, handed) });
    await sendFirmly(context, link, { going, parts });
  } catch (cause) {
    await notSent(context, link, { going, cause });
  }
  promptHanded(link.to);
  await link.commit();
  lookWhetherBegun(link);
}

/** It says that it has a prompt, and may say nothing more of it: then it gets it again, so often and no more, and who waits sees that it is silent. */
const lookWhetherBegun = (link: ServerLink): void => link.lookLater(WRITTEN_MS);

interface Going {
  handed: Handed;
  retry: boolean;
  /** It was sent, and whether it arrived is not known. */
  isOpen: boolean;
}

/** Where the connection breaks, or no answer comes, OpenCode may have it all the same: the same ids once more add nothing. */
async function sendFirmly(
  { log }: DriverContext,
  link: ServerLink,
  { going, parts }: { going: Going; parts: readonly unknown[] },
): Promise<void> {
  const { handed } = going;
  try {
    return await send(link, handed.messageId, parts);
  } catch (cause) {
    if (cause instanceof ApiFailure) throw cause;
    going.isOpen = true;
    if (link.ended) throw cause;
    log.warn("opencode.prompt_given_again", { localId: handed.localId, cause });
  }
  await send(link, handed.messageId, parts);
}

async function nudge(hands: Hands, link: ServerLink): Promise<void> {
  const { memory, log, clock } = hands.context;
  const { pending } = link.state;
  const prompt = lastPrompt(memory);
  const handed = pending && handedAs(memory, pending.localId);
  if (!pending || pending.stopped || !handed || prompt?.localId !== pending.localId || hands.nudges >= MAX_NUDGES) return;
  hands.nudges++;
  pending.again = true;
  await link.commit(withHanded(memory, handed.localId, { ...handed, sent: { to: link.process.launchId, at: clock.now() } }));
  if (link.state.pending !== pending || pending.stopped) return;
  log.info("opencode.prompt_given_again", { localId: pending.localId });
  await send(link, pending.messageId, await promptParts(prompt, handed.partIds));
  promptHanded(link.to);
  lookWhetherBegun(link);
}

async function unbegun(hands: Hands, link: ServerLink): Promise<void> {
  const { context } = hands;
  const { pending } = link.state;
  if (!pending) return;
  if (!pending.stopped) return nudge(hands, link);
  // It lets go only of what it has written down, and only when it is idle: then this is asked again.
  if (!(await takeBack(context, link))) return link.lookLater(WRITTEN_MS);
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
  if (isYoung(context, link, handed)) return false;
  link.state.pending = null;
  await link.commit();
  return true;
}

async function lookup(context: DriverContext, link: ServerLink | null, localId: string): Promise<Found> {
  const handed = handedAs(context.memory, localId);
  if (!handed) return "absent";
  // On its way: OpenCode says that it has a prompt up to seconds before it writes it down.
  if (handed.seen || link?.state.pending?.localId === localId) return "present";
  return link === null ? "unknown" : await findMessage(context, link, handed);
}

async function withdraw(context: DriverContext, link: ServerLink | null, localId: string): Promise<"removed" | "consumed" | "unknown"> {
  const handed = handedAs(context.memory, localId);
  if (!handed) return "unknown";
  const pending = link?.state.pending;
  if (!link || pending?.localId !== localId || pending.retry) return "consumed";
  return (await removeMessage(context, link, handed)) ? "removed" : "consumed";
}

/** Refused, it is not there; else the record says whether it has it all the same, and where that can't be told yet, `lookup` will. */
async function notSent(context: DriverContext, link: ServerLink, { going, cause }: { going: Going; cause: unknown }): Promise<void> {
  const { handed, retry, isOpen } = going;
  const found = isOpen ? await findMessage(context, link, handed) : "absent";
  if (found === "present" && !retry) return;
  if (link.state.pending?.messageId === handed.messageId) link.state.pending = null;
  await link.commit(found === "absent" && !retry ? withHanded(context.memory, handed.localId, null) : {});
  if (cause instanceof ApiFailure) throw new AppError("apply_failed", `${AGENT_NAME} did not take the prompt: ${cause.message}`, { cause });
  if (cause instanceof AppError) throw cause;
  throw new AppError("agent_exited", undefined, { cause });
}

async function send(link: ServerLink, messageID: string, parts: readonly unknown[]): Promise<void> {
  const { mode, model, effort, threadId } = link.state;
  const [providerID = "", ...rest] = model?.split("/") ?? [];
  const agent = mode === "plan" ? { agent: "plan" } : {};
  const choice = model === null ? {} : { model: { providerID, modelID: rest.join("/") } };
  await link.api.post(`/session/${threadId}/prompt_async`, {
    messageID,
    parts,
    ...agent,
    ...choice,
    ...(effort ? { variant: effort } : {}),
  });
}

/** `unknown`: OpenCode can't be asked, does not know the conversation, or may be about to write the message down. */
async function findMessage(context: DriverContext, link: ServerLink, handed: Handed): Promise<Found> {
  const { api, state, to } = link;
  const { messageId } = handed;
  if (messagesOf(to.mirror, state.threadId).some(({ id }) => id === messageId)) return "present";
  const message = await isThere(api, `/session/${state.threadId}/message/${messageId}`);
  if (message !== "absent") return message;
  if (isYoung(context, link, handed)) return "unknown";
  // It has the same word for a message of a conversation that it does not know.
  return (await isThere(api, `/session/${state.threadId}`)) === "present" ? "absent" : "unknown";
}

/** Sent to this server only now. */
const isYoung = ({ clock }: DriverContext, { process }: ServerLink, { sent }: Handed): boolean =>
  sent?.to === process.launchId && clock.now() - sent.at < WRITTEN_MS;

async function isThere(api: Api, path: string): Promise<Found> {
  try {
    await api.get(path);
    return "present";
  } catch (cause) {
    return cause instanceof ApiFailure && cause.status === 404 ? "absent" : "unknown";
  }
}

/**
 * OpenCode lets go of a message only while it is idle, and says so too of one that it has not written down yet, and will. False: it may run.
 */
async function removeMessage(context: DriverContext, link: ServerLink, handed: Handed): Promise<boolean> {
  const { state, api } = link;
  const isOnItsWay = state.pending?.again === true && isYoung(context, link, handed);
  const found = isOnItsWay ? "unknown" : await findMessage(context, link, handed);
  if (found === "unknown") return false;
  try {
    if (found === "present") await api.remove(`/session/${state.threadId}/message/${handed.messageId}`);
  } catch (cause) {
    if (!(cause instanceof ApiFailure)) throw cause;
    return false;
  }
  if (state.pending?.messageId === handed.messageId) state.pending = null;
  await link.commit(withHanded(context.memory, handed.localId, null));
  return true;
}
