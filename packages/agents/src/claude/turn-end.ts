/** What the end of a driven turn comes to: whether it said anything, what it cost, and the event that tells it. Pure. */
import type { AgentEvent, TokenUsage } from "@hapi/protocol";
import type { TurnResult } from "./results.ts";
import type { Marks } from "./state.ts";

export interface SeenTurn {
  outcome: TurnResult["outcome"];
  usage: TokenUsage | undefined;
  /** Its prompts' words, as far as it is known which it ends. */
  prompts: readonly string[];
  /** It names at least one prompt that it ends. */
  isNamed: boolean;
  /** One of them was taken up before these eyes: everything told of its turn was told here. */
  wasSeen: boolean;
  /** An old stretch of the output is read again. */
  replaying: boolean;
  /** The record is not read on, for want of room at the hub. */
  isHeld: boolean;
  /** What the record says: a turn is open, and something was answered in it. */
  record: { isOpen: boolean; hasAnswer: boolean };
  /** Nothing was told since the turn before. `wasBegun`: it is known to have begun before these eyes. */
  isEmpty(wasBegun: boolean): boolean;
}

/** A result and nothing else, of which nobody can say what it was. Claude's own commands may be carried out without a word, and ask no model. */
export function isWordless(seen: SeenTurn): boolean {
  if (seen.outcome !== "completed" || seen.isHeld || isOwnCommand(seen)) return false;
  if (!seen.replaying && (seen.wasSeen || !seen.isNamed)) return seen.isEmpty(seen.wasSeen);
  // What was told of it before these eyes the record knows, as far as it was read.
  return seen.record.isOpen && !seen.record.hasAnswer && seen.isEmpty(true);
}

function isOwnCommand({ prompts, usage }: SeenTurn): boolean {
  const isCommand = prompts.length > 0 && prompts.every((text) => text.trimStart().startsWith("/"));
  // Compaction does ask a model, and answers nothing.
  return isCommand && (usage === undefined || prompts.some((text) => /^\s*\/compact\b/.test(text)));
}

/** `before`: what was known last; `isFresh`: the conversation began before these eyes. */
export interface CostSoFar {
  threadId: string;
  before: Marks["claude.cost"] | undefined;
  isFresh: boolean;
}

/** The sum is the conversation's, also over resumes: without the one before, this turn's share is not known. */
export function shareOf(totalUsd: number, { threadId, before, isFresh }: CostSoFar): number | undefined {
  const share = before?.threadId === threadId ? totalUsd - before.totalUsd : isFresh ? totalUsd : undefined;
  return share === undefined || share < 0 ? undefined : share;
}

export interface EndedTurn {
  id: string;
  result: TurnResult;
  costUsd: number | undefined;
  localIds: readonly string[];
}

export function turnEnded({ id, result, costUsd, localIds }: EndedTurn): AgentEvent {
  const { outcome, durationMs, usage, failure } = result;
  return {
    type: "turn-ended",
    id,
    outcome,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(usage ? { usage: { ...usage, ...(costUsd === undefined ? {} : { costUsd }) } } : {}),
    ...(failure ? { failure } : {}),
    ...(localIds.length > 0 ? { localIds: [...localIds] } : {}),
  };
}
