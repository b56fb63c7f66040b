/**
 * The `output` family: lines of an agent's own transcript or stream, sent verbatim by other clients and by imports. Several blocks of one
 * line give several events; what the agent hides from people (meta lines, reminders, bookkeeping) gives none.
 */
import type { AgentEvent } from "@hapi/protocol";
import { failureFrom, lineUsage, toolOutputOf } from "./decode-parts.ts";
import { OLD_NOTICES } from "./old-notices.ts";
import { compact, firstName, firstNumber, isRecord, type JsonRecord, list, name, number, record, text } from "./read.ts";
import { toolKindOf, toolTitleOf } from "./tools.ts";

type Base = { id: string; parent?: string };

/** Nothing for people in these; other types we don't know are kept as `unknown`. */
const hiddenTypes = new Set([
  "rate_limit_event",
  "tool_progress",
  "stream_event",
  "attachment",
  "progress",
  "queue-operation",
  "file-history-snapshot",
  "last-prompt",
  "mode",
  "permission-mode",
  "tools-used",
  "control_request",
  "control_response",
  "control_cancel_request",
  "command_lifecycle",
  "conversation_reset",
  "api-request",
  "api-request-shape",
  "api-request-blob",
  "atis-latch",
  "cost-state",
]);

/** Text that the agent's program puts into the conversation in the user's name. */
const injected = ["<task-notification>", "<command-name>", "<command-message>", "<local-command-", "<system-reminder>"];

function notice(base: Base, message: string, level: "info" | "warning" = "info"): AgentEvent[] {
  return [{ ...base, type: "notice", text: message, level }];
}

/** Ids of the blocks of one line: the first has the line's own id. */
function blockId(base: Base, index: number): Base {
  return index === 0 ? base : { ...base, id: `${base.id}#${index}` };
}

function assistantBlock(block: JsonRecord, base: Base): AgentEvent[] {
  switch (block.type) {
    case "text":
      return typeof block.text === "string" && block.text !== "" ? [{ ...base, type: "agent-message", text: block.text }] : [];
    case "thinking":
      return name(block.thinking) ? [{ ...base, type: "thought", text: String(block.thinking) }] : [];
    case "tool_use":
    case "server_tool_use": {
      const tool = name(block.name) ?? "tool";
      const input = block.input ?? null;
      const id = name(block.id) ?? base.id;
      return [{ ...base, type: "tool-call", id, tool, kind: toolKindOf(tool), title: toolTitleOf(tool, input), input }];
    }
    default:
      return [];
  }
}

function assistant(data: JsonRecord, base: Base): AgentEvent[] {
  const message = record(data.message);
  const blocks = typeof message.content === "string" ? [{ type: "text", text: message.content }] : list(message.content);
  const events = blocks.flatMap((block, index) => assistantBlock(record(block), blockId(base, index)));
  if (data.isApiErrorMessage === true) {
    const said = events.find((event) => event.type === "agent-message");
    const failure = failureFrom(said?.type === "agent-message" ? said.text : "The model did not answer", number(data.apiErrorStatus));
    return [{ ...base, type: "turn-ended", outcome: "failed", failure }];
  }
  const model = name(message.model);
  const usage = name(message.stop_reason) ? lineUsage(message.usage, compact({ model })) : undefined;
  if (!usage) return events;
  const contextTokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheCreationTokens + usage.outputTokens;
  return [...events, { ...base, type: "usage", id: `${base.id}#usage`, usage: { ...usage, contextTokens } }];
}

function injectedText(message: string, base: Base): AgentEvent[] {
  const summary = /<summary>([\s\S]*?)<\/summary>/.exec(message)?.[1];
  if (summary !== undefined) return notice(base, summary.trim());
  const command = /<command-name>([\s\S]*?)<\/command-name>/.exec(message)?.[1];
  return command === undefined ? [] : notice(base, command.trim());
}

/** Marked by the agent as what somebody typed or sent: whatever it looks like, it is theirs. */
const isPersons = (data: JsonRecord): boolean => typeof data.promptSource === "string" && data.promptSource !== "system";

function userText(message: string, data: JsonRecord, base: Base, hidden: boolean): AgentEvent[] {
  const start = message.trimStart();
  if (!isPersons(data)) {
    if (injected.some((tag) => start.startsWith(tag))) return injectedText(message, base);
    if (/^\[Request interrupted by user( for tool use)?\]\s*$/.test(start))
      return [{ ...base, type: "notice", level: "info", ...OLD_NOTICES.interrupted }];
  }
  // the prompt of a sub-agent is the input of its tool call already
  return hidden || message === "" ? [] : [{ ...base, type: "user-message", text: message, origin: "terminal" }];
}

function toolResult(block: JsonRecord, data: JsonRecord, base: Base): AgentEvent[] {
  const callId = name(block.tool_use_id);
  if (callId === undefined) return [];
  const read = toolOutputOf(block.content ?? "");
  const refused = read.output.startsWith("The user doesn't want to") || data.toolUseResult === "User rejected tool use";
  const status = block.is_error === true ? (refused ? "denied" : "failed") : "completed";
  return [{ ...base, type: "tool-result", callId, status, ...read }];
}

function user(data: JsonRecord, base: Base): AgentEvent[] {
  const content = record(data.message).content;
  const inSidechain = data.isSidechain === true || base.parent !== undefined;
  if (typeof content === "string") return userText(content, data, base, inSidechain);
  return list(content).flatMap((entry, index): AgentEvent[] => {
    const block = record(entry);
    if (block.type === "tool_result") return toolResult(block, data, blockId(base, index));
    return block.type === "text" && typeof block.text === "string" ? userText(block.text, data, blockId(base, index), inSidechain) : [];
  });
}

function system(data: JsonRecord, base: Base): AgentEvent[] {
  switch (data.subtype) {
    case "api_error":
    case "api_retry": {
      const error = record(data.error);
      const said = text(data.error) ?? firstName(error, "message") ?? "The model did not answer";
      const status = firstNumber(data, "error_status") ?? firstNumber(error, "status");
      return [
        {
          ...base,
          type: "retrying",
          attempt: firstNumber(data, "attempt", "retryAttempt") ?? 1,
          maxAttempts: firstNumber(data, "max_retries", "maxRetries") ?? 0,
          delayMs: firstNumber(data, "retry_delay_ms", "retryInMs") ?? 0,
          failure: failureFrom(said, status),
        },
      ];
    }
    case "turn_duration":
      return [compact({ ...base, type: "turn-ended", outcome: "completed", durationMs: firstNumber(data, "durationMs", "duration_ms") })];
    case "compact_boundary":
    case "microcompact_boundary":
      return [{ ...base, type: "notice", level: "info", ...OLD_NOTICES.conversation_compacted }];
    case "away_summary":
      return name(data.content) ? notice(base, String(data.content)) : [];
    case "session_title_changed":
      return name(data.title) ? [{ ...base, type: "title-changed", title: String(data.title) }] : [];
    case "task_notification":
      return name(data.summary) ? notice(base, String(data.summary)) : [];
    default:
      return [];
  }
}

function result(data: JsonRecord, base: Base): AgentEvent[] {
  const interrupted = data.subtype === "error_during_execution" || data.stop_reason === "interrupted";
  const failed = data.is_error === true || (typeof data.subtype === "string" && data.subtype.startsWith("error"));
  const outcome = !failed ? "completed" : interrupted ? "interrupted" : "failed";
  const usage = lineUsage(data.usage, compact({ costUsd: number(data.total_cost_usd) }));
  const failure = outcome === "failed" ? failureFrom(name(data.result) ?? "The turn failed", number(data.api_error_status)) : undefined;
  return [compact({ ...base, type: "turn-ended", outcome, durationMs: number(data.duration_ms), usage, failure } as const)];
}

export function decodeLine(data: JsonRecord, rowId: string): AgentEvent[] | null {
  if (data.isMeta === true || data.isCompactSummary === true) return [];
  const base: Base = compact({ id: name(data.uuid) ?? rowId, parent: firstName(data, "parent_tool_use_id", "parentToolUseId", "parent") });
  const type = text(data.type) ?? "";
  switch (type) {
    case "assistant":
      return assistant(data, base);
    case "user":
      return user(data, base);
    case "system":
      return system(data, base);
    case "result":
      return result(data, base);
    case "summary":
      return name(data.summary)
        ? [{ ...base, id: name(data.leafUuid) ?? base.id, type: "title-changed", title: String(data.summary) }]
        : [];
    default:
      return hiddenTypes.has(type) ? [] : flavored(type, data, base);
  }
}

/** Two more line types that some clients use: `<agent>_message {content}` and `<agent>_tool_action {name, content, toolUseId?, …}`. */
function flavored(type: string, data: JsonRecord, base: Base): AgentEvent[] | null {
  if (type.endsWith("_message") && typeof data.content === "string") return [{ ...base, type: "agent-message", text: data.content }];
  if (!type.endsWith("_tool_action")) return null;
  const tool = firstName(data, "toolName", "name") ?? "tool";
  const id = name(data.toolUseId) ?? base.id;
  const input = isRecord(data.input) ? data.input : null;
  const title = name(data.content) ?? toolTitleOf(tool, input);
  return [{ ...base, type: "tool-call", id, tool, kind: toolKindOf(tool), title, input }];
}
