/** `SessionStore` in memory. */
import { randomUUID } from "node:crypto";
import { AppError, type AgentState, type Fact, type Metadata, type SessionPatch, type SyncEvent } from "@hapi/protocol";
import type { VersionedResult } from "../../../src/events/versioned.ts";
import type { NewSession, SessionChange, SessionStore } from "../../../src/sessions/store.ts";
import type { MemoryDatabase, Work } from "./database.ts";
import { merged } from "./merge.ts";
import { withState } from "./requests.ts";
import { messageKey, type SessionRow, toSession } from "./rows.ts";
import { canonicalId, type MemoryParts, saveFacts, saveSession, sessionRow, tellOutcome } from "./tables.ts";

const maxMetadataChars = 1024 * 1024;
const maxStateChars = 16 * 1024 * 1024;

export function memorySessions({ database, run, now }: MemoryParts): SessionStore {
  const log = (it: Work, { session: { namespace } }: SessionRow, event: SyncEvent, more: { origin?: string; ref?: string } = {}): number =>
    it.log({ namespace, event, ...more });
  const changed = (id: string, work: (it: Work, row: SessionRow) => void): Promise<void> =>
    run((it) => {
      const row = sessionRow(database, id);
      if (row) work(it, row);
    });
  const listed = (namespace: string): SessionRow[] =>
    database.sessions.all((row) => row.session.namespace === namespace && row.mergedInto === null);
  return {
    create: (input) =>
      run((it) => {
        const existing = existingRow(database, input);
        if (existing === "conflict") return { kind: "conflict" };
        if (existing) return { kind: "existing", session: toSession(existing) };
        const { row, facts } = newRow(database, input, now());
        saveSession(database, row);
        const place = log(it, row, { type: "session-added", sessionId: row.session.id, data: toSession(row) });
        saveFacts(it, database, { session: row, place, at: now(), facts });
        return { kind: "created", session: toSession(row) };
      }),
    get: (id) =>
      run(() => {
        const row = sessionRow(database, id);
        return row && toSession(row);
      }),
    canonicalId: (id) => run(() => canonicalId(database, id)),
    list: (namespace) => run(() => listed(namespace).map(toSession)),
    listPage: (namespace, before, limit) =>
      run(() => {
        const newest = listed(namespace)
          .map(toSession)
          .toSorted((a, b) => b.updatedAt - a.updatedAt || (a.id < b.id ? 1 : -1));
        const rest = newest.filter(
          ({ updatedAt, id }) => !before || updatedAt < before.updatedAt || (updatedAt === before.updatedAt && id < before.id),
        );
        return rest.slice(0, limit);
      }),
    active: () =>
      run(() =>
        database.sessions
          .all((row) => row.session.active && row.mergedInto === null)
          .map(({ session: { id, namespace, thinking }, activeUntil }) => ({ id, namespace, activeUntil, thinking })),
      ),
    change: (id, change, extra = {}) =>
      run((it) => {
        const row = sessionRow(database, id);
        if (!row) return null;
        const session = toSession(saveSession(database, applied(row, change)));
        log(it, row, { type: "session-updated", sessionId: session.id, data: change.pinned ? session : { ...patchOf(change), ...extra } });
        return session;
      }),
    renewLeases: (leases, tell) =>
      run((it) => {
        for (const { id, activeAt, activeUntil } of leases) {
          const row = sessionRow(database, id);
          if (!row) continue;
          saveSession(database, { ...row, activeUntil, session: { ...row.session, activeAt } });
          const { id: sessionId, namespace } = row.session;
          if (tell) it.notify({ namespace, event: { type: "session-updated", sessionId, data: { active: true, activeAt } } });
        }
      }),
    updateMetadata: (id, expected, next, origin) =>
      run((it): VersionedResult<Metadata | null> => {
        const row = sessionRow(database, id);
        if (!row) return { kind: "missing" };
        const { metadata, metadataVersion: version } = row.session;
        if (expected !== null && expected !== version) return { kind: "mismatch", version, value: metadata };
        const value = next(metadata);
        const text = bounded(value, maxMetadataChars);
        if (text === JSON.stringify(metadata)) return { kind: "success", version, value };
        saveSession(database, { ...row, session: { ...row.session, metadata: value, metadataVersion: version + 1 } });
        const data = { metadata: { version: version + 1, value } };
        log(it, row, { type: "session-updated", sessionId: row.session.id, data }, originOf(origin));
        return { kind: "success", version: version + 1, value };
      }),
    updateAgentState: (id, expected, next, origin) =>
      run((it): VersionedResult<AgentState | null> => {
        const row = sessionRow(database, id);
        if (!row) return { kind: "missing" };
        const { agentStateVersion: version } = row.session;
        const current = toSession(row).agentState;
        if (expected !== null && expected !== version) return { kind: "mismatch", version, value: current };
        const said = next(current);
        bounded(said, maxStateChars);
        const { row: absorbed, facts } = withState(row, said, now());
        const kept = saveSession(database, { ...absorbed, session: { ...row.session, agentStateVersion: version + 1 } });
        const value = toSession(kept).agentState;
        const data = { agentState: { version: version + 1, value } };
        const place = log(it, row, { type: "session-updated", sessionId: row.session.id, data }, originOf(origin));
        saveFacts(it, database, { session: row, place, at: now(), facts });
        return { kind: "success", version: version + 1, value };
      }),
    markSeen: (id, at, isBack) =>
      changed(id, (it, row) => {
        const seenAt = isBack ? at : Math.max(at, row.session.seenAt ?? 0);
        if (seenAt !== row.session.seenAt) tellOutcome(it, saveSession(database, { ...row, session: { ...row.session, seenAt } }));
      }),
    announceEnd: (id, reason) =>
      changed(id, (it, row) => {
        const event: SyncEvent = { type: "session-ended", sessionId: row.session.id, ...(reason === undefined ? {} : { reason }) };
        log(it, row, event, reason === undefined ? {} : { ref: reason });
      }),
    merge: (fromId, intoId) =>
      run((it) => {
        const [from, into] = [sessionRow(database, fromId), sessionRow(database, intoId)];
        if (!from || !into || from === into || from.session.namespace !== into.session.namespace) return false;
        const row = merged(database, from, into);
        const sessionId = into.session.id;
        log(it, row, { type: "session-removed", sessionId: from.session.id });
        log(it, row, { type: "session-updated", sessionId, data: toSession(row) });
        log(it, row, { type: "messages-invalidated", sessionId });
        return true;
      }),
    remove: (id) =>
      run((it) => {
        const row = sessionRow(database, id);
        if (!row) return false;
        const sessionId = row.session.id;
        const gone = new Set([sessionId, ...database.sessions.all((one) => one.mergedInto === sessionId).map(({ session }) => session.id)]);
        for (const one of gone) {
          database.sessions.drop(one);
          database.aliases.drop(one);
          for (const { seq } of database.messages.all((message) => message.sessionId === one)) database.messages.drop(messageKey(one, seq));
          for (const { seq } of database.entries.all((entry) => entry.entity === `session:${one}`)) database.entries.drop(String(seq));
          for (const { place } of database.facts.all((record) => record.sessionId === one)) database.facts.drop(String(place));
          for (const table of [database.attachments, database.withdrawn]) dropOf(table, one);
        }
        log(it, row, { type: "session-removed", sessionId });
        return true;
      }),
  };
}

const originOf = (origin: string | undefined) => (origin === undefined ? {} : { origin });

function bounded(value: unknown, max: number): string {
  const text = JSON.stringify(value);
  if (text.length > max) throw new AppError("body_too_large");
  return text;
}

function dropOf(table: MemoryDatabase["attachments"] | MemoryDatabase["withdrawn"], sessionId: string): void {
  const keys: string[] = [];
  (table as MemoryDatabase["withdrawn"]).all((_row, key) => key.startsWith(`${sessionId}\n`) && keys.push(key) > 0);
  for (const key of keys) table.drop(key);
}

function existingRow(database: MemoryDatabase, input: NewSession): SessionRow | "conflict" | null {
  const named = database.sessions.all(
    (row) => row.session.namespace === input.namespace && row.tag === input.tag && row.mergedInto === null,
  );
  const byTag = named.toSorted((a, b) => b.session.createdAt - a.session.createdAt || b.session.seq - a.session.seq)[0];
  const byId = input.id === undefined ? null : sessionRow(database, input.id);
  if (byId && (byId.session.namespace !== input.namespace || byId.tag !== input.tag)) return "conflict";
  if (byTag && input.id !== undefined && byTag.session.id !== canonicalId(database, input.id)) return "conflict";
  return byId ?? byTag ?? null;
}

function newRow({ sessions }: MemoryDatabase, input: NewSession, at: number): { row: SessionRow; facts: Fact[] } {
  bounded(input.metadata, maxMetadataChars);
  const session: SessionRow["session"] = {
    id: input.id ?? randomUUID(),
    namespace: input.namespace,
    seq: Math.max(0, ...sessions.all().map((row) => row.session.seq)) + 1,
    createdAt: at,
    updatedAt: at,
    pinned: false,
    globalPinned: false,
    active: false,
    activeAt: at,
    metadata: input.metadata,
    metadataVersion: 1,
    agentState: null,
    agentStateVersion: 1,
    thinking: false,
    thinkingAt: at,
    activeTurnStartedAt: null,
    backgroundTaskCount: 0,
    todosUpdatedAt: 0,
    teamStateUpdatedAt: 0,
    model: input.model ?? null,
    modelReasoningEffort: input.modelReasoningEffort ?? null,
    effort: input.effort ?? null,
    serviceTier: null,
    hasConversationContent: false,
  };
  const row: SessionRow = {
    session,
    tag: input.tag,
    activeUntil: 0,
    lastSeq: 0,
    lastAt: 0,
    lastWork: 0,
    factsAfter: 0,
    epoch: 0,
    mergedInto: null,
    state: null,
    requests: [],
    end: null,
  };
  return input.agentState === null ? { row, facts: [] } : withState(row, input.agentState, at);
}

function applied(row: SessionRow, change: SessionChange): SessionRow {
  const { activeUntil = row.activeUntil, turnStartedAt, pinned, updatedAt, permissionMode, ...rest } = change;
  const session = { ...row.session, ...rest, updatedAt: Math.max(row.session.updatedAt, updatedAt ?? 0) };
  if (turnStartedAt !== undefined) session.activeTurnStartedAt = turnStartedAt;
  if (pinned !== undefined) Object.assign(session, { pinned: pinned === "project", globalPinned: pinned === "global" });
  if (permissionMode === null) delete session.permissionMode;
  else if (permissionMode !== undefined) session.permissionMode = permissionMode;
  return { ...row, activeUntil, session };
}

/** What existing clients understand of a change. */
function patchOf({
  activeUntil: _until,
  thinkingAt: _at,
  pinned: _pinned,
  turnStartedAt,
  permissionMode,
  ...same
}: SessionChange): SessionPatch {
  return {
    ...same,
    ...(turnStartedAt === undefined ? {} : { activeTurnStartedAt: turnStartedAt }),
    ...(permissionMode == null ? {} : { permissionMode }),
  } as SessionPatch;
}
