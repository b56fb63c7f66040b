/** The life of one turn: begun by the first sign of the agent, ended by the prompt's response, by an error, or by the end of the process. */
import { type AgentFailure, noticeWords, type NoticeWords, type TokenUsage, type TurnOutcome } from "@hapi/protocol";
import type { RpcError } from "../shared/jsonrpc.ts";
import { fields, filled, number, text, type Fields } from "../shared/read.ts";
import { countUnknown } from "../shared/unknown-words.ts";
import { agentWentOn, sentUntold, withdrawRequests } from "./closings.ts";
import { failureOf } from "./failure.ts";
import { stage, type Translation, type Turn } from "./state.ts";
import { endOpenTools, settleTools } from "./tools.ts";

/** The host has written the prompt. Said once, whichever is seen first: the end of the write or the agent's first sign. */
export function turnHanded(to: Translation): void {
  const { turn } = to.state;
  if (!turn || turn.handed) return;
  turn.handed = true;
  if (!turn.retry) stage(to, "handed");
  to.emit({ type: "thinking", thinking: true });
}

/** The agent shows that it has the prompt: with ACP that, in the host's ring, is its record of it. */
export function turnBegins(to: Translation): void {
  const { turn, launchId } = to.state;
  if (!turn || turn.begun) return;
  turnHanded(to);
  turn.begun = true;
  const { localId, rpcId, prompt } = turn;
  const at = to.now();
  // What the agent said of its own accord before this is another item.
  endItem(to);
  if (!turn.retry && prompt) {
    const attachments = prompt.attachments.length > 0 ? { attachments: prompt.attachments } : {};
    const id = `${launchId}:prompt:${rpcId}`;
    to.emit({
      type: "record",
      key: id,
      at,
      event: { type: "user-message", id, text: prompt.text, localId, origin: "remote", ...attachments },
    });
    stage(to, "in-transcript");
  }
  turn.prompt = null;
  stage(to, "started");
  const id = `${launchId}:turn:${rpcId}`;
  to.emit({ type: "record", key: id, at, event: { type: "turn-started", id, localId } });
}

export function endItem(to: Translation): void {
  const { item, launchId } = to.state;
  if (!item) return;
  to.state.item = null;
  to.emit({ type: "stream", delta: { itemId: item.id, kind: item.kind, offset: item.text.length, delta: "" }, done: true });
  if (item.text.trim() === "") return;
  const type = item.kind === "text" ? ("agent-message" as const) : ("thought" as const);
  to.emit({ type: "record", key: `${launchId}:item:${item.id}`, at: to.now(), event: { type, id: item.id, text: item.text } });
}

/** What was answered before the turn's own end is applied by then, unless the turn was stopped meanwhile. */
function answersAtEnd(to: Translation, turn: Turn): void {
  if (turn.cancelled) sentUntold(to, "stopped");
  else agentWentOn(to);
}

export function turnAnswered(to: Translation, turn: Turn, result: unknown): void {
  turnBegins(to);
  answersAtEnd(to, turn);
  const response = fields(result);
  const reason = text(response["stopReason"]) ?? "end_turn";
  const usage = usageOf(to, response);
  if (reason === "cancelled") return endTurn(to, turn, { outcome: "interrupted", usage });
  if (reason === "refusal") {
    const failure: AgentFailure = { code: "invalid_request", message: "The agent refused to go on with this", retryable: false };
    return endTurn(to, turn, { outcome: "failed", failure, usage });
  }
  const { spoken } = to.state;
  if (spoken)
    return endTurn(to, turn, { outcome: "failed", failure: failureOf({ code: spoken.status ?? 0, message: spoken.message }), usage });
  const notice = shortened[reason];
  if (!notice && reason !== "end_turn") countUnknown((to.state.unknown ??= {}), "stop reason", reason);
  endTurn(to, turn, { outcome: "completed", usage, ...(notice ? { notice } : {}) });
}

const shortened: Readonly<Record<string, NoticeWords>> = {
  max_tokens: noticeWords("answer_cut"),
  max_turn_requests: noticeWords("steps_limit"),
};

export function turnRejected(to: Translation, turn: Turn, error: RpcError): void {
  turnBegins(to);
  answersAtEnd(to, turn);
  // Some agents answer a cancelled prompt with an error.
  if (turn.cancelled) return endTurn(to, turn, { outcome: "interrupted" });
  endTurn(to, turn, { outcome: "failed", failure: failureOf(error) });
}

interface Ending {
  outcome: TurnOutcome;
  failure?: AgentFailure;
  usage?: TokenUsage;
  notice?: NoticeWords;
}

const stages = { completed: "done", interrupted: "interrupted", failed: "failed" } as const;

function endTurn(to: Translation, turn: Turn, ending: Ending): void {
  const { state } = to;
  const { outcome, failure, usage, notice } = ending;
  const id = `${state.launchId}:turn:${turn.rpcId}`;
  const at = to.now();
  endItem(to);
  endOpenTools(to, outcome);
  withdrawRequests(to);
  if (notice)
    to.emit({ type: "record", key: `${id}:notice`, at, event: { type: "notice", id: `${id}:notice`, ...notice, level: "warning" } });
  if (usage) to.emit({ type: "record", key: `${id}:usage`, at, event: { type: "usage", id: `${id}:usage`, usage } });
  stage(to, stages[outcome], failure);
  const { localId } = turn;
  state.turn = null;
  state.spoken = null;
  state.lastTurn = { localId, outcome, launchId: state.launchId };
  const facts = { ...(failure ? { failure } : {}), ...(usage ? { usage } : {}) };
  const durationMs = Math.max(0, at - turn.startedAt);
  to.emit({
    type: "record",
    key: `${id}:end`,
    at,
    event: { type: "turn-ended", id: `${id}:end`, outcome, durationMs, localIds: [localId], ...facts },
  });
  to.emit({ type: "thinking", thinking: false });
}

/**
 * The process is gone. A turn that had begun was interrupted; of a prompt that the agent never showed signs of only its own record can tell
 * whether it arrived. @returns the prompt whose fate is open
 */
export function processGone(
  to: Translation,
  failure: AgentFailure | null,
  find: (localId: string) => "present" | "absent" | "unknown",
): string | null {
  const { turn } = to.state;
  sentUntold(to, "agent gone");
  settleTools(to);
  endItem(to);
  const found = turn && !turn.begun ? find(turn.localId) : "present";
  if (turn && found === "present") {
    turnBegins(to);
    endTurn(to, turn, { outcome: "interrupted", ...(failure ? { failure } : {}) });
    return null;
  }
  return withoutTurn(to, failure, found);
}

function withoutTurn(to: Translation, failure: AgentFailure | null, found: "present" | "absent" | "unknown"): string | null {
  const { turn } = to.state;
  endOpenTools(to, "interrupted");
  withdrawRequests(to);
  if (!turn) return null;
  if (found === "unknown") stage(to, "unknown", failure ?? undefined);
  to.state.turn = null;
  to.state.lastTurn = { localId: turn.localId, outcome: "interrupted" };
  to.emit({ type: "thinking", thinking: false });
  return turn.localId;
}

/** Three dialects: `usage` of the response, Gemini's `_meta.quota`, and the gauge of `usage_update`. */
function usageOf(to: Translation, response: Fields): TokenUsage | undefined {
  const { gauge, cost, facts } = to.state;
  const usage = fields(response["usage"]);
  const quota = fields(fields(response["_meta"])["quota"]);
  const count = fields(quota["token_count"]);
  const inputTokens = number(usage["inputTokens"]) ?? number(count["input_tokens"]);
  const outputTokens = number(usage["outputTokens"]) ?? number(count["output_tokens"]);
  if (inputTokens === undefined && outputTokens === undefined && !gauge) return undefined;
  const perModel = Array.isArray(quota["model_usage"]) ? quota["model_usage"] : [];
  const model = filled(fields(perModel[0])["model"]) ?? facts.model ?? undefined;
  const costUsd = cost ? Math.max(0, cost.total - cost.reported) : undefined;
  if (cost) cost.reported = cost.total;
  return {
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cacheReadTokens: number(usage["cachedReadTokens"]) ?? 0,
    cacheCreationTokens: number(usage["cachedWriteTokens"]) ?? 0,
    ...(gauge ? { contextTokens: gauge.used, contextWindow: gauge.size } : {}),
    ...(costUsd === undefined ? {} : { costUsd }),
    ...(model === undefined ? {} : { model }),
  };
}
