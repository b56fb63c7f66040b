/** The `event` family: things that happened around the conversation. An open union; what has a sentence is shown as a notice. */
import type { AgentEvent } from "@hapi/protocol";
import { exactUsage, failureFrom, failureOf } from "./decode-parts.ts";
import { compact, display, firstName, firstNumber, type JsonRecord, list, name, number, text } from "./read.ts";

type Base = { id: string; parent?: string };

const outcomes = ["completed", "interrupted", "failed"] as const;

function turnEnded(data: JsonRecord, base: Base): AgentEvent {
  const localIds = Array.isArray(data.localIds) ? list(data.localIds).filter((id): id is string => typeof id === "string") : undefined;
  return compact({
    ...base,
    type: "turn-ended" as const,
    outcome: outcomes.find((known) => known === data.outcome) ?? "completed",
    durationMs: firstNumber(data, "durationMs", "duration_ms"),
    usage: exactUsage(data.usage),
    failure: failureOf(data.failure),
    localIds,
  });
}

function retrying(data: JsonRecord, base: Base): AgentEvent {
  const error = data.error;
  const said = text(error) ?? firstName(typeof error === "object" && error !== null ? { ...error } : {}, "message") ?? text(data.message);
  return {
    ...base,
    type: "retrying",
    attempt: firstNumber(data, "attempt", "retryAttempt") ?? 1,
    maxAttempts: firstNumber(data, "maxAttempts", "maxRetries", "max_retries") ?? 0,
    delayMs: firstNumber(data, "delayMs", "retryInMs", "retry_delay_ms") ?? 0,
    failure: failureOf(data.failure) ?? failureFrom(said ?? "The model did not answer", firstNumber(data, "httpStatus", "error_status")),
  };
}

function notice(base: Base, message: string, level: "info" | "warning"): AgentEvent[] {
  return [{ ...base, type: "notice", text: message, level }];
}

function said(data: JsonRecord, base: Base): AgentEvent[] {
  const level = data.level === "warning" ? "warning" : "info";
  const format = data.format === "markdown" ? data.format : undefined;
  const words = text(data.message) ?? display(data.message);
  return [compact({ ...base, type: "notice" as const, text: words, level, command: name(data.command), format })];
}

/** For events of the open union that say something. */
function sentence(data: JsonRecord): string | undefined {
  return firstName(data, "message", "text", "summary", "content", "error");
}

export function decodeHappening(data: JsonRecord, id: string): AgentEvent[] | null {
  const base: Base = compact({ id, parent: name(data.parent) });
  const type = text(data.type) ?? "";
  switch (type) {
    case "turn-started":
      return [compact({ ...base, type: "turn-started", localId: name(data.localId) })];
    case "ready":
      return [turnEnded(data, base)];
    case "turn-duration":
      return [turnEnded({ durationMs: number(data.durationMs) ?? number(data.duration) ?? number(data.duration_ms) }, base)];
    case "api-error":
      return [retrying(data, base)];
    case "switch":
      return data.mode === "local" || data.mode === "remote" ? [{ ...base, type: "switch", mode: data.mode }] : null;
    case "permission-mode-changed":
      return typeof data.mode === "string" ? [{ ...base, type: "mode-changed", mode: data.mode }] : null;
    case "model-changed":
      return [{ ...base, type: "model-changed", model: text(data.model) ?? null }];
    case "title-changed":
      return typeof data.title === "string" ? [{ ...base, type: "title-changed", title: data.title }] : null;
    case "message":
      return said(data, base);
    case "error":
      return notice(base, sentence(data) ?? "Something went wrong", "warning");
    case "limit-reached":
      return notice(base, sentence(data) ?? "The usage limit is reached", "warning");
    case "limit-warning":
      return notice(base, sentence(data) ?? "The usage limit is near", "warning");
    // text handed back to a composer: nothing to show
    case "abort-restore":
      return [];
    default: {
      if (/^(micro)?compact/.test(type)) return notice(base, "The conversation was compacted", "info");
      const words = sentence(data);
      return words === undefined ? null : notice(base, words, "info");
    }
  }
}
