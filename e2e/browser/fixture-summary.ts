/** The list entry of a fixture session. Written out here instead of taken from the product, so that a mistake there does not hide. */
import { requestKind, type Session } from "@hapi/protocol";

export function summaryOf(session: Session) {
  const requests = Object.entries(session.agentState?.requests ?? {});
  const todos = session.todos ?? [];
  const { metadata } = session;
  return {
    id: session.id,
    active: session.active,
    thinking: session.thinking,
    activeAt: session.activeAt,
    updatedAt: session.updatedAt,
    pinned: session.pinned ?? false,
    globalPinned: session.globalPinned ?? false,
    metadata: metadata && {
      name: metadata.name,
      path: metadata.path,
      machineId: metadata.machineId,
      summary: metadata.summary && { text: metadata.summary.text },
      flavor: metadata.flavor,
      worktree: metadata.worktree,
      lifecycleState: metadata.lifecycleState,
      lifecycleStateSince: metadata.lifecycleStateSince,
      failureCode: metadata.failureCode,
      parked: metadata["parked"],
    },
    metadataVersion: session.metadataVersion,
    agentStateVersion: session.agentStateVersion,
    todosUpdatedAt: session.todosUpdatedAt ?? null,
    todoProgress:
      todos.length === 0 ? null : { completed: todos.filter((todo) => todo.status === "completed").length, total: todos.length },
    pendingRequestsCount: requests.length,
    pendingRequestKinds: [...new Set(requests.map(([, request]) => requestKind(request)))],
    pendingRequests: requests
      .slice(0, 5)
      .map(([id, request]) => ({ id, kind: requestKind(request), tool: request.tool, since: request.createdAt ?? null })),
    backgroundTaskCount: session.agentState?.background?.length ?? 0,
    activeTurnStartedAt: session.activeTurnStartedAt ?? null,
    permissionMode: session.permissionMode,
    lastTurn: session.lastTurn,
    seenAt: session.seenAt,
    retry: session.agentState?.retry ?? undefined,
    futureScheduledMessageCount: 0,
    nextScheduledAt: null,
    model: session.model ?? null,
    effort: null,
    hasConversationContent: session.hasConversationContent ?? true,
  };
}
