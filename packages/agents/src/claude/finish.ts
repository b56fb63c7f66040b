/**
 * Ends in the session what a Claude that is gone left open: everything its record still says first, then its requests and its turn, then a word on
 * what it took along.
 */
import { within } from "@hapi/platform/lean";
import { type AgentEvent, type AgentFailure, noticeWords, type TokenUsage } from "@hapi/protocol";
import { endedWords } from "./background.ts";
import type { Core } from "./core.ts";
import { AGENT_NAME } from "./name.ts";
import { fateOf } from "./request-fate.ts";
import { commitMarks, readMark } from "./state.ts";

const FINISH_READ_MS = 10_000;

export interface FinishedLaunch {
  launchId: string;
  /** Why it ended, when nobody asked it to. */
  failure?: AgentFailure;
}

export interface LeftOpen {
  launchId: string;
  failure?: AgentFailure | undefined;
  /** The turn that the record has open. */
  turn: { id: string; usage?: TokenUsage | null | undefined } | null;
  /** The turn of a prompt that no record has. */
  unrecorded: string | null;
  thinking: boolean;
  /** Prompts that had begun. */
  localIds: readonly string[];
}

/** Pure: the end of the turn that was open; null: none was. Its key is the same however the end was found out. */
export function endOfLaunch({ launchId, failure, turn, unrecorded, thinking, localIds }: LeftOpen): AgentEvent | null {
  if (!turn && unrecorded === null && !thinking && localIds.length === 0) return null;
  return {
    type: "turn-ended",
    id: `${turn?.id ?? unrecorded ?? launchId}:end`,
    outcome: "interrupted",
    ...(turn?.usage ? { usage: turn.usage } : {}),
    ...(failure ? { failure } : {}),
    ...(localIds.length > 0 ? { localIds: [...localIds] } : {}),
  };
}

export async function finishLaunch(core: Core, { launchId, failure }: FinishedLaunch): Promise<void> {
  const { context, prompts, requests } = core;
  await readRest(core);
  const turn = core.feed?.endTurn() ?? null;
  const localIds = prompts.abandon(failure);
  closeRequests(core);
  await requests.settled();
  const unrecorded = turn ? null : tellUnrecorded(core, launchId);
  const event = endOfLaunch({ launchId, failure, turn, unrecorded, thinking: core.thinking, localIds });
  const checkpoint = (): Record<string, unknown> => ({ ...prompts.mark(), ...core.feed?.mark() });
  if (event) context.emit({ type: "record", key: event.id, event, at: context.clock.now(), checkpoint: checkpoint() });
  tellEnded(core, launchId);
  const launch = readMark(context, "claude.launch");
  const over = launch?.id === launchId ? { "claude.launch": { ...launch, over: true } } : {};
  await commitMarks(context, { ...checkpoint(), ...over, "claude.typed": null });
  core.setThinking(false);
}

/** With the hub away and the outbox full, the rest is read when the conversation goes on. */
async function readRest({ context, feed, endTurn }: Core): Promise<void> {
  if (!feed) return;
  await within(context.clock, FINISH_READ_MS, feed.sync());
  // The end of a turn before the last one is on no output any more.
  while (feed.awaitsEnd) {
    endTurn("interrupted");
    await within(context.clock, FINISH_READ_MS, feed.sync());
  }
}

/** Nobody is left who would take an answer. */
function closeRequests({ requests, stopping }: Core): void {
  for (const { request, handed } of requests.all) {
    const fate = fateOf(handed, { over: stopping ? "turn" : "agent", withdrawn: stopping });
    if (fate.state === "over") requests.close(request.id, fate.closing);
  }
}

/** A prompt of the terminal that went with its Claude before it was written down. Answers the id of its turn, which is still open. */
function tellUnrecorded({ context }: Core, launchId: string): string | null {
  const typed = readMark(context, "claude.typed");
  if (!typed || typed.launchId !== launchId) return null;
  const { text, at } = typed;
  const id = `${typed.promptId}:unrecorded`;
  const turnId = `${id}:turn`;
  const record = (key: string, event: AgentEvent): void => context.emit({ type: "record", key, event, at });
  record(id, { type: "user-message", id, text, origin: "terminal" });
  record(turnId, { type: "turn-started", id: turnId });
  const words = noticeWords("prompt_unrecorded", { agent: AGENT_NAME });
  record(`${id}:notice`, { type: "notice", id: `${id}:notice`, level: "warning", ...words });
  return turnId;
}

/** Nobody shall wonder where the dev server went. */
function tellEnded({ background, context }: Core, launchId: string): void {
  const gone = background.ended();
  if (gone.length === 0) return;
  const id = `${launchId}:background-ended`;
  const event: AgentEvent = { type: "notice", id, level: "warning", ...endedWords(gone) };
  context.emit({ type: "record", key: id, event, at: context.clock.now() });
}
