/** The `event` family: things that happened around the conversation. An open union; what has a sentence is shown as a notice. */
import type { AgentEvent, NoticeParam, NoticeParams } from "@hapi/protocol";
import { exactUsage, failureFrom, failureOf } from "./decode-parts.ts";
import { OLD_NOTICES, type OldNotice } from "./old-notices.ts";
import { compact, display, firstName, firstNumber, isRecord, type JsonRecord, list, name, number, text } from "./read.ts";

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

/** `instead`: words of ours, where whoever wrote the row had none. */
function notice(base: Base, message: string | undefined, level: "info" | "warning", instead: OldNotice): AgentEvent[] {
  return [{ ...base, type: "notice", level, ...(message === undefined ? OLD_NOTICES[instead] : { text: message }) }];
}

const isParam = (value: unknown): value is NoticeParam =>
  typeof value === "string" ||
  typeof value === "number" ||
  (Array.isArray(value) && value.every((one) => typeof one === "string")) ||
  (isRecord(value) && (typeof value.mode === "string" || (typeof value.code === "string" && typeof value.message === "string")));

/** A parameter of a shape that a newer version may know is left out, and the sentence itself is shown. */
export function coded(data: JsonRecord): { code?: string; params?: NoticeParams } {
  const code = name(data.code);
  if (code === undefined) return {};
  if (!isRecord(data.params)) return { code };
  const params = Object.entries(data.params).filter((entry): entry is [string, NoticeParam] => isParam(entry[1]));
  return { code, params: Object.fromEntries(params) };
}

function said(data: JsonRecord, base: Base): AgentEvent[] {
  const level = data.level === "warning" ? "warning" : "info";
  const format = data.format === "markdown" ? data.format : undefined;
  const words = text(data.message) ?? display(data.message);
  return [compact({ ...base, type: "notice" as const, text: words, level, command: name(data.command), format, ...coded(data) })];
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
      return notice(base, sentence(data), "warning", "went_wrong");
    case "limit-reached":
      return notice(base, sentence(data), "warning", "usage_limit");
    case "limit-warning":
      return notice(base, sentence(data), "warning", "usage_limit_near");
    // text handed back to a composer: nothing to show
    case "abort-restore":
      return [];
    default: {
      if (/^(micro)?compact/.test(type)) return notice(base, undefined, "info", "conversation_compacted");
      const words = sentence(data);
      return words === undefined ? null : [{ ...base, type: "notice", text: words, level: "info" }];
    }
  }
}
