/** The `result` line: how a driven turn ended, and what it used. Pure. */
import type { AgentFailure, TokenUsage, TurnOutcome } from "@hapi/protocol";
import { failureOfResult } from "./failures.ts";
import { isJson, type Json, num, obj, str, strings } from "./json.ts";
import { usageOf } from "./answer-lines.ts";

export interface TurnResult {
  outcome: TurnOutcome;
  failure?: AgentFailure;
  durationMs?: number;
  usage?: TokenUsage;
  /** Cumulative for the conversation. */
  totalUsd?: number;
  uuids: string[];
}

const interruptedReasons: ReadonlySet<string> = new Set(["aborted_streaming", "aborted_tools"]);

function outcomeOf(result: Json): TurnOutcome {
  if (interruptedReasons.has(str(result["terminal_reason"]) ?? "")) return "interrupted";
  return result["is_error"] === true ? "failed" : "completed";
}

/** The model that did most of the turn, with its window. */
function mainModel(result: Json): { model: string; contextWindow?: number } | null {
  const models = Object.entries(obj(result["modelUsage"])).filter((entry): entry is [string, Json] => isJson(entry[1]));
  const main = models.sort((a, b) => (num(b[1]["costUSD"]) ?? 0) - (num(a[1]["costUSD"]) ?? 0))[0];
  if (!main) return null;
  const contextWindow = num(main[1]["contextWindow"]);
  return { model: main[0], ...(contextWindow === undefined ? {} : { contextWindow }) };
}

/** `result.usage` adds up the turn's requests; the context is that of the last one, which the transcript has. */
function usageOfTurn(result: Json, last: TokenUsage | null): TokenUsage | undefined {
  const main = mainModel(result);
  const summed = usageOf(obj(result["usage"]), main?.model);
  if (!summed || (summed.inputTokens === 0 && summed.outputTokens === 0)) return undefined;
  const { contextTokens: _sum, ...usage } = summed;
  const context = last?.contextTokens === undefined ? {} : { contextTokens: last.contextTokens };
  return { ...usage, ...context, ...(main?.contextWindow === undefined ? {} : { contextWindow: main.contextWindow }) };
}

export function readResult(result: Json, last: TokenUsage | null): TurnResult {
  const outcome = outcomeOf(result);
  const usage = usageOfTurn(result, last);
  const durationMs = num(result["duration_ms"]);
  const totalUsd = num(result["total_cost_usd"]);
  const single = str(result["user_message_uuid"]);
  const uuids = strings(result["user_message_uuids"]);
  return {
    outcome,
    ...(outcome === "failed" ? { failure: failureOfResult(result) } : {}),
    ...(durationMs === undefined ? {} : { durationMs: Math.round(durationMs) }),
    ...(usage ? { usage } : {}),
    ...(totalUsd === undefined ? {} : { totalUsd }),
    uuids: uuids.length > 0 ? uuids : single === undefined ? [] : [single],
  };
}
