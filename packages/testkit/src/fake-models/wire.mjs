// What the dialects share: server-sent events, ids, and a length that stands for tokens.
import { randomUUID } from "node:crypto";

export const sse = (res, data, event) =>
  res.write(`${event ? `event: ${event}\n` : ""}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
export const tokens = (x) => Math.max(1, Math.ceil((typeof x === "string" ? x : (JSON.stringify(x) ?? "")).length / 4));
export const shortId = (prefix) => `${prefix}${randomUUID().replaceAll("-", "").slice(0, 24)}`;

// Of both of OpenAI's.
export const openaiError = (status) => (status === 429 ? "rate_limit_exceeded" : status < 500 ? "invalid_request_error" : "server_error");
