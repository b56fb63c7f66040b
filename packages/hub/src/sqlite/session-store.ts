/** `SessionStore` on SQLite. Every method is one operation of the group commit; the events it causes are logged with it. */
import { randomUUID } from "node:crypto";
import { AppError, type AgentState, type Fact, type Metadata, type Session, type SessionPatch, type SyncEvent } from "@hapi/protocol";
import { FactRows } from "./fact-rows.ts";
import { mergeSessions, removeSession } from "./merge-rows.ts";
import { OutcomeRows } from "./outcome-rows.ts";
import { saveRow, type SessionStoreDeps } from "./save-row.ts";
import type { SessionRow } from "./session-row.ts";
import type { VersionedResult } from "../events/versioned.ts";
import type { CreateResult, Lease, NewSession, SessionChange, SessionStore } from "../sessions/store.ts";

export class SqliteSessionStore implements SessionStore {
  readonly #deps: SessionStoreDeps;
  readonly #outcomes: OutcomeRows;
  readonly #facts: FactRows;

  constructor(deps: SessionStoreDeps) {
    this.#deps = deps;
    this.#outcomes = new OutcomeRows(deps);
    this.#facts = new FactRows(deps);
  }

  async canonicalId(id: string): Promise<string> {
    return this.#deps.cache.canonicalId(id);
  }

  async get(id: string): Promise<Session | null> {
    const row = this.#deps.cache.row(id);
    return row ? this.#deps.cache.session(row) : null;
  }

  async list(namespace: string): Promise<Session[]> {
    return this.#many("SELECT * FROM sessions WHERE namespace = ? AND merged_into IS NULL", [namespace]);
  }

  async listPage(namespace: string, before: { updatedAt: number; id: string } | null, limit: number): Promise<Session[]> {
    const from = before ?? { updatedAt: Number.MAX_SAFE_INTEGER, id: "" };
    return this.#many(
      `SELECT * FROM sessions WHERE namespace = ? AND merged_into IS NULL AND (updated_at, id) < (?, ?)
       ORDER BY updated_at DESC, id DESC LIMIT ?`,
      [namespace, from.updatedAt, from.id, limit],
    );
  }

  async active(): Promise<{ id: string; namespace: string; activeUntil: number; thinking: boolean }[]> {
    const rows = this.#deps.db.all<Pick<SessionRow, "id" | "namespace" | "active_until" | "thinking">>(
      "SELECT id, namespace, active_until, thinking FROM sessions WHERE active = 1 AND merged_into IS NULL",
    );
    return rows.map((row) => ({ id: row.id, namespace: row.namespace, activeUntil: row.active_until, thinking: row.thinking === 1 }));
  }

  create(input: NewSession): Promise<CreateResult> {
    return this.#deps.commits.write(() => {
      const existing = this.#existing(input);
      if (existing) return existing;
      const { row, facts } = this.#insert(input);
      const session = this.#deps.cache.session(row);
      const place = this.#log(row, { type: "session-added", sessionId: row.id, data: session });
      this.#facts.add(row, { place, at: row.created_at, facts });
      return { kind: "created", session };
    });
  }

  change(id: string, change: SessionChange, extra: SessionPatch = {}): Promise<Session | null> {
    return this.#deps.commits.write(() => {
      const row = this.#deps.cache.row(id);
      if (!row) return null;
      applyChange(row, change);
      this.#save(row);
      const session = this.#deps.cache.session(row);
      // The pin has no place in a patch: whoever needs it gets the whole session.
      const data = change.pinned === undefined ? { ...patchOf(change), ...extra } : session;
      this.#log(row, { type: "session-updated", sessionId: row.id, data });
      return session;
    });
  }

  renewLeases(leases: readonly Lease[], tell: boolean): Promise<void> {
    return this.#deps.commits.write(() => {
      for (const lease of leases) {
        const row = this.#deps.cache.row(lease.id);
        if (!row) continue;
        row.active_at = lease.activeAt;
        row.active_until = lease.activeUntil;
        this.#deps.cache.changed(row);
        this.#deps.db.run("UPDATE sessions SET active_at = ?, active_until = ? WHERE pk = ?", lease.activeAt, lease.activeUntil, row.pk);
        if (!tell) continue;
        const data = { active: true, activeAt: lease.activeAt };
        this.#deps.log.notify({ namespace: row.namespace, event: { type: "session-updated", sessionId: row.id, data } });
      }
    });
  }

  updateMetadata(
    id: string,
    expectedVersion: number | null,
    next: (current: Metadata | null) => Metadata | null,
    origin?: string,
  ): Promise<VersionedResult<Metadata | null>> {
    return this.#deps.commits.write(() => {
      const row = this.#deps.cache.row(id);
      if (!row) return { kind: "missing" };
      const current = this.#deps.cache.session(row).metadata;
      if (expectedVersion !== null && expectedVersion !== row.metadata_version)
        return { kind: "mismatch", version: row.metadata_version, value: current };
      const value = next(current);
      const text = value === null ? null : bounded(JSON.stringify(value), maxMetadataChars);
      // Writing the same again is a success without a new version: nobody has to hear of it.
      if (text === row.metadata) return { kind: "success", version: row.metadata_version, value };
      row.metadata = text;
      row.metadata_version += 1;
      this.#save(row);
      const data = { metadata: { version: row.metadata_version, value } };
      this.#log(row, { type: "session-updated", sessionId: row.id, data }, origin);
      return { kind: "success", version: row.metadata_version, value };
    });
  }

  updateAgentState(
    id: string,
    expectedVersion: number | null,
    next: (current: AgentState | null) => AgentState | null,
    origin?: string,
  ): Promise<VersionedResult<AgentState | null>> {
    return this.#deps.commits.write(() => {
      const row = this.#deps.cache.row(id);
      if (!row) return { kind: "missing" };
      const current = this.#deps.cache.session(row).agentState;
      if (expectedVersion !== null && expectedVersion !== row.agent_state_version)
        return { kind: "mismatch", version: row.agent_state_version, value: current };
      const state = next(current);
      bounded(JSON.stringify(state), maxStateChars);
      const { rest, facts } = this.#deps.requests.absorb(row.pk, state ?? {});
      row.agent_state = state === null ? null : JSON.stringify(rest);
      row.agent_state_version += 1;
      this.#save(row);
      const value = this.#deps.cache.session(row).agentState;
      const data = { agentState: { version: row.agent_state_version, value } };
      const place = this.#log(row, { type: "session-updated", sessionId: row.id, data }, origin);
      this.#facts.add(row, { place, at: this.#deps.now(), facts });
      return { kind: "success", version: row.agent_state_version, value };
    });
  }

  markSeen(id: string, at: number, isBack: boolean): Promise<void> {
    return this.#deps.commits.write(() => {
      const row = this.#deps.cache.row(id);
      if (row) this.#outcomes.seen(row, isBack ? at : Math.max(at, row.seen_at ?? 0));
    });
  }

  announceEnd(id: string, reason: string | undefined): Promise<void> {
    return this.#deps.commits.write(() => {
      const row = this.#deps.cache.row(id);
      if (row) this.#log(row, { type: "session-ended", sessionId: row.id, ...(reason === undefined ? {} : { reason }) }, undefined, reason);
    });
  }

  merge(from: string, into: string): Promise<boolean> {
    return this.#deps.commits.write(() => mergeSessions(this.#deps, from, into));
  }

  remove(id: string): Promise<boolean> {
    return this.#deps.commits.write(() => removeSession(this.#deps, id));
  }

  #existing(input: NewSession): CreateResult | null {
    const { cache, db } = this.#deps;
    const byTag = db.get<SessionRow>(
      "SELECT * FROM sessions WHERE namespace = ? AND tag = ? AND merged_into IS NULL ORDER BY created_at DESC, pk DESC LIMIT 1",
      input.namespace,
      input.tag,
    );
    const byId = input.id === undefined ? null : cache.row(input.id);
    if (byId && (byId.namespace !== input.namespace || byId.tag !== input.tag)) return { kind: "conflict" };
    if (byTag && input.id !== undefined && byTag.id !== cache.canonicalId(input.id)) return { kind: "conflict" };
    const row = byId ?? (byTag ? cache.keep(byTag) : null);
    return row ? { kind: "existing", session: cache.session(row) } : null;
  }

  #insert(input: NewSession): { row: SessionRow; facts: readonly Fact[] } {
    const { cache, db, now, requests } = this.#deps;
    const at = now();
    const id = input.id ?? randomUUID();
    const { lastInsertRowid: pk } = db.run(
      `INSERT INTO sessions (id, namespace, tag, created_at, updated_at, metadata, model, model_reasoning_effort, effort, active_at, thinking_at)
       VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?4, ?4)`,
      id,
      input.namespace,
      input.tag,
      at,
      input.metadata === null ? null : bounded(JSON.stringify(input.metadata), maxMetadataChars),
      input.model ?? null,
      input.modelReasoningEffort ?? null,
      input.effort ?? null,
    );
    if (input.agentState === null) return { row: cache.row(id) as SessionRow, facts: [] };
    const { rest, facts } = requests.absorb(pk, input.agentState);
    db.run("UPDATE sessions SET agent_state = ? WHERE pk = ?", JSON.stringify(rest), pk);
    return { row: cache.row(id) as SessionRow, facts };
  }

  #many(sql: string, params: (string | number)[]): Session[] {
    const { cache, db } = this.#deps;
    return db.all<SessionRow>(sql, ...params).map((row) => cache.session(cache.keep(row)));
  }

  #save(row: SessionRow): void {
    this.#deps.cache.changed(row);
    saveRow(this.#deps.db, row);
  }

  #log(row: SessionRow, event: SyncEvent, origin?: string, ref?: string): number {
    return this.#deps.log.append({
      namespace: row.namespace,
      event,
      ...(origin === undefined ? {} : { origin }),
      ...(ref === undefined ? {} : { ref }),
    });
  }
}

/** Both travel with every read of a session. */
const maxMetadataChars = 1024 * 1024;
const maxStateChars = 16 * 1024 * 1024;

function bounded(text: string, max: number): string {
  if (text.length > max) throw new AppError("body_too_large");
  return text;
}

function applyChange(row: SessionRow, change: SessionChange): void {
  if (change.active !== undefined) row.active = change.active ? 1 : 0;
  if (change.activeAt !== undefined) row.active_at = change.activeAt;
  if (change.activeUntil !== undefined) row.active_until = change.activeUntil;
  if (change.thinking !== undefined) row.thinking = change.thinking ? 1 : 0;
  if (change.thinkingAt !== undefined) row.thinking_at = change.thinkingAt;
  if (change.turnStartedAt !== undefined) row.turn_started_at = change.turnStartedAt;
  if (change.model !== undefined) row.model = change.model;
  if (change.modelReasoningEffort !== undefined) row.model_reasoning_effort = change.modelReasoningEffort;
  if (change.effort !== undefined) row.effort = change.effort;
  if (change.serviceTier !== undefined) row.service_tier = change.serviceTier;
  if (change.permissionMode !== undefined) row.permission_mode = change.permissionMode;
  if (change.pinned !== undefined) row.pinned = change.pinned;
  if (change.updatedAt !== undefined) row.updated_at = Math.max(row.updated_at, change.updatedAt);
}

/** What of a change an existing client understands; it rejects a patch with any other key. */
function patchOf(change: SessionChange): SessionPatch {
  const patch: SessionPatch = {};
  if (change.active !== undefined) patch.active = change.active;
  if (change.activeAt !== undefined) patch.activeAt = change.activeAt;
  if (change.thinking !== undefined) patch.thinking = change.thinking;
  if (change.turnStartedAt !== undefined) patch.activeTurnStartedAt = change.turnStartedAt;
  if (change.model !== undefined) patch.model = change.model;
  if (change.modelReasoningEffort !== undefined) patch.modelReasoningEffort = change.modelReasoningEffort;
  if (change.effort !== undefined) patch.effort = change.effort;
  if (change.serviceTier !== undefined) patch.serviceTier = change.serviceTier;
  if (change.permissionMode != null) patch.permissionMode = change.permissionMode;
  if (change.updatedAt !== undefined) patch.updatedAt = change.updatedAt;
  return patch;
}
