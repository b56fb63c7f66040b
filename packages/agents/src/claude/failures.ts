/** Claude's words for a failed request → a typed failure. Sources: `result` on stdout, `isApiErrorMessage` and `api_error` lines of the transcript. */
import { shortText } from "@hapi/core";
import type { AgentFailure } from "@hapi/protocol";
import { type Json, num, obj, str, strings } from "./json.ts";

const MAX_MESSAGE = 2_000;

const byWord: Record<string, AgentFailure["code"]> = {
  overloaded: "overloaded",
  overloaded_error: "overloaded",
  rate_limit: "rate_limit",
  rate_limit_error: "rate_limit",
  authentication_failed: "auth",
  authentication_error: "auth",
  permission_error: "auth",
  oauth_org_not_allowed: "auth",
  billing_error: "auth",
  invalid_request: "invalid_request",
  invalid_request_error: "invalid_request",
  request_too_large: "invalid_request",
  server_error: "server_error",
  api_error: "server_error",
  timeout_error: "network",
};

const retryable: ReadonlySet<AgentFailure["code"]> = new Set([
  "overloaded",
  "rate_limit",
  "usage_limit",
  "network",
  "server_error",
  "agent_exited",
]);

function byStatus(status: number): AgentFailure["code"] {
  if (status === 529) return "overloaded";
  if (status === 429) return "rate_limit";
  if (status === 401 || status === 403) return "auth";
  if (status === 408) return "network";
  if (status >= 500) return "server_error";
  return "invalid_request";
}

function codeOf(status: number | undefined, words: readonly (string | undefined)[], message: string): AgentFailure["code"] {
  if (status !== undefined && status >= 400) return byStatus(status);
  for (const word of words) {
    const code = word !== undefined && Object.hasOwn(byWord, word) ? byWord[word] : undefined;
    if (code) return code;
  }
  const inText = /\b(4\d\d|5\d\d)\b/.exec(message.slice(0, 40))?.[1];
  if (inText && message.startsWith("API Error")) return byStatus(Number(inText));
  return /overloaded/i.test(message)
    ? "overloaded"
    : /connect|network|ECONN|ETIMEDOUT|socket|fetch failed/i.test(message)
      ? "network"
      : "unknown";
}

export function failure(code: AgentFailure["code"], message: string, more: Partial<AgentFailure> = {}): AgentFailure {
  return { code, message: shortText(message, MAX_MESSAGE), retryable: retryable.has(code), ...more };
}

function build(status: number | undefined, words: readonly (string | undefined)[], message: string): AgentFailure {
  const more = status === undefined ? {} : { httpStatus: status };
  return failure(codeOf(status, words, message), message, more);
}

/**
 * A subscription's limit, which Claude Code names (2.1.329, 2.1.332: `usage_limit_reached` beside the status 429, in the transcript with the limit's
 * own facts, on stdout with a `rate_limit_event` before it). `resetsAt` there is in seconds.
 */
function limited(given: AgentFailure, word: unknown, params: unknown): AgentFailure {
  if (word !== "usage_limit_reached") return given;
  const resetsAt = num(obj(obj(params)["rate_limit_info"])["resetsAt"]);
  return { ...given, code: "usage_limit", ...(resetsAt === undefined ? {} : { resetsAt: resetsAt * 1000 }) };
}

/** An assistant line of the transcript with `isApiErrorMessage`. */
export function failureOfErrorLine(line: Json, text: string): AgentFailure {
  const known = build(num(line["apiErrorStatus"]), [str(line["apiErrorType"]), str(line["error"])], text || "The model request failed");
  return limited(known, line["apiError"], line["apiErrorParams"]);
}

/** A `result` line that is an error and not an interruption. */
export function failureOfResult(result: Json): AgentFailure {
  const errors = strings(result["errors"]);
  const message = str(result["result"]) || errors.join("\n") || (str(result["subtype"]) ?? "error").replaceAll("_", " ");
  const known = build(num(result["api_error_status"]), [str(result["api_error_type"]), str(result["error"])], message);
  return limited(known, result["api_error"], result["api_error_params"]);
}

/**
 * What is known of when to ask again. Measured on 2.1.329: the error itself does not carry the provider's Retry-After; the pause that Claude Code
 * kept before its last own try follows it, and a rejected `rate_limit_event` (subscriptions) names the moment its limit is lifted.
 */
export interface RetryHint {
  pauseMs: number | undefined;
  /** Epoch milliseconds. */
  liftedAt: number | undefined;
}

export function retryHint(line: Json, before: RetryHint): RetryHint {
  if (line["type"] === "rate_limit_event") {
    const info = obj(line["rate_limit_info"]);
    const resetsAt = num(info["resetsAt"]);
    return { ...before, liftedAt: info["status"] === "rejected" && resetsAt !== undefined ? resetsAt * 1000 : undefined };
  }
  return line["subtype"] === "api_retry" ? { ...before, pauseMs: num(line["retry_delay_ms"]) } : before;
}

/** Whoever knows no usage limits has the pause. */
function untilReset(given: AgentFailure, resetsAt: number | undefined, now: number): AgentFailure {
  return resetsAt === undefined ? given : { ...given, resetsAt, retryAfterMs: Math.max(0, resetsAt - now) };
}

export function withHint(given: AgentFailure, { pauseMs, liftedAt }: RetryHint, now: number): AgentFailure {
  if (!given.retryable) return given;
  if (given.code === "usage_limit") return untilReset(given, given.resetsAt ?? liftedAt, now);
  const untilLifted = given.code === "rate_limit" && liftedAt !== undefined ? liftedAt - now : undefined;
  const retryAfterMs = untilLifted !== undefined && untilLifted > 0 ? untilLifted : pauseMs;
  return retryAfterMs === undefined ? given : { ...given, retryAfterMs: Math.round(retryAfterMs) };
}

/** A `system/api_error` line of the transcript: Claude will try again. */
export function failureOfRetryLine(line: Json): AgentFailure {
  const error = obj(line["error"]);
  const message = str(error["formatted"]) ?? str(error["message"]) ?? "The model request failed";
  const known = build(num(error["status"]), [], message);
  return known.code === "unknown" && error["isNetworkDown"] === true ? failure("network", message) : known;
}
