/**
 * Session rows in memory: read once, written through by the sqlite stores inside an operation. The counters that move with every message
 * (`last_seq`, `last_at`, `updated_at`) are written once per transaction. Bounded; what was rolled back is forgotten, and all of it when
 * another connection has written to the database.
 */
import type { Sqlite } from "@hapi/platform";
import type { AgentState, Metadata, Session } from "@hapi/protocol";
import type { RequestRows } from "./request-rows.ts";
import { parseJson, toSession, type ParsedParts, type SessionRow } from "./session-row.ts";

const maxCached = 5_000;
const maxAliases = 20_000;

type Counters = Pick<SessionRow, "last_seq" | "last_at" | "updated_at" | "has_content" | "worked_seq">;

export class SessionCache {
  readonly #db: Sqlite;
  readonly #requests: RequestRows;
  readonly #refresh: () => void;
  readonly #rows = new Map<string, SessionRow>();
  readonly #sessions = new Map<string, Session>();
  /** Parsed parts of a row, kept while their source is the same: most changes touch neither. */
  readonly #parsed = new Map<string, ParsedParts>();
  /** Where their counters stand after the last operation that ended well. */
  readonly #moved = new Map<SessionRow, Counters>();
  /** By the operation that runs, and how what it does here is taken back. */
  readonly #moving = new Set<SessionRow>();
  readonly #undo: (() => void)[] = [];
  #aliases: Map<string, string>;

  /** `refresh` forgets what may not be true any more. */
  constructor({ db, requests, refresh }: { db: Sqlite; requests: RequestRows; refresh: () => void }) {
    this.#db = db;
    this.#requests = requests;
    this.#refresh = refresh;
    this.#aliases = this.#readAliases();
  }

  canonicalId(id: string): string {
    this.#refresh();
    return this.#aliases.get(id) ?? id;
  }

  row(id: string): SessionRow | null {
    const key = this.canonicalId(id);
    const known = this.#rows.get(key);
    if (known) return known;
    const row = this.#db.get<SessionRow>("SELECT * FROM sessions WHERE id = ? AND merged_into IS NULL", key);
    return row ? this.keep(row) : null;
  }

  keep(row: SessionRow): SessionRow {
    this.#refresh();
    const known = this.#rows.get(row.id);
    if (known) return known;
    if (this.#rows.size >= maxCached) this.#evict();
    this.#rows.set(row.id, row);
    return row;
  }

  session(row: SessionRow): Session {
    const known = this.#sessions.get(row.id);
    if (known) return known;
    const session = toSession(row, this.#parts(row));
    this.#sessions.set(row.id, session);
    return session;
  }

  #parts(row: SessionRow): ParsedParts {
    const known = this.#parsed.get(row.id);
    const isSameState = known?.agentStateVersion === row.agent_state_version;
    const isSameMetadata = known?.metadataText === row.metadata;
    if (known && isSameState && isSameMetadata) return known;
    const parts: ParsedParts = {
      agentStateVersion: row.agent_state_version,
      agentState: known && isSameState ? known.agentState : this.#requests.render(row.pk, parseJson<AgentState>(row.agent_state)),
      metadataText: row.metadata,
      metadata: known && isSameMetadata ? known.metadata : parseJson<Metadata>(row.metadata),
    };
    this.#parsed.set(row.id, parts);
    return parts;
  }

  /** The row was changed: the wire object is made anew. */
  changed(row: SessionRow): void {
    this.#sessions.delete(row.id);
  }

  /** Only counters moved; written with the transaction. */
  moved(row: SessionRow): void {
    this.#moving.add(row);
    const session = this.#sessions.get(row.id);
    if (!session) return;
    const hasConversationContent = row.has_content === 1;
    this.#sessions.set(row.id, { ...session, updatedAt: row.updated_at, hasConversationContent });
  }

  drop(id: string): void {
    const row = this.#rows.get(id);
    if (row) {
      this.#moving.delete(row);
      this.#unmove(row);
      this.#requests.forget(row.pk);
    }
    this.#rows.delete(id);
    this.#sessions.delete(id);
    this.#parsed.delete(id);
  }

  addAlias(alias: string, sessionId: string): void {
    this.#aliases.set(alias, sessionId);
  }

  removeAliasesOf(sessionId: string): void {
    for (const [alias, target] of this.#aliases) if (target === sessionId) this.#aliases.delete(alias);
  }

  /** The operation ended well. */
  kept(): void {
    for (const row of this.#moving) {
      const { last_seq, last_at, updated_at, has_content, worked_seq } = row;
      this.#moved.set(row, { last_seq, last_at, updated_at, has_content, worked_seq });
    }
    this.#moving.clear();
    this.#undo.length = 0;
  }

  /** It did not: what is written next is what stood before it. */
  takenBack(): void {
    this.#moving.clear();
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  flush(): void {
    for (const [row, { last_seq, last_at, updated_at, has_content, worked_seq }] of this.#moved) {
      this.#db.run(
        "UPDATE sessions SET last_seq = ?, last_at = ?, updated_at = ?, has_content = ?, worked_seq = ? WHERE pk = ?",
        last_seq,
        last_at,
        updated_at,
        has_content,
        worked_seq,
        row.pk,
      );
      this.#unmove(row);
    }
  }

  #unmove(row: SessionRow): void {
    const counters = this.#moved.get(row);
    if (!counters) return;
    this.#moved.delete(row);
    this.#undo.push(() => this.#moved.set(row, counters));
  }

  forget(): void {
    this.#moved.clear();
    this.#moving.clear();
    this.#undo.length = 0;
    this.#rows.clear();
    this.#sessions.clear();
    this.#parsed.clear();
    this.#requests.forget();
    this.#aliases = this.#readAliases();
  }

  #readAliases(): Map<string, string> {
    const rows = this.#db.all<{ alias: string; session_id: string }>(
      "SELECT alias, session_id FROM aliases ORDER BY created_at DESC LIMIT ?",
      maxAliases,
    );
    return new Map(rows.map((row) => [row.alias, row.session_id]));
  }

  #evict(): void {
    for (const [id, row] of this.#rows) {
      if (this.#moved.has(row) || this.#moving.has(row)) continue;
      this.drop(id);
      return;
    }
  }
}
