/** Between the wire's words for an answer and the driver's. Rule: anything that is not a clear yes is a no. */
import type { AgentRequest, DriverEvent, RequestAnswer, RequestOutcome } from "@hapi/agents";
import { policyDecision } from "@hapi/core";
import {
  type EditPlace,
  type AgentStateCompletedRequest,
  type AgentStateRequest,
  AppError,
  type Decision,
  normalizePermissionMode,
  type SentAnswer,
} from "@hapi/protocol";
import type { PermissionAnswer, PermissionParams } from "@hapi/protocol/rpc";
import type { ClosedRequest, RequestEntry } from "./ledger-state.ts";
import { digestOf, shownRequest, wholeDigest } from "./request-digest.ts";
import { shorten } from "./shorten.ts";

const MAX_CLOSED_CHARS = 2 * 1024;

export function answerOf(params: PermissionParams, request: AgentRequest, flavor: string): RequestAnswer {
  const denied = !params.approved || params.decision === "denied" || params.decision === "abort";
  if (denied) return { behavior: "deny", reason: params.reason, interrupt: params.decision === "abort" ? true : undefined };
  let mode: string | undefined;
  if (params.mode !== undefined) {
    const known = normalizePermissionMode(flavor, params.mode);
    if (!known) throw new AppError("invalid_mode");
    mode = known;
  }
  return {
    behavior: "allow",
    // An agent that offers no such answer gets the narrower one.
    forSession: params.decision === "approved_for_session" && request.sessionScope !== undefined ? true : undefined,
    answers: params.answers,
    updatedInput: params.updatedInput,
    mode,
    allowTools: params.allowTools,
  };
}

/** `places`: where its edits stand in their files. */
export function openOnWire(entry: RequestEntry, places?: (EditPlace | null)[]): AgentStateRequest {
  const { request } = entry;
  return {
    tool: request.tool,
    ...shownRequest(request),
    createdAt: entry.createdAt,
    toolCallId: request.toolCallId,
    kind: request.kind,
    title: request.title,
    sessionScope: request.sessionScope,
    sessionScopeWords: request.sessionScopeWords,
    places,
    mode: entry.mode,
    sent: entry.answer ? sentOf(entry, entry.answer) : undefined,
  };
}

function sentOf(entry: RequestEntry, answer: RequestAnswer): SentAnswer {
  const decision =
    answer.behavior === "deny" ? (answer.interrupt ? "abort" : "denied") : answer.forSession ? "approved_for_session" : "approved";
  return { decision, at: entry.answeredAt ?? entry.createdAt };
}

/** What nobody can say is no yes and no no. */
function statusOf(outcome: RequestOutcome): "approved" | "denied" | "canceled" {
  return outcome === "resolved" ? "canceled" : outcome;
}

function decisionOf(status: string, answer: RequestAnswer | undefined): Decision | undefined {
  if (status === "canceled") return undefined;
  if (status === "denied") return answer?.behavior === "deny" && answer.interrupt ? "abort" : "denied";
  return answer?.behavior === "allow" && answer.forSession ? "approved_for_session" : "approved";
}

export type Closing = Omit<Extract<DriverEvent, { type: "request-closed" }>, "type" | "id">;

export function closedOnWire(entry: RequestEntry, closing: Closing, at: number): AgentStateCompletedRequest {
  const { request } = entry;
  // What was answered here counts only when it is what the agent acted on.
  const status = statusOf(closing.outcome);
  const ours = oursOf(entry, closing.by, status);
  return {
    tool: request.tool,
    arguments: shorten(request.input, MAX_CLOSED_CHARS),
    createdAt: entry.createdAt,
    completedAt: at,
    status,
    reason: closing.reason ?? (ours?.behavior === "deny" ? ours.reason : undefined),
    decision: decisionOf(status, ours),
    mode: ours?.behavior === "allow" ? ours.mode : undefined,
    allowTools: ours?.behavior === "allow" ? ours.allowTools : undefined,
    answers: ours?.behavior === "allow" ? ours.answers : undefined,
    digest: wholeDigest(request),
    allowed: allowedOf(request.tool, ours),
    toolCallId: closing.toolCallId ?? request.toolCallId,
    kind: request.kind,
    answeredBy: ours ? (entry.answeredBy ?? "person") : closing.by,
    lost: entry.answer && !ours ? sentOf(entry, entry.answer) : undefined,
    provisional: closing.certain === false ? true : undefined,
  };
}

/** Where it is not what was asked. */
function allowedOf(tool: string, answer: RequestAnswer | undefined): AgentStateCompletedRequest["allowed"] {
  if (answer?.behavior !== "allow" || answer.updatedInput === undefined) return undefined;
  return { arguments: shorten(answer.updatedInput, MAX_CLOSED_CHARS), digest: digestOf(tool, answer.updatedInput) };
}

function oursOf({ answer }: RequestEntry, by: Closing["by"], status: string): RequestAnswer | undefined {
  if (!answer || by !== "remote" || status === "canceled") return undefined;
  return (answer.behavior === "allow") === (status === "approved") ? answer : undefined;
}

/** For the log: who decided what, about which words. */
export const closedFields = ({ tool, status, answeredBy, digest, allowed, lost, provisional }: AgentStateCompletedRequest) => ({
  tool,
  status,
  by: answeredBy,
  digest,
  ...(allowed ? { allowed: allowed.digest } : {}),
  ...(lost ? { lost: lost.decision } : {}),
  ...(provisional ? { provisional: true } : {}),
});

/** What who answers second, or too late, hears. */
export function closedAnswer(completed: AgentStateCompletedRequest): PermissionAnswer {
  return {
    status: "closed",
    outcome: completed.status,
    ...(completed.answeredBy === undefined ? {} : { by: completed.answeredBy }),
    ...(completed.reason === undefined ? {} : { reason: completed.reason }),
  };
}

export function sentAlready(entry: RequestEntry, answer: RequestAnswer): PermissionAnswer {
  return { status: "closed", outcome: "sent", decision: sentOf(entry, answer).decision, by: entry.answeredBy ?? "person" };
}

/** Null: a person is asked. */
export function answerByPolicy({ kind, policyKind }: AgentRequest, mode: string | undefined): RequestAnswer | null {
  if (policyKind === undefined || kind !== "permission") return null;
  const decision = policyDecision(mode, policyKind);
  if (decision === "ask") return null;
  return decision === "allow" ? { behavior: "allow" } : { behavior: "deny", reason: `Not allowed in the permission mode "${mode}"` };
}

/** Answered requests shown at the hub; the ledger remembers more of them. */
const MAX_COMPLETED_ON_WIRE = 20;

export interface RequestsOnWire {
  requests: Record<string, AgentStateRequest>;
  completedRequests: Record<string, AgentStateCompletedRequest>;
}

export function requestsOnWire(
  open: readonly RequestEntry[],
  closed: readonly ClosedRequest[],
  places: ReadonlyMap<string, (EditPlace | null)[]>,
): RequestsOnWire {
  // What the policy answered is not a question to anyone.
  const asked = open.filter(({ answeredBy }) => answeredBy !== "policy");
  return {
    requests: Object.fromEntries(asked.map((entry) => [entry.request.id, openOnWire(entry, places.get(entry.request.id))])),
    completedRequests: Object.fromEntries(closed.slice(-MAX_COMPLETED_ON_WIRE).map((request) => [request.id, request.completed])),
  };
}

/** How long requests about this call were open, in ms. */
export function waitedFor(closed: Iterable<ClosedRequest>, toolCallId: string): number {
  const about = [...closed].filter(({ completed }) => completed.toolCallId === toolCallId);
  return about.reduce((sum, { completed: { createdAt, completedAt } }) => sum + Math.max(0, (completedAt ?? 0) - (createdAt ?? 0)), 0);
}
