/** Errors of OpenCode (`error` of an answer, `session.error`) as typed failures: by name and status first, by words where there is nothing else. */
import { shortText } from "@hapi/core";
import type { AgentFailure } from "@hapi/protocol";
import { fields, filled, number } from "../shared/read.ts";

type Code = AgentFailure["code"];

/** A stop that was asked for, not a failure. */
export const isAborted = (error: unknown): boolean => fields(error)["name"] === "MessageAbortedError";

const named: Readonly<Record<string, Code>> = {
  ProviderAuthError: "auth",
  ContextOverflowError: "invalid_request",
  ContentFilterError: "invalid_request",
  MessageOutputLengthError: "invalid_request",
  StructuredOutputError: "invalid_request",
};

/** Providers say that they are full with any status. */
const FULL = /overload|at capacity|\b529\b/i;

/** What an account may use within hours or days; words only, with whatever status. */
const USED_UP = /usage (limit|exceeded)|quota/i;

const words: readonly [RegExp, Code][] = [
  [FULL, "overloaded"],
  [USED_UP, "usage_limit"],
  [/rate.?limit|too many requests|\b429\b/i, "rate_limit"],
  [/unauthori[sz]ed|authentication|api key|\b401\b|\b403\b/i, "auth"],
  [/model not found|invalid.?request/i, "invalid_request"],
  [/ECONN|ENOTFOUND|EAI_AGAIN|fetch failed|unable to connect|network|socket|terminated|timed? ?out/i, "network"],
  [/server error|service unavailable|bad gateway|\b50[0234]\b/i, "server_error"],
];

const byWords = (said: string): Code => words.find(([pattern]) => pattern.test(said))?.[1] ?? "unknown";

function byStatus(status: number, said: string): Code {
  if (FULL.test(said) || status === 529 || status === 503) return "overloaded";
  if (status === 429) return USED_UP.test(said) ? "usage_limit" : "rate_limit";
  if (status === 401 || status === 403) return "auth";
  return status >= 500 ? "server_error" : "invalid_request";
}

/** `retry-after-ms`, or `retry-after` in seconds. */
function retryAfter(headers: unknown): number | undefined {
  const ms = Number(filled(fields(headers)["retry-after-ms"]));
  const seconds = Number(filled(fields(headers)["retry-after"]));
  const found = Number.isFinite(ms) ? ms : seconds * 1000;
  return Number.isFinite(found) && found > 0 ? found : undefined;
}

export function failureOf(error: unknown, now: number): AgentFailure {
  const { name, data } = fields(error);
  const { message, statusCode, responseHeaders } = fields(data);
  const said = filled(message) ?? filled(name) ?? "The agent did not say what went wrong";
  const status = number(statusCode);
  const code = named[String(name)] ?? (status === undefined ? byWords(said) : byStatus(status, said));
  const retryAfterMs = retryAfter(responseHeaders);
  return {
    code,
    message: shortText(said, 2000),
    retryable: code !== "auth" && code !== "invalid_request",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status === undefined ? {} : { httpStatus: status }),
    ...(code === "usage_limit" && retryAfterMs !== undefined ? { resetsAt: now + retryAfterMs } : {}),
  };
}

/** `session.status` while OpenCode itself waits to try again: words only. */
export const waitingFailure = (said: string): AgentFailure => ({ code: byWords(said), message: shortText(said, 2000), retryable: true });
