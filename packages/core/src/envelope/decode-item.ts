/** The `codex` family: one data type per item of a conversation. Our own rows use it with a few more fields. */
import type { AgentEvent } from "@hapi/protocol";
import { planEntriesOf } from "../todo-entries.ts";
import { tokenCountUsage, toolContentOf, toolOutputOf } from "./decode-parts.ts";
import { OLD_NOTICES } from "./old-notices.ts";
import { compact, display, firstName, isRecord, type JsonRecord, name, number, record, text } from "./read.ts";
import { toolKindOf, toolLocationsOf, toolTitleOf } from "./tools.ts";

type Base = { id: string; parent?: string };

function toolCall(data: JsonRecord, base: Base): AgentEvent {
  const tool = firstName(data, "name", "tool", "toolName") ?? "tool";
  const input = data.input === undefined ? null : data.input;
  return compact({
    ...base,
    type: "tool-call" as const,
    id: firstName(data, "callId", "id") ?? base.id,
    tool,
    kind: toolKindOf(tool, data.nativeKind),
    title: text(data.nativeTitle) ?? name(data.description) ?? toolTitleOf(tool, input),
    input,
    locations: toolLocationsOf(data.locations),
  });
}

const resultStatuses = ["completed", "failed", "denied", "cancelled"] as const;

function toolResult(data: JsonRecord, base: Base): AgentEvent | null {
  const callId = firstName(data, "callId", "toolUseId");
  if (callId === undefined) return null;
  const status = resultStatuses.find((known) => known === data.status) ?? (data.is_error === true ? "failed" : "completed");
  const read = toolOutputOf(data.output);
  const content = toolContentOf(data.content) ?? read.content;
  return compact({ ...base, type: "tool-result" as const, callId, status, ...read, content, waitedMs: number(data.waitedMs) });
}

/** Runs of sub-agents as some clients tell them: shown like a tool call of kind `agent`. */
function agentRun(data: JsonRecord, base: Base): AgentEvent[] | null {
  const run = firstName(data, "runId", "callId", "id", "agentId");
  if (run === undefined) return null;
  if (data.type === "agent-run-start") {
    const title = firstName(data, "title", "name", "description", "prompt") ?? "Sub-agent";
    return [compact({ ...base, type: "tool-call" as const, id: run, tool: "agent", kind: "agent" as const, title, input: data })];
  }
  const status = text(data.status) ?? "";
  if (!/^(completed|done|success|failed|error|cancelled|canceled)/.test(status)) return [];
  const outcome = /^(failed|error)/.test(status) ? "failed" : status.startsWith("cancel") ? "cancelled" : "completed";
  const output = firstName(data, "summary", "result", "message", "error") ?? "";
  return [compact({ ...base, type: "tool-result" as const, callId: run, status: outcome as "failed", output })];
}

function generated(base: Base, file: string): AgentEvent {
  return { ...base, type: "notice", text: `Generated image ${file}`.trim(), level: "info", code: "image_generated", params: { file } };
}

export function decodeItem(data: JsonRecord, rowId: string): AgentEvent[] | null {
  const base: Base = compact({ id: name(data.id) ?? rowId, parent: name(data.parent) ?? name(data.parentToolUseId) });
  switch (data.type) {
    case "message":
      return [{ ...base, type: "agent-message", text: text(data.message) ?? display(data.message) }];
    case "reasoning":
      return [{ ...base, type: "thought", text: text(data.message) ?? display(data.message) }];
    case "tool-call":
      return [toolCall(data, base)];
    case "tool-call-result": {
      const result = toolResult(data, base);
      return result && [result];
    }
    case "token_count":
      return [{ ...base, type: "usage", usage: tokenCountUsage(record(data.info), data.model) }];
    case "plan":
    case "plan_update": {
      const source = isRecord(data.plan) ? data.plan : data;
      return [{ ...base, type: "plan", entries: planEntriesOf(source.entries ?? source.plan ?? source.steps ?? source.todos) }];
    }
    case "error":
      return [{ ...base, type: "notice", text: text(data.message) ?? display(data.message ?? data.error), level: "warning" }];
    case "generated-image":
      return [generated(base, firstName(data, "fileName", "imageId") ?? "")];
    case "context_compacted":
    case "compact-summary":
      return [{ ...base, type: "notice", level: "info", ...OLD_NOTICES.conversation_compacted }];
    // hidden by every client
    case "thread_goal_updated":
    case "thread_goal_cleared":
    case "agent-run-trace":
      return [];
    case "agent-run-start":
    case "agent-run-update":
      return agentRun(data, base);
    default:
      return null;
  }
}
