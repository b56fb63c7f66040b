/**
 * Sessions and machines as patches arrive (`sessionPatch` in docs/protocol.md): flat fields, the last write wins; `updatedAt` only grows; versioned
 * values only if their version is greater; no data means "read it again".
 */
import type { LastTurn, Machine, Message, Session, SessionPatch, SessionSummary } from "@hapi/protocol";
import { decodeContent } from "../envelope/decode.ts";
import { isConversation } from "../last-turn.ts";
import { backgroundCount, sessionSummary, summaryMetadata, summaryRequests, summaryTodos } from "../summary.ts";
import { wantSession } from "./due.ts";
import { isSameJson } from "./rows.ts";
import { type SyncState, without } from "./state.ts";

type SessionData = Session | SessionPatch;

function isWhole(data: SessionData): data is Session {
  return "id" in data && "metadataVersion" in data && "agentStateVersion" in data;
}

const flatKeys = [
  "active",
  "thinking",
  "activeTurnStartedAt",
  "activeAt",
  "model",
  "modelReasoningEffort",
  "effort",
  "serviceTier",
  "permissionMode",
  "collaborationMode",
  "copilotAgentMode",
  "backgroundTaskCount",
  "scratchlistUpdatedAt",
] as const satisfies readonly (keyof SessionPatch)[];

function flatOf(patch: SessionPatch): Partial<Session> {
  const flat: Record<string, unknown> = {};
  for (const key of flatKeys) if (patch[key] !== undefined) flat[key] = patch[key];
  return flat;
}

/** The session after a patch; the same object when nothing changed. */
export function patchSession(session: Session, patch: SessionPatch): Session {
  const next: Session = { ...session, ...flatOf(patch) };
  if (patch.updatedAt !== undefined) next.updatedAt = Math.max(session.updatedAt, patch.updatedAt);
  if (patch.metadata && patch.metadata.version > session.metadataVersion) {
    next.metadata = patch.metadata.value;
    next.metadataVersion = patch.metadata.version;
  }
  if (patch.agentState && patch.agentState.version > session.agentStateVersion) {
    next.agentState = patch.agentState.value;
    next.agentStateVersion = patch.agentState.version;
    next.backgroundTaskCount = backgroundCount(next.agentState);
  }
  if (patch.todos && patch.todos.version > (session.todosUpdatedAt ?? -1)) {
    next.todos = patch.todos.value;
    next.todosUpdatedAt = patch.todos.version;
  }
  const team = session.teamStateUpdatedAt;
  if (patch.teamState && patch.teamState.version > (typeof team === "number" ? team : -1)) {
    if (patch.teamState.value === null) delete next.teamState;
    else next.teamState = patch.teamState.value;
    next.teamStateUpdatedAt = patch.teamState.version;
  }
  return isSameJson(session, next) ? session : next;
}

const summaryKeys = [
  "active",
  "thinking",
  "activeTurnStartedAt",
  "activeAt",
  "model",
  "modelReasoningEffort",
  "effort",
  "permissionMode",
  "backgroundTaskCount",
] as const;

function patchSummary(summary: SessionSummary, patch: SessionPatch): SessionSummary {
  const flat: Record<string, unknown> = {};
  for (const key of summaryKeys) if (patch[key] !== undefined) flat[key] = patch[key];
  const next: SessionSummary = { ...summary, ...flat };
  if (patch.updatedAt !== undefined) next.updatedAt = Math.max(summary.updatedAt, patch.updatedAt);
  if (patch.metadata && patch.metadata.version > summary.metadataVersion) {
    next.metadata = summaryMetadata(patch.metadata.value);
    next.metadataVersion = patch.metadata.version;
  }
  if (patch.agentState && patch.agentState.version > summary.agentStateVersion) {
    Object.assign(next, summaryRequests(patch.agentState.value));
    const retry = patch.agentState.value?.retry;
    if (retry) next.retry = retry;
    else delete next.retry;
    next.backgroundTaskCount = backgroundCount(patch.agentState.value);
    next.agentStateVersion = patch.agentState.version;
  }
  if (patch.todos && patch.todos.version > (summary.todosUpdatedAt ?? -1)) {
    next.todoProgress = summaryTodos(patch.todos.value);
    next.todosUpdatedAt = patch.todos.version;
  }
  return isSameJson(summary, next) ? summary : next;
}

function put<T>(source: Readonly<Record<string, T>>, key: string, value: T): Readonly<Record<string, T>> {
  return source[key] === value ? source : { ...source, [key]: value };
}

/** A session read in full. What is versioned never goes back to an older version. */
export function withSession(state: SyncState, heard: Session): SyncState {
  const known = state.sessions[heard.id];
  const merged = known ? newerParts(known, heard) : heard;
  const session = known && isSameJson(known, merged) ? known : merged;
  const previous = state.summaries[heard.id];
  const fresh = sessionSummary(session, {
    futureScheduledMessageCount: previous?.futureScheduledMessageCount ?? 0,
    nextScheduledAt: previous?.nextScheduledAt ?? null,
  });
  const sessions = put(state.sessions, session.id, session);
  const summaries = put(state.summaries, session.id, previous && isSameJson(previous, fresh) ? previous : fresh);
  const wanted = without(state.refetch.sessions, session.id);
  if (sessions === state.sessions && summaries === state.summaries && wanted === state.refetch.sessions) return state;
  return { ...state, sessions, summaries, refetch: { ...state.refetch, sessions: wanted } };
}

function newerParts(known: Session, heard: Session): Session {
  const merged: Session = { ...heard, updatedAt: Math.max(known.updatedAt, heard.updatedAt) };
  if (known.metadataVersion > heard.metadataVersion) {
    merged.metadata = known.metadata;
    merged.metadataVersion = known.metadataVersion;
  }
  if (known.agentStateVersion > heard.agentStateVersion) {
    merged.agentState = known.agentState;
    merged.agentStateVersion = known.agentStateVersion;
  }
  if ((known.todosUpdatedAt ?? -1) > (heard.todosUpdatedAt ?? -1)) {
    merged.todos = known.todos;
    merged.todosUpdatedAt = known.todosUpdatedAt;
  }
  return merged;
}

export function withSessionEvent(state: SyncState, id: string, data: SessionData | undefined): SyncState {
  if (data === undefined) return wantSession(state, id);
  if (isWhole(data)) return withSession(state, data);
  const session = state.sessions[id];
  const summary = state.summaries[id];
  if (!summary && !session) return wantSession(state, id);
  const sessions = session ? put(state.sessions, id, patchSession(session, data)) : state.sessions;
  const summaries = summary ? put(state.summaries, id, patchSummary(summary, data)) : state.summaries;
  return sessions === state.sessions && summaries === state.summaries ? state : { ...state, sessions, summaries };
}

/** What a new row says of its session; the hub sends no patch for each. */
export function withRowHeard(state: SyncState, id: string, row: Message): SyncState {
  const session = state.sessions[id];
  const summary = state.summaries[id];
  if (!session && !summary) return state;
  // A prompt counts when it was written; anything else has one time only.
  const at = row.localId === null ? (row.invokedAt ?? row.createdAt) : row.createdAt;
  const isFirst = summary?.hasConversationContent === false || session?.hasConversationContent === false;
  const isContent = isFirst && decodeContent(row.content, row).some(isConversation);
  const heard = <T extends { updatedAt: number; hasConversationContent?: boolean | undefined }>(known: T): T => {
    const isNews = at > known.updatedAt || (isContent && known.hasConversationContent === false);
    if (!isNews) return known;
    return { ...known, updatedAt: Math.max(known.updatedAt, at), ...(isContent ? { hasConversationContent: true } : {}) };
  };
  const sessions = session ? put(state.sessions, id, heard(session)) : state.sessions;
  const summaries = summary ? put(state.summaries, id, heard(summary)) : state.summaries;
  return sessions === state.sessions && summaries === state.summaries ? state : { ...state, sessions, summaries };
}

/** How the last turn ended and what was seen: always both, an absent one is none. */
export function withOutcome(state: SyncState, id: string, { lastTurn, seenAt }: { lastTurn?: LastTurn; seenAt?: number }): SyncState {
  const heard = <T extends { lastTurn?: LastTurn | undefined; seenAt?: number | undefined }>(known: T): T => {
    const { lastTurn: _turn, seenAt: _seen, ...rest } = known;
    const next = { ...rest, ...(lastTurn === undefined ? {} : { lastTurn }), ...(seenAt === undefined ? {} : { seenAt }) } as T;
    return isSameJson(known, next) ? known : next;
  };
  const session = state.sessions[id];
  const summary = state.summaries[id];
  const sessions = session ? put(state.sessions, id, heard(session)) : state.sessions;
  const summaries = summary ? put(state.summaries, id, heard(summary)) : state.summaries;
  return sessions === state.sessions && summaries === state.summaries ? state : { ...state, sessions, summaries };
}

export function withoutSession(state: SyncState, id: string): SyncState {
  const sessions = without(state.sessions, id);
  const summaries = without(state.summaries, id);
  const windows = without(state.windows, id);
  const wanted = without(state.refetch.sessions, id);
  if (sessions === state.sessions && summaries === state.summaries && windows === state.windows && wanted === state.refetch.sessions)
    return state;
  return { ...state, sessions, summaries, windows, refetch: { ...state.refetch, sessions: wanted } };
}

/** Some entries of the list as just read; what else is known stays. */
export function withListed(state: SyncState, heard: readonly SessionSummary[]): SyncState {
  // What the hub makes of the facts is made here from the same facts: the hub's word would stay what it was when they change.
  const facts = heard.map(({ status: _word, ...summary }): SessionSummary => summary);
  const changed = facts.filter((summary) => !isSameJson(state.summaries[summary.id], summary));
  if (changed.length === 0) return state;
  return { ...state, summaries: { ...state.summaries, ...Object.fromEntries(changed.map((summary) => [summary.id, summary])) } };
}

/** The whole list was read since `before`: what was known then, was not in it, and of which nothing was heard meanwhile, is gone. */
export function withoutUnlisted(state: SyncState, before: SyncState["summaries"], seen: ReadonlySet<string>): SyncState {
  const gone = Object.keys(before).filter((id) => !seen.has(id) && state.summaries[id] === before[id]);
  if (gone.length === 0) return state;
  const summaries = { ...state.summaries };
  for (const id of gone) delete summaries[id];
  return gone.reduce(withoutSession, { ...state, summaries });
}

/** The list as just read: entries that are not in it are gone. */
export function withList(state: SyncState, heard: readonly SessionSummary[]): SyncState {
  const ids = new Set(heard.map((summary) => summary.id));
  const listed = withoutUnlisted(withListed(state, heard), state.summaries, ids);
  const unlisted = Object.keys(listed.sessions).filter((id) => !ids.has(id));
  return unlisted.reduce(withoutSession, { ...listed, refetch: { ...listed.refetch, list: false } });
}

export function withMachines(state: SyncState, heard: readonly Machine[]): SyncState {
  const machines = Object.fromEntries(
    heard.map((machine) => {
      const known = state.machines[machine.id];
      return [machine.id, known && isSameJson(known, machine) ? known : machine];
    }),
  );
  return { ...state, machines, refetch: { ...state.refetch, machines: false } };
}

export function withMachineEvent(state: SyncState, id: string, data: Record<string, unknown> | null | undefined): SyncState {
  if (data === null) {
    const machines = without(state.machines, id);
    return machines === state.machines ? state : { ...state, machines };
  }
  const known = state.machines[id];
  const isWholeMachine = data !== undefined && "id" in data && "metadataVersion" in data && "runnerStateVersion" in data;
  if (data === undefined || (!known && !isWholeMachine)) {
    return state.refetch.machines ? state : { ...state, refetch: { ...state.refetch, machines: true } };
  }
  const next = (isWholeMachine || !known ? data : { ...known, ...data }) as Machine;
  return known && isSameJson(known, next) ? state : { ...state, machines: { ...state.machines, [id]: next } };
}
