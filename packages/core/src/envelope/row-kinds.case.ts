/**
 * A row of every kind that any program has sent, and what it means. A kind that a decoder knows and that is not here fails `facts.test.ts`: somebody
 * has to decide what it means, also when that is nothing.
 */
import type { FactKind } from "@hapi/protocol";

export interface RowKind {
  /** As the decoders' sources name it. */
  name: string;
  content: unknown;
  means: readonly FactKind[];
}

type Fields = Record<string, unknown>;

const line = (name: string, data: Fields, means: FactKind[] = []): RowKind => ({
  name: `line ${name}`,
  content: { role: "agent", content: { type: "output", data: { uuid: "u", ...data } } },
  means,
});
const item = (type: string, data: Fields, means: FactKind[] = []): RowKind => ({
  name: `item ${type}`,
  content: { role: "agent", content: { type: "codex", data: { type, id: "i", ...data } } },
  means,
});
const event = (type: string, data: Fields, means: FactKind[] = []): RowKind => ({
  name: `event ${type}`,
  content: { role: "agent", content: { type: "event", id: "e", data: { type, ...data } } },
  means,
});
const block = (type: string, fields: Fields, means: FactKind[]): RowKind => ({
  ...line("", { type: "assistant", message: { content: [{ type, ...fields }] } }, means),
  name: `line ${type}`,
});
const system = (subtype: string, fields: Fields, means: FactKind[] = []): RowKind => ({
  ...line("", { type: "system", subtype, ...fields }, means),
  name: `line ${subtype}`,
});
const hidden = (type: string): RowKind => line(type, { type });

const counts = { input_tokens: 5, output_tokens: 2 };

export const ROW_KINDS: readonly RowKind[] = [
  { name: "user text", content: { role: "user", content: "hi" }, means: ["prompted"] },
  { name: "user prompt", content: { role: "user", content: { type: "text", text: "hi" } }, means: ["prompted"] },
  {
    name: "user echo",
    content: { role: "user", content: { type: "text", text: "hi" }, meta: { isTranscriptEcho: true } },
    means: [],
  },
  { name: "agent words", content: { role: "agent", content: "hi" }, means: [] },
  { name: "agent text", content: { role: "agent", content: { type: "text", text: "hi" } }, means: [] },
  { name: "agent unknown", content: { role: "agent", content: { type: "unknown", id: "x", raw: 1 } }, means: ["not-understood"] },
  { name: "agent output", content: { role: "agent", content: { type: "output", data: { type: "novelty" } } }, means: ["not-understood"] },
  { name: "agent codex", content: { role: "agent", content: { type: "codex", data: { type: "novelty" } } }, means: ["not-understood"] },
  { name: "agent event", content: { role: "agent", content: { type: "event", data: { type: "novelty" } } }, means: ["not-understood"] },
  { name: "no envelope", content: { foo: 1 }, means: ["not-understood"] },

  item("message", { message: "hi" }),
  item("reasoning", { message: "hm" }),
  item("tool-call", { callId: "c", name: "Bash", input: { command: "ls" } }, ["tool-called"]),
  item("tool-call", { callId: "c", name: "Edit", input: { file_path: "/a" } }, ["tool-called"]),
  item("tool-call", { callId: "c", name: "TodoWrite", input: { todos: [{ content: "one", status: "done" }] } }, [
    "tool-called",
    "todos-listed",
  ]),
  item("tool-call", { callId: "c", name: "TaskCreate", input: { subject: "one" } }, ["tool-called", "todo-added"]),
  item("tool-call", { callId: "c", name: "TaskUpdate", input: { taskId: 1, status: "completed" } }, ["tool-called", "todo-changed"]),
  item("tool-call-result", { callId: "c", output: "ok" }, ["tool-finished"]),
  item("token_count", { info: { last: { inputTokens: 3, outputTokens: 1 } } }, ["usage"]),
  item("plan", { entries: [{ content: "one" }] }, ["todos-listed"]),
  item("plan_update", { plan: [{ step: "one" }] }, ["todos-listed"]),
  item("error", { message: "it broke" }, ["warned"]),
  item("generated-image", { fileName: "a.png" }),
  item("context_compacted", {}),
  item("compact-summary", {}),
  item("thread_goal_updated", {}),
  item("thread_goal_cleared", {}),
  item("agent-run-trace", {}),
  item("agent-run-start", { runId: "r", title: "look" }, ["tool-called"]),
  item("agent-run-update", { runId: "r", status: "completed" }, ["tool-finished"]),
  item("agent-run-update", { runId: "r", status: "running" }),

  event("turn-started", {}, ["turn-started"]),
  event("ready", {}, ["turn-ended"]),
  event("turn-duration", { durationMs: 5 }, ["turn-ended"]),
  event("api-error", { error: "overloaded" }, ["retrying"]),
  event("switch", { mode: "local" }),
  event("permission-mode-changed", { mode: "plan" }),
  event("model-changed", { model: "m" }),
  event("title-changed", { title: "t" }),
  event("message", { message: "so" }),
  event("message", { message: "so", level: "warning" }, ["warned"]),
  event("error", { message: "it broke" }, ["warned"]),
  event("limit-reached", {}, ["warned"]),
  event("limit-warning", {}, ["warned"]),
  event("abort-restore", {}),
  event("compact", {}),

  line("assistant", { type: "assistant", message: { content: "hi" } }),
  line("assistant", { type: "assistant", message: { content: "hi", stop_reason: "end_turn", usage: counts } }, ["usage"]),
  line("assistant", { type: "assistant", isApiErrorMessage: true, message: { content: "no" } }, ["turn-ended"]),
  block("text", { text: "hi" }, []),
  block("thinking", { thinking: "hm" }, []),
  block("tool_use", { id: "t", name: "Read", input: {} }, ["tool-called"]),
  block("server_tool_use", { id: "t", name: "web_search", input: {} }, ["tool-called"]),
  line("user", { type: "user", message: { content: "hi" } }, ["prompted"]),
  line("user", { type: "user", message: { content: [{ type: "tool_result", tool_use_id: "t", content: "ok" }] } }, ["tool-finished"]),
  line("system", { type: "system", subtype: "novelty" }),
  system("api_error", { error: "no" }, ["retrying"]),
  system("api_retry", { error: "no" }, ["retrying"]),
  system("turn_duration", { durationMs: 5 }, ["turn-ended"]),
  system("compact_boundary", {}),
  system("microcompact_boundary", {}),
  system("away_summary", { content: "so" }),
  system("session_title_changed", { title: "t" }),
  system("task_notification", { summary: "done" }),
  line("result", { type: "result", subtype: "success" }, ["turn-ended"]),
  line("summary", { type: "summary", summary: "t" }),
  line("*_message", { type: "agent_message", content: "hi" }),
  line("*_tool_action", { type: "agent_tool_action", toolName: "ls", content: "ls" }, ["tool-called"]),
  ...[
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
  ].map(hidden),
];
