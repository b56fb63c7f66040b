/** Requests in memory: taken out of what a session says, and `PermissionStore` on them. */
import { answeredFact, askedFact } from "@hapi/core";
import type { AgentState, Fact } from "@hapi/protocol";
import type { PermissionStore } from "../../../src/permissions/store.ts";
import type { RequestRow, SessionRow } from "./rows.ts";
import { type MemoryParts, saveSession, sessionRow } from "./tables.ts";

const maxOpenRequests = 200;
const maxCompletedRequests = 20;
const maxWithdrawnRequests = 4;

export function memoryPermissions({ database, run, now }: MemoryParts): PermissionStore {
  const open = (sessionId: string, requestId?: string): RequestRow[] =>
    (sessionRow(database, sessionId)?.requests ?? []).filter(
      (request) => request.closedAt === null && (requestId === undefined || request.id === requestId),
    );
  const decided = (rows: readonly RequestRow[]) =>
    rows.flatMap(({ id, decision }) => (decision === null ? [] : [{ requestId: id, params: structuredClone(decision) }]));
  const decide = (sessionId: string, requestId: string, decision: RequestRow["decision"]): void => {
    const row = sessionRow(database, sessionId);
    if (!row) return;
    const requests = row.requests.map((request) => (request.id === requestId ? { ...request, decision, decidedAt: now() } : request));
    saveSession(database, { ...row, requests });
  };
  return {
    saveDecision: (sessionId, requestId, params) =>
      run(() => {
        const [request] = open(sessionId, requestId);
        if (!request) return "missing";
        if (request.decision !== null) return "taken";
        decide(sessionId, requestId, structuredClone(params));
        return "saved";
      }),
    decision: (sessionId, requestId) => run(() => decided(open(sessionId, requestId))[0] ?? null),
    waiting: (sessionId) => run(() => decided(open(sessionId).toSorted((a, b) => a.decidedAt - b.decidedAt))),
    dropDecision: (sessionId, requestId) => run(() => decide(sessionId, requestId, null)),
  };
}

type Known = Map<string, RequestRow>;
type Said = NonNullable<RequestRow["outcome"]>;

export function withState(row: SessionRow, said: AgentState | null, now: number): { row: SessionRow; facts: Fact[] } {
  const { requests, completedRequests, ...rest } = said ?? {};
  const known: Known = new Map(row.requests.map((request) => [request.id, request]));
  const open = Object.entries(requests ?? {}).slice(0, maxOpenRequests);
  const completed = Object.entries(completedRequests ?? {});
  const named = new Set([...open, ...completed].map(([id]) => id));
  const closed = new Set(completed.map(([id]) => id));
  const facts = [
    ...open.flatMap(([id, request]) => (closed.has(id) ? [] : opened(known, id, { request, now }))),
    ...worthKeeping(completed, known).flatMap(([id, outcome]) => answered(known, id, { outcome, now })),
    ...[...known.values()].flatMap((request) =>
      request.closedAt !== null || named.has(request.id) ? [] : answered(known, request.id, { outcome: withdrawnOf(request, now), now }),
    ),
  ];
  return { row: { ...row, state: said === null ? null : rest, requests: trimmed([...known.values()]) }, facts };
}

function opened(known: Known, id: string, { request, now }: { request: RequestRow["request"]; now: number }): Fact[] {
  const before = known.get(id);
  known.set(id, { id, openedAt: now, decision: null, decidedAt: 0, ...before, request, closedAt: null, outcome: null });
  return before?.closedAt === null ? [] : [askedFact(id, request)];
}

function answered(known: Known, id: string, { outcome, now }: { outcome: Said; now: number }): Fact[] {
  const before = known.get(id);
  const { tool, arguments: args, createdAt, completedAt } = outcome;
  const fresh = { id, openedAt: createdAt ?? now, request: { tool, arguments: args }, decision: null, decidedAt: 0 };
  known.set(id, { ...fresh, ...before, closedAt: before?.closedAt ?? completedAt ?? now, outcome });
  const isOther = before?.outcome?.status !== outcome.status || before.outcome.decision !== outcome.decision;
  return before && isOther ? [answeredFact(id, outcome)] : [];
}

function worthKeeping(completed: [string, Said][], known: Known): [string, Said][] {
  if (completed.length <= maxCompletedRequests) return completed;
  const newest = completed.toSorted(([, a], [, b]) => (b.completedAt ?? 0) - (a.completedAt ?? 0));
  return newest.filter(([id], place) => place < maxCompletedRequests || known.get(id)?.closedAt === null);
}

const withdrawnOf = ({ request, openedAt }: RequestRow, now: number): NonNullable<RequestRow["outcome"]> => ({
  tool: request.tool,
  arguments: request.arguments,
  createdAt: request.createdAt ?? openedAt,
  completedAt: now,
  status: "canceled",
});

function trimmed(requests: readonly RequestRow[]): RequestRow[] {
  const closed = requests
    .filter((request) => request.closedAt !== null)
    .toSorted((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0) || (a.id < b.id ? 1 : -1));
  const isWithdrawn = ({ outcome }: RequestRow): boolean =>
    outcome?.status === "canceled" && outcome.decision === undefined && outcome.reason === undefined;
  const surplus = new Set([...closed.slice(maxCompletedRequests), ...closed.filter(isWithdrawn).slice(maxWithdrawnRequests)]);
  return requests.filter((request) => !surplus.has(request));
}
