/**
 * Canonical event → the envelope that is sent and stored. The family is the one existing clients can show; what they don't know rides in
 * extra fields. Invariant: `decodeContent(encodeEvent(e), row)` is `[e]` for every event (property test in envelope.test.ts).
 */
import type { AgentEvent, Attachment, TokenUsage } from "@hapi/protocol";
import { compact, type JsonRecord } from "./read.ts";

export interface WireContent {
  role: "user" | "agent";
  content: JsonRecord;
  meta?: JsonRecord;
}

type Of<T extends AgentEvent["type"]> = Extract<AgentEvent, { type: T }>;

function agent(content: JsonRecord): WireContent {
  return { role: "agent", content };
}

function item(type: string, event: { id: string; parent?: string }, data: JsonRecord): WireContent {
  return agent({ type: "codex", data: compact({ type, id: event.id, parent: event.parent, ...data }) });
}

function happening(type: string, event: { id: string; parent?: string }, data: JsonRecord): WireContent {
  return agent({ type: "event", id: event.id, data: compact({ type, parent: event.parent, ...data }) });
}

function userMessage(event: Of<"user-message">): WireContent {
  return {
    role: "user",
    content: compact({ type: "text", text: event.text, attachments: event.attachments }),
    meta: compact({
      sentFrom: "cli",
      id: event.id,
      origin: event.origin,
      localId: event.localId,
      parent: event.parent,
      isTranscriptEcho: event.localId === undefined ? undefined : true,
    }),
  };
}

/** Existing clients read `last` (input includes what came from the cache); the exact split is beside it. */
function usageInfo(usage: TokenUsage): JsonRecord {
  const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheCreationTokens;
  return compact({
    last: {
      inputTokens: input,
      cachedInputTokens: usage.cacheReadTokens,
      outputTokens: usage.outputTokens,
      totalTokens: input + usage.outputTokens,
    },
    contextTokens: usage.contextTokens,
    modelContextWindow: usage.contextWindow,
    usage,
  });
}

function turnEnded(event: Of<"turn-ended">): WireContent {
  const { outcome, durationMs, usage, failure, localIds } = event;
  return happening("ready", event, { outcome, durationMs, usage, failure, localIds });
}

function retrying(event: Of<"retrying">): WireContent {
  const { attempt, maxAttempts, delayMs, failure } = event;
  return happening("api-error", event, {
    attempt,
    maxAttempts,
    delayMs,
    failure,
    // what existing clients show
    retryAttempt: attempt,
    maxRetries: maxAttempts,
    error: failure.message,
  });
}

function toolCall(event: Of<"tool-call">): WireContent {
  const { tool, input, kind, title, locations } = event;
  return item("tool-call", event, { callId: event.id, name: tool, input: input ?? null, nativeKind: kind, nativeTitle: title, locations });
}

function toolResult(event: Of<"tool-result">): WireContent {
  const { callId, status, output, content, waitedMs } = event;
  return item("tool-call-result", event, { callId, output, is_error: status !== "completed", status, content, waitedMs });
}

function usageRow(event: Of<"usage">): WireContent {
  return item("token_count", event, {
    info: usageInfo(event.usage),
    model: event.usage.model,
    usageSchema: "hapi.usage.v1",
    inputTokenSemantics: "includes-cache",
  });
}

function notice(event: Of<"notice">): WireContent {
  const { text, level, command, format, code, params } = event;
  return happening("message", event, { message: text, level, command, format, code, params });
}

export function encodeEvent(event: AgentEvent): WireContent {
  switch (event.type) {
    case "user-message":
      return userMessage(event);
    case "agent-message":
      return item("message", event, { message: event.text });
    case "thought":
      return item("reasoning", event, { message: event.text });
    case "tool-call":
      return toolCall(event);
    case "tool-result":
      return toolResult(event);
    case "plan":
      return item("plan", event, { entries: event.entries });
    case "usage":
      return usageRow(event);
    case "turn-started":
      return happening("turn-started", event, { localId: event.localId });
    case "turn-ended":
      return turnEnded(event);
    case "retrying":
      return retrying(event);
    case "switch":
      return happening("switch", event, { mode: event.mode });
    case "mode-changed":
      return happening("permission-mode-changed", event, { mode: event.mode });
    case "model-changed":
      return happening("model-changed", event, { model: event.model });
    case "title-changed":
      return happening("title-changed", event, { title: event.title });
    case "notice":
      return notice(event);
    case "unknown":
      return agent(compact({ type: "unknown", id: event.id, parent: event.parent, raw: event.raw ?? null }));
  }
}

export interface Prompt {
  text: string;
  attachments?: readonly Attachment[];
  meta?: Readonly<JsonRecord>;
}

/** The content of a prompt posted through REST. `meta` wins over the defaults. */
export function promptContent(prompt: Prompt): WireContent {
  const attachments = prompt.attachments && prompt.attachments.length > 0 ? [...prompt.attachments] : undefined;
  return {
    role: "user",
    content: compact({ type: "text", text: prompt.text, attachments }),
    meta: compact({ sentFrom: "webapp", deliveryMode: "queue", ...prompt.meta }),
  };
}
