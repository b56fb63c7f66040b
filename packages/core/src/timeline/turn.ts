/** What rows say of the turn they stand in, and of what its tokens came to: rules only, each gives the next state. */
import type { AgentEvent, TokenUsage } from "@hapi/protocol";
import type { TurnEndItem } from "./view-model.ts";

/** What is known of the latest turn, until its end is told. */
export interface Turn {
  readonly running: boolean;
  readonly startedAt: number | null;
  /** Its requests so far, added up. */
  readonly spent: TokenUsage | null;
  /** It ended, and nothing was done since: another word on an end means the same one. */
  readonly isEndOpen: boolean;
}

export const NO_TURN: Turn = { running: false, startedAt: null, spent: null, isEndOpen: false };

const WORK: readonly string[] = ["agent-message", "thought", "tool-call", "turn-started", "retrying", "plan"];

/** An empty list is the end of a plan: nothing is done by it. */
const isWork = (event: AgentEvent): boolean => WORK.includes(event.type) && !(event.type === "plan" && event.entries.length === 0);

/** After an event of the main conversation that is not the turn's end; `at` in Unix ms. */
export function turnAfter(turn: Turn, event: AgentEvent, at: number): Turn {
  const works = isWork(event);
  return {
    running: turn.running || works,
    startedAt: event.type === "turn-started" ? at : turn.startedAt,
    spent: event.type === "usage" ? addUsage(turn.spent, event.usage) : turn.spent,
    isEndOpen: turn.isEndOpen && !works && event.type !== "user-message",
  };
}

export const TURN_OVER: Turn = { ...NO_TURN, isEndOpen: true };

function addUsage(sum: TokenUsage | null, more: TokenUsage): TokenUsage {
  if (!sum) return more;
  const costUsd = sum.costUsd === undefined && more.costUsd === undefined ? {} : { costUsd: (sum.costUsd ?? 0) + (more.costUsd ?? 0) };
  return {
    ...more,
    inputTokens: sum.inputTokens + more.inputTokens,
    outputTokens: sum.outputTokens + more.outputTokens,
    cacheReadTokens: sum.cacheReadTokens + more.cacheReadTokens,
    cacheCreationTokens: sum.cacheCreationTokens + more.cacheCreationTokens,
    ...costUsd,
  };
}

type Context = "contextTokens" | "contextWindow";

const taking = (usage: TokenUsage, from: TokenUsage | null, what: Context): TokenUsage =>
  from?.[what] === undefined ? usage : { ...usage, [what]: from[what] };

/** The size of the window stays known where a later word does not name it. */
export const withWindow = (usage: TokenUsage, known: TokenUsage | null): TokenUsage =>
  usage.contextWindow === undefined ? taking(usage, known, "contextWindow") : usage;

/** The end of a turn adds up its requests; of the context it says how much fits, which some agents tell nowhere else, and mostly what it holds. */
export function withContext(known: TokenUsage | null, ofTurn: TokenUsage): TokenUsage | null {
  if (!known) return ofTurn.contextTokens === undefined ? null : ofTurn;
  return taking(taking(known, ofTurn, "contextTokens"), ofTurn, "contextWindow");
}

const outcomeRank = { completed: 0, interrupted: 1, failed: 2 };

/** The item of a turn's end. `before`: an end that this is another word on; then the worse outcome counts, and what either knows. */
export function turnEndItem(
  event: Extract<AgentEvent, { type: "turn-ended" }>,
  at: number,
  { turn, before }: { turn: Turn; before: TurnEndItem | null },
): TurnEndItem {
  const { outcome, failure = null } = event;
  const durationMs = event.durationMs ?? (turn.startedAt === null ? null : Math.max(0, at - turn.startedAt));
  const usage = event.usage ?? turn.spent;
  if (!before) return { type: "turn-end", key: `turn-end:${event.id}`, at, outcome, durationMs, usage, failure };
  return {
    ...before,
    outcome: outcomeRank[before.outcome] > outcomeRank[outcome] ? before.outcome : outcome,
    durationMs: durationMs ?? before.durationMs,
    usage: usage ?? before.usage,
    failure: failure ?? before.failure,
  };
}
