/** The list entry of a session (`sessionSummary` in docs/protocol.md) and the order of the list. Every field is present, none is extra. */
import { type AgentState, type Metadata, requestKind, type Session, type SessionSummary, threadKeyOf, type TodoItem } from "@hapi/protocol";
import { isRecord, name } from "./envelope/read.ts";

/** What a summary tells that is not in the session itself. */
export interface SummaryExtras {
  futureScheduledMessageCount?: number;
  nextScheduledAt?: number | null;
}

/** A list entry names at most this many open requests; the count is exact. */
export const MAX_SUMMARY_REQUESTS = 5;

type Pending = SessionSummary["pendingRequests"][number];

/** Of a dialog that only the terminal can answer: it waits for a person like any other. */
const DIALOG_ID = "terminal:dialog";

function pendingOf(state: AgentState | null): Pending[] {
  const asked = Object.entries(state?.requests ?? {})
    .filter(([, request]) => !request.sent)
    .map(([id, request]): Pending => ({ id, kind: requestKind(request), tool: request.tool, since: request.createdAt ?? null }));
  const { dialog } = state ?? {};
  return [...asked, ...(dialog ? [{ id: DIALOG_ID, kind: "input" as const, tool: dialog.about, since: dialog.since }] : [])].sort(
    (a, b) => (a.since ?? 0) - (b.since ?? 0) || (a.id < b.id ? -1 : 1),
  );
}

export function summaryMetadata(metadata: Metadata | null): SessionSummary["metadata"] {
  if (!isRecord(metadata)) return null;
  const { summary, worktree, machineId, lifecycleState, lifecycleStateSince, failureCode } = metadata;
  const hapiMcpUrl = name(metadata.hapiMcpUrl);
  const agentSessionId = name(metadata[threadKeyOf(metadata.flavor)]);
  return {
    path: metadata.path,
    flavor: metadata.flavor ?? null,
    ...(metadata.name === undefined ? {} : { name: metadata.name }),
    ...(machineId === undefined ? {} : { machineId }),
    ...(summary === undefined ? {} : { summary: { text: summary.text } }),
    ...(worktree === undefined ? {} : { worktree }),
    ...(agentSessionId === undefined ? {} : { agentSessionId }),
    ...(lifecycleState === undefined ? {} : { lifecycleState }),
    ...(lifecycleStateSince === undefined ? {} : { lifecycleStateSince }),
    ...(failureCode === undefined ? {} : { failureCode }),
    ...(metadata.parked === true ? { parked: true } : {}),
    ...(hapiMcpUrl === undefined ? {} : { hapiMcpUrl }),
  };
}

type RequestFacts = Pick<SessionSummary, "pendingRequestsCount" | "pendingRequestKinds" | "pendingRequests">;

export function summaryRequests(state: AgentState | null): RequestFacts {
  const pending = pendingOf(state);
  return {
    pendingRequestsCount: pending.length,
    pendingRequestKinds: [...new Set(pending.map((request) => request.kind))],
    pendingRequests: pending.slice(0, MAX_SUMMARY_REQUESTS),
  };
}

/** How much goes on beside the turns. */
export function backgroundCount(state: AgentState | null | undefined): number {
  return state?.background?.length ?? 0;
}

export function summaryTodos(todos: readonly TodoItem[] | undefined): SessionSummary["todoProgress"] {
  if (!todos?.length) return null;
  return { completed: todos.filter((todo) => todo.status === "completed").length, total: todos.length };
}

export function sessionSummary(session: Session, extras: SummaryExtras = {}): SessionSummary {
  return {
    id: session.id,
    active: session.active,
    thinking: session.thinking,
    activeAt: session.activeAt,
    updatedAt: session.updatedAt,
    pinned: session.pinned ?? false,
    globalPinned: session.globalPinned ?? false,
    metadata: summaryMetadata(session.metadata),
    metadataVersion: session.metadataVersion,
    agentStateVersion: session.agentStateVersion,
    todosUpdatedAt: session.todosUpdatedAt ?? null,
    todoProgress: summaryTodos(session.todos),
    ...summaryRequests(session.agentState),
    backgroundTaskCount: session.backgroundTaskCount ?? 0,
    futureScheduledMessageCount: extras.futureScheduledMessageCount ?? 0,
    nextScheduledAt: extras.nextScheduledAt ?? null,
    model: session.model ?? null,
    modelReasoningEffort: session.modelReasoningEffort ?? null,
    effort: session.effort ?? null,
    activeTurnStartedAt: session.activeTurnStartedAt ?? null,
    ...(session.permissionMode === undefined ? {} : { permissionMode: session.permissionMode }),
    ...(session.lastTurn === undefined ? {} : { lastTurn: session.lastTurn }),
    ...(session.seenAt === undefined ? {} : { seenAt: session.seenAt }),
    ...(session.agentState?.retry ? { retry: session.agentState.retry } : {}),
    ...(session.hasConversationContent === undefined ? {} : { hasConversationContent: session.hasConversationContent }),
  };
}

type Ranked = Pick<SessionSummary, "id" | "active" | "pinned" | "globalPinned" | "updatedAt" | "pendingRequestsCount">;

/** Pinned everywhere, pinned, active, active with more open requests, newest; the id decides the rest so that the order is total. */
export function compareSummaries(a: Ranked, b: Ranked): number {
  return (
    Number(b.globalPinned) - Number(a.globalPinned) ||
    Number(b.pinned) - Number(a.pinned) ||
    Number(b.active) - Number(a.active) ||
    (a.active ? b.pendingRequestsCount - a.pendingRequestsCount : 0) ||
    b.updatedAt - a.updatedAt ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}
