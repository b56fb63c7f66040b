/** What lies over the rows: live text, open requests and their answers, and the queue. Each drawn once per object it is made from. */
import type { AgentState, AgentStateCompletedRequest, AgentStateRequest, Message } from "@hapi/protocol";
import { decodeContent } from "../envelope/decode.ts";
import { coded } from "../envelope/decode-event.ts";
import { firstName, isRecord, list, name, record } from "../envelope/read.ts";
import { toolKindOf, toolTitleOf } from "../envelope/tools.ts";
import { compareRows, isQueued } from "../sync/rows.ts";
import { type Container, remembered, type ToolEntry, touch, touchTool } from "./entries.ts";
import type { Fold } from "./fold.ts";
import { sameMembers } from "./group.ts";
import { promptOfRow } from "./items.ts";
import { diffsOfInput, inPlace, objectOf, questionsOf } from "./tool-facts.ts";
import type { OutboxPrompt, PromptItem, StreamBuffer, TimelineItem, TimelineRequest, ToolDecision } from "./view-model.ts";

export interface OverlayMemory {
  requests: WeakMap<object, TimelineRequest>;
  decisions: WeakMap<object, ToolDecision>;
  items: WeakMap<object, TimelineItem>;
  prompts: WeakMap<object, PromptItem | null>;
}

export function createOverlayMemory(): OverlayMemory {
  return { requests: new WeakMap(), decisions: new WeakMap(), items: new WeakMap(), prompts: new WeakMap() };
}

function requestOf(id: string, request: AgentStateRequest, root: string | null): TimelineRequest {
  const { tool, arguments: input } = request;
  const byName = toolKindOf(tool);
  const toolKind = byName === "other" && request.kind && request.kind !== "permission" ? request.kind : byName;
  const kind = request.kind ?? (toolKind === "question" || toolKind === "plan" ? toolKind : "permission");
  return {
    id,
    kind,
    tool,
    toolKind,
    object: objectOf({ kind: toolKind, tool, title: request.title ?? toolTitleOf(tool, input), input }, root),
    input,
    title: name(request.title) ?? null,
    sessionScope: name(request.sessionScope) ?? null,
    sessionScopeWords: list(request.sessionScopeWords).map((one) => ({ code: "", params: {}, ...coded(record(one)) })),
    toolCallId: name(request.toolCallId) ?? null,
    createdAt: request.createdAt ?? null,
    sent: isRecord(request.sent) ? { what: sayOf(request.sent.decision), at: request.sent.at } : null,
    mode: name(request.mode) ?? null,
    diffs: inPlace(diffsOfInput(toolKind, input), request.places),
    questions: kind === "question" ? questionsOf(input) : [],
    plan: kind === "plan" ? (firstName(record(input), "plan", "markdown", "text") ?? null) : null,
    ...boundTo(request),
  };
}

const boundTo = ({ digest, shortened }: AgentStateRequest): Pick<TimelineRequest, "digest" | "shortened"> => ({
  digest: name(digest) ?? null,
  shortened: shortened === true,
});

export function requestsOf(state: AgentState | null | undefined, memory: OverlayMemory, root: string | null): TimelineRequest[] {
  return Object.entries(state?.requests ?? {})
    .filter(([, request]) => isRecord(request))
    .map(([id, request]) => remembered(memory.requests, request, () => requestOf(id, request, root)))
    .sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0) || (a.id < b.id ? -1 : 1));
}

const sayOf = (decision: string): "allow" | "deny" => (decision === "denied" || decision === "abort" ? "deny" : "allow");

function decisionOf({ status, reason, answeredBy, lost, createdAt, completedAt }: AgentStateCompletedRequest): ToolDecision {
  return {
    status,
    reason: name(reason) ?? null,
    by: name(answeredBy) ?? null,
    lost: isRecord(lost) ? sayOf(lost.decision) : null,
    waitedMs: createdAt == null || completedAt == null ? null : Math.max(0, completedAt - createdAt),
  };
}

function decisionsOf(state: AgentState | null | undefined, memory: OverlayMemory): Map<string, ToolDecision> {
  return new Map(
    Object.entries(state?.completedRequests ?? {})
      .filter(([, request]) => isRecord(request))
      .map(([id, request]) => [name(request.toolCallId) ?? id, remembered(memory.decisions, request, () => decisionOf(request))]),
  );
}

/** Hangs requests and their answers on the calls they are about. @returns the requests whose call is not here */
export function attachRequests(
  fold: Fold,
  requests: readonly TimelineRequest[],
  state: AgentState | null | undefined,
  memory: OverlayMemory,
): TimelineRequest[] {
  const decisions = decisionsOf(state, memory);
  const byCall = new Map<string, TimelineRequest>();
  const loose: TimelineRequest[] = [];
  for (const request of requests) {
    const callId = request.toolCallId ?? request.id;
    if (fold.tools.has(callId)) byCall.set(callId, request);
    else loose.push(request);
  }
  for (const tool of fold.tools.values()) {
    const request = byCall.get(tool.callId) ?? null;
    const decision = decisions.get(tool.callId) ?? null;
    if (tool.request === request && tool.decision === decision) continue;
    tool.request = request;
    tool.decision = decision;
    touchTool(tool);
  }
  return loose;
}

function liveItem(buffer: StreamBuffer, at: number): TimelineItem {
  const type = buffer.kind === "thought" ? "thought" : "text";
  return { type, key: `${type}:${buffer.itemId}`, at, text: buffer.text, streaming: !buffer.done };
}

export function setExtras(container: Container, extras: readonly TimelineItem[]): void {
  if (sameMembers(container.extras, extras)) return;
  container.extras = extras;
  touch(container);
}

/** Live text at the end of the conversation or sub-agent it belongs to, output on its tool. @returns the items of the conversation itself */
export function attachStreams(fold: Fold, streams: readonly StreamBuffer[], at: number, memory: OverlayMemory): TimelineItem[] {
  const byOwner = new Map<ToolEntry | null, TimelineItem[]>();
  const outputs = new Map<string, string>();
  for (const buffer of streams) {
    if (buffer.kind === "tool-output") {
      outputs.set(buffer.itemId, buffer.text);
      continue;
    }
    const before = memory.items.get(buffer);
    const item = before?.at === at ? before : liveItem(buffer, at);
    memory.items.set(buffer, item);
    if (fold.simple.has(item.key)) continue;
    const owner = buffer.parent === undefined ? null : fold.tools.get(buffer.parent);
    // A sub-agent whose call has not come yet: its words are not the conversation's.
    if (owner === undefined) continue;
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), item]);
  }
  for (const tool of fold.tools.values()) {
    setExtras(tool.children, byOwner.get(tool) ?? []);
    const live = outputs.get(tool.callId) ?? null;
    if (tool.live === live) continue;
    tool.live = live;
    touchTool(tool);
  }
  return byOwner.get(null) ?? [];
}

export function requestItem(request: TimelineRequest, memory: OverlayMemory): TimelineItem {
  return remembered(memory.items, request, () => ({ type: "request", key: `request:${request.id}`, at: request.createdAt ?? 0, request }));
}

function queuedPrompt(row: Message, memory: OverlayMemory): PromptItem | null {
  return remembered(memory.prompts, row, () => {
    const event = decodeContent(row.content, row).find((candidate) => candidate.type === "user-message");
    return event?.type === "user-message" ? promptOfRow(row, event, false) : null;
  });
}

function outboxItem(prompt: OutboxPrompt, memory: OverlayMemory): PromptItem {
  const make = (): PromptItem => ({
    type: "prompt",
    key: `prompt:${prompt.localId}`,
    at: prompt.createdAt,
    messageId: null,
    localId: prompt.localId,
    text: prompt.text,
    attachments: prompt.attachments,
    origin: "remote",
    stage: prompt.state,
    detail: prompt.error ?? null,
    scheduledAt: prompt.scheduledAt ?? null,
    waiting: null,
    steered: false,
  });
  return remembered(memory.prompts, prompt, make) ?? make();
}

/** Prompts no agent has yet. What the agent's own record shows is in the conversation, whatever the queue says. */
export function queueOf(fold: Fold, messages: readonly Message[], outbox: readonly OutboxPrompt[], memory: OverlayMemory): PromptItem[] {
  const rows = messages.filter((row) => isQueued(row) && !fold.prompts.has(row.localId ?? "")).sort(compareRows);
  const known = new Set(messages.map((row) => row.localId));
  const unsent = outbox.filter((prompt) => !known.has(prompt.localId) && !fold.prompts.has(prompt.localId));
  return [...rows.flatMap((row) => queuedPrompt(row, memory) ?? []), ...unsent.map((prompt) => outboxItem(prompt, memory))];
}
