/** The life of a turn, whoever began it: its words, its usage, its end. */
import { shortText } from "@hapi/core";
import type { TokenUsage, TurnOutcome } from "@hapi/protocol";
import { fields, number, text, type Fields } from "../shared/read.ts";
import { failureOf, withReset } from "./failures.ts";
import { itemDone, isTool, toolCalled, toolEnded, wordsOf } from "./items.ts";
import { itemShows, turnOver } from "./requests.ts";
import { type CodexState, type Ending, newTurn, record, sawPrompt, stageAll, type Tokens, type Translation, type Turn } from "./state.ts";

const MAX_STATUS = 40;

/** The turn of this id, begun here where it is new; null: one that is over for us. */
export function turnOf(to: Translation, id: string, options: { retry?: boolean } = {}): Turn | null {
  const { state } = to;
  if (state.turn?.id === id) return state.turn;
  if (state.turn !== null || state.toldTurn === id) return null;
  state.turn = newTurn(id, options.retry === true);
  to.emit({ type: "thinking", thinking: true });
  return state.turn;
}

/** Behind the words that began it; of a turn without any, in front of what it says first. */
function begin(to: Translation, turn: Turn, at?: number): void {
  if (turn.begun) return;
  turn.begun = true;
  const [localId] = turn.localIds;
  const id = `${turn.id}:start`;
  record(to, { key: id, at }, { type: "turn-started", id, ...(localId === undefined ? {} : { localId }) });
}

export function itemStarted(to: Translation, turn: Turn, item: Fields): void {
  if (item["type"] === "userMessage") return;
  begin(to, turn);
  if (isTool(String(item["type"]))) toolCalled(to, turn, item);
}

export function itemCompleted(to: Translation, turn: Turn, item: Fields): void {
  const type = String(item["type"]);
  if (type === "userMessage") return said(to, turn, item);
  begin(to, turn);
  itemShows(to, item);
  if (isTool(type)) toolEnded(to, turn, item);
  else itemDone(to, item);
}

function said(to: Translation, turn: Turn, item: Fields): void {
  const id = String(item["id"]);
  const at = number(item["completedAtMs"]);
  const clientId = text(item["clientId"]);
  const isOurs = clientId !== undefined && to.isOurs(clientId);
  const origin = isOurs ? { origin: "remote" as const, localId: clientId } : { origin: "terminal" as const };
  record(to, { key: id, at }, { type: "user-message", id, text: wordsOf(item), ...origin });
  if (isOurs && !turn.localIds.includes(clientId)) ourPrompt(to, turn, clientId);
  begin(to, turn, at);
}

function ourPrompt(to: Translation, turn: Turn, localId: string): void {
  turn.localIds.push(localId);
  delete to.state.given?.[localId];
  sawPrompt(to, localId);
  to.handed(localId);
  to.emit({ type: "stage", localId, stage: "in-transcript" });
  to.emit({ type: "stage", localId, stage: "started" });
}

export const tokensOf = (value: unknown): Tokens => {
  const said = fields(value);
  const count = (name: string) => number(said[name]) ?? 0;
  return {
    input: count("inputTokens"),
    cached: count("cachedInputTokens"),
    cacheWrite: count("cacheWriteInputTokens"),
    output: count("outputTokens"),
  };
};

const minus = (a: Tokens, b: Tokens): Tokens => ({
  input: a.input - b.input,
  cached: a.cached - b.cached,
  cacheWrite: a.cacheWrite - b.cacheWrite,
  output: a.output - b.output,
});

/** `thread/tokenUsage/updated`: the sum of the thread, and the last request. What the thread had before the turn is what is left without it. */
export function tokensUsed(to: Translation, params: Fields): void {
  const { state } = to;
  const usage = fields(params["tokenUsage"]);
  const total = tokensOf(usage["total"]);
  const last = fields(usage["last"]);
  if (state.turn?.id === params["turnId"] && state.turn) state.turn.base ??= minus(total, tokensOf(last));
  state.tokens = total;
  state.gauge = { used: number(last["totalTokens"]) ?? 0, size: number(usage["modelContextWindow"]) ?? null };
}

function gaugeOf({ gauge }: CodexState): Pick<TokenUsage, "contextTokens" | "contextWindow"> {
  if (!gauge) return {};
  return { contextTokens: gauge.used, ...(gauge.size === null ? {} : { contextWindow: gauge.size }) };
}

function usageOf({ state }: Translation, turn: Turn): TokenUsage | undefined {
  if (turn.base === null || state.tokens === null) return undefined;
  const { input, cached, cacheWrite, output } = minus(state.tokens, turn.base);
  return {
    inputTokens: input - cached - cacheWrite,
    outputTokens: output,
    cacheReadTokens: cached,
    cacheCreationTokens: cacheWrite,
    ...gaugeOf(state),
    ...(state.settings.model === "" ? {} : { model: state.settings.model }),
  };
}

const outcomes: Readonly<Record<string, TurnOutcome>> = { completed: "completed", interrupted: "interrupted", failed: "failed" };

/** `turn` of `turn/completed` and of `thread/turns/list`, where one that is still in progress stands too. */
export function turnCompleted(to: Translation, turn: Turn, said: Fields): void {
  const status = String(said["status"]);
  if (status === "inProgress") return;
  const durationMs = number(said["durationMs"]);
  const outcome = outcomes[status];
  if (outcome === "failed") {
    const failure = withReset(failureOf(said["error"]), to.state.usedUpUntil, to.now());
    return endTurn(to, turn, { outcome, failure, durationMs });
  }
  if (outcome !== undefined) return endTurn(to, turn, { outcome, durationMs });
  to.unknown("turn", status);
  const message = `Codex ended the turn with a word that is not known here: "${shortText(status, MAX_STATUS)}"`;
  endTurn(to, turn, { outcome: "failed", failure: { code: "unknown", message, retryable: true }, durationMs });
}

/** A retry is the end of the prompt that failed. */
function endedBy({ state }: Translation, turn: Turn): string[] {
  const isOnlyRetry = turn.retry && turn.localIds.length === 0;
  return isOnlyRetry && state.lastTurn?.localId ? [state.lastTurn.localId] : turn.localIds;
}

export function give({ state }: Translation, localId: string, turnId: string): void {
  if (!state.seen.includes(localId)) state.given = { ...state.given, [localId]: turnId };
}

/** Words that a turn has not taken by its end are in no later one either, and their item never comes (0.171.0, `turn/interrupt`). */
export function endUntaken(to: Translation, turnId: string, ending: Ending): void {
  const given = Object.entries(to.state.given ?? {});
  const untaken = given.flatMap(([localId, id]) => (id === turnId && !to.isOnItsWay(localId) ? [localId] : []));
  for (const localId of untaken) delete to.state.given?.[localId];
  stageAll(to, untaken, ending.outcome === "completed" ? { outcome: "interrupted" } : ending);
}

export function endTurn(to: Translation, turn: Turn, { durationMs, ...ending }: Ending): void {
  const { state } = to;
  begin(to, turn);
  for (const item of Object.values(turn.open)) toolEnded(to, turn, { ...item, status: "interrupted" });
  turnOver(to);
  const usage = usageOf(to, turn);
  const used = `${turn.id}:usage`;
  if (usage) record(to, { key: used }, { type: "usage", id: used, usage });
  const localIds = endedBy(to, turn);
  stageAll(to, localIds, ending);
  endUntaken(to, turn.id, ending);
  state.turn = null;
  state.toldTurn = turn.id;
  state.lastTurn = { localId: localIds.at(-1) ?? null, outcome: ending.outcome };
  const id = `${turn.id}:end`;
  const facts = { ...(durationMs === undefined ? {} : { durationMs }), ...(usage ? { usage } : {}) };
  record(to, { key: id }, { type: "turn-ended", id, localIds, ...ending, ...facts });
  to.emit({ type: "thinking", thinking: false });
}
