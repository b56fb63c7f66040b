/** Errors of an ACP agent as typed failures. Typed facts first (codes, statuses in `data`); words only where there is nothing else. */
import { shortText } from "@hapi/core";
import type { AgentFailure } from "@hapi/protocol";
import type { RpcError } from "../shared/jsonrpc.ts";
import { fields, number, text } from "../shared/read.ts";

export class RpcFailure extends Error {
  readonly error: RpcError;
  constructor(error: RpcError) {
    super(error.message);
    this.error = error;
  }
}

const AUTH_REQUIRED = -32000;
const INVALID = new Set([-32600, -32601, -32602]);

const words: readonly [RegExp, AgentFailure["code"]][] = [
  [/overload|at capacity|\b529\b/i, "overloaded"],
  [/rate.?limit|too many requests|quota|\b429\b/i, "rate_limit"],
  [/unauthori[sz]ed|authentication|api key|\b401\b|\b403\b/i, "auth"],
  [/ECONN|ENOTFOUND|EAI_AGAIN|fetch failed|network|socket hang up|timed? ?out/i, "network"],
  [/internal server error|service unavailable|bad gateway|\b50[0234]\b/i, "server_error"],
];

export function failureOf(error: RpcError): AgentFailure {
  const data = fields(error.data);
  const status = httpStatusOf(error, data);
  const code = status === undefined ? codeOf(error) : codeOfStatus(status);
  const retryAfterMs = number(data["retryAfterMs"]);
  return {
    code,
    message: messageOf(error, data),
    retryable: code !== "auth" && code !== "invalid_request",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status === undefined ? {} : { httpStatus: status }),
  };
}

function httpStatusOf(error: RpcError, data: Readonly<Record<string, unknown>>): number | undefined {
  // Some put what the model's host said into the details as it is, its status in front.
  const leading = /^([45]\d\d) /.exec(messageOf(error, data))?.[1];
  const candidates = [
    data["httpStatus"],
    data["statusCode"],
    data["status"],
    error.code,
    leading === undefined ? undefined : Number(leading),
  ];
  return candidates.map(number).find((value) => value !== undefined && value >= 400 && value <= 599);
}

function codeOfStatus(status: number): AgentFailure["code"] {
  if (status === 429) return "rate_limit";
  if (status === 529 || status === 503) return "overloaded";
  if (status === 401 || status === 403) return "auth";
  return status >= 500 ? "server_error" : "invalid_request";
}

function codeOf(error: RpcError): AgentFailure["code"] {
  if (error.code === AUTH_REQUIRED) return "auth";
  if (INVALID.has(error.code)) return "invalid_request";
  return words.find(([pattern]) => pattern.test(error.message))?.[1] ?? "unknown";
}

/** Agents often put the useful sentence into `data`. */
function messageOf(error: RpcError, data: Readonly<Record<string, unknown>>): string {
  const details = text(error.data) ?? text(data["details"]) ?? text(data["message"]);
  const generic = /^internal error$/i.test(error.message);
  return shortText(details && (generic || error.message === "") ? details : error.message, 2000);
}
