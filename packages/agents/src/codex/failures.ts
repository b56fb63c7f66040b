/** Codex's errors (`TurnError`, 0.171.0) as typed failures. The typed word first; what it says in words only where that is all there is. */
import { isRecord, shortText } from "@hapi/core";
import type { AgentFailure } from "@hapi/protocol";
import { fields, type Fields, number, text } from "../shared/read.ts";

const MAX_MESSAGE = 2_000;

const codes: Readonly<Record<string, AgentFailure["code"]>> = {
  serverOverloaded: "overloaded",
  flexUnavailable: "overloaded",
  policyCapacityUnavailable: "overloaded",
  usageLimitExceeded: "usage_limit",
  rateLimitExceeded: "rate_limit",
  httpConnectionFailed: "network",
  responseStreamConnectionFailed: "network",
  responseStreamDisconnected: "network",
  internalServerError: "server_error",
  responseTooManyFailedAttempts: "server_error",
  unauthorized: "auth",
  badRequest: "invalid_request",
  contextWindowExceeded: "invalid_request",
  sessionBudgetExceeded: "invalid_request",
  modelNotFound: "invalid_request",
};

/** The same again changes nothing. */
const final = new Set<AgentFailure["code"]>(["auth", "invalid_request"]);

function codeOfStatus(status: number): AgentFailure["code"] {
  if (status === 429) return "rate_limit";
  if (status === 401 || status === 403) return "auth";
  if (status === 503 || status === 529) return "overloaded";
  return status >= 500 ? "server_error" : "invalid_request";
}

export function failureOf(value: unknown): AgentFailure {
  const error = fields(value);
  const info = error["codexErrorInfo"];
  const [word, facts] = isRecord(info) ? (Object.entries(info)[0] ?? []) : [text(info), undefined];
  const httpStatus = number(fields(facts)["httpStatusCode"]);
  const said = sentenceOf(text(error["message"]) ?? "");
  const code =
    (httpStatus === undefined ? undefined : codeOfStatus(httpStatus)) ??
    codes[word ?? ""] ??
    (said.isRefusal ? "invalid_request" : "unknown");
  return {
    code,
    message: shortText(said.message || "Codex gave no reason", MAX_MESSAGE),
    retryable: !final.has(code),
    ...(httpStatus === undefined ? {} : { httpStatus }),
  };
}

/** A provider's refusal comes as its body (0.171.0: `other`): the sentence is in it. */
function sentenceOf(message: string): { message: string; isRefusal: boolean } {
  if (!message.startsWith("{")) return { message, isRefusal: false };
  try {
    const error = fields(fields(JSON.parse(message))["error"]);
    return { message: text(error["message"]) ?? message, isRefusal: error["type"] === "invalid_request_error" };
  } catch {
    // Words that only look like a body.
    return { message, isRefusal: false };
  }
}

/** A window of the account is full. */
const FULL_PERCENT = 100;

/**
 * When what is used up can be used again, by `rateLimits` of `account/rateLimits/updated` (0.171.0: `resetsAt` in seconds), which comes before the end of
 * the turn that met the limit. Null: nothing is used up. Undefined: it does not say.
 */
export function usedUpUntil(limits: Fields): number | null | undefined {
  const windows = [limits["primary"], limits["secondary"]].map(fields).filter((window) => number(window["usedPercent"]) !== undefined);
  if (windows.length === 0) return undefined;
  const full = windows.filter((window) => (number(window["usedPercent"]) ?? 0) >= FULL_PERCENT);
  const resets = full.flatMap((window) => number(window["resetsAt"]) ?? []);
  return resets.length === 0 ? null : Math.max(...resets) * 1_000;
}

/** The error itself has no time. One that is over is none. */
export function withReset(failure: AgentFailure, until: number | null | undefined, now: number): AgentFailure {
  if (failure.code !== "usage_limit" || typeof until !== "number" || until <= now) return failure;
  return { ...failure, resetsAt: until, retryAfterMs: until - now };
}
