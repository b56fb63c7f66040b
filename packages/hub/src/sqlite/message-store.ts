/**
 * `MessageStore` on SQLite: history. The queue's changes are in `queue-rows.ts`, pages in `pages.ts`. `at` is the hub's clock and never
 * goes back within a session, so a new row is always the newest and no reader has to drop its window.
 */
import { factsOfRow, type PromptHolder } from "@hapi/core";
import type { Sqlite } from "@hapi/platform";
import type { Message, MessagesResponse, TodoItem } from "@hapi/protocol";
import type { Writer } from "./group-commit.ts";
import type { LogDraft, SqliteEventLog } from "./event-log.ts";
import type { SessionCache } from "./session-cache.ts";
import { FactRows } from "./fact-rows.ts";
import { OutcomeRows } from "./outcome-rows.ts";
import type { SessionRow } from "./session-row.ts";
import { messageId } from "../messages/message-id.ts";
import { messageColumns, toMessage, type MessageRow } from "./message-row.ts";
import { readPage } from "./pages.ts";
import { QueueRows } from "./queue-rows.ts";
import {
  type DuePrompt,
  maxQueued,
  type MessageStore,
  type NewPrompt,
  type NewRow,
  type PageQuery,
  type QueuedPrompt,
  type StageReport,
  type StoredPrompt,
  type WaitingRow,
} from "../messages/store.ts";

export interface MessageStoreDeps {
  db: Sqlite;
  commits: Writer;
  log: SqliteEventLog;
  cache: SessionCache;
  now: () => number;
}

const insertSql = `INSERT INTO messages (session_pk, seq, id, key, local_id, content, created_at, invoked_at, position, scheduled_at, stage, stage_at, wake, sent)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;

export class SqliteMessageStore implements MessageStore {
  readonly #deps: MessageStoreDeps;
  readonly #queue: QueueRows;
  readonly #outcomes: OutcomeRows;
  readonly #facts: FactRows;

  constructor(deps: MessageStoreDeps) {
    this.#deps = deps;
    this.#outcomes = new OutcomeRows(deps);
    this.#facts = new FactRows(deps);
    this.#queue = new QueueRows(deps, this.#outcomes);
  }

  append(sessionId: string, row: NewRow): Promise<"stored" | "repeated" | "missing"> {
    const { cache, commits, db, now } = this.#deps;
    return commits.write(() => {
      const session = cache.row(sessionId);
      if (!session) return "missing";
      const at = Math.max(now(), session.last_at);
      const seq = session.last_seq + 1;
      const id = messageId(at);
      const localId = row.localId ?? null;
      const createdAt = Math.min(row.createdAt ?? at, at);
      const invokedAt = localId === null ? at : null;
      const stored = db.run(
        insertSql,
        session.pk,
        seq,
        id,
        row.key ?? null,
        localId,
        row.text,
        createdAt,
        invokedAt,
        at,
        null,
        null,
        null,
        0,
        0,
      );
      if (stored.changes === 0) return "repeated";
      this.#moveHead(session, seq, at, row.isContent);
      const message: Message = { id, seq, localId, content: row.content, createdAt, invokedAt };
      const turn = row.turn && { ...row.turn, at };
      const place = this.#logMessage(session, message, row.text, {
        ...(row.origin === undefined ? {} : { origin: row.origin }),
      });
      this.#facts.add(session, { place, at, seq, facts: row.facts });
      if (row.todos) this.#saveTodos(session, row.todos, at);
      if (turn) this.#outcomes.ended(session, seq, { turn, at: createdAt });
      if (row.isWork) session.worked_seq = seq;
      return "stored";
    });
  }

  enqueue(sessionId: string, prompt: NewPrompt): Promise<StoredPrompt> {
    const { cache, commits, db, now } = this.#deps;
    return commits.write(() => {
      const session = cache.row(sessionId);
      if (!session) return { kind: "missing" };
      if (prompt.localId !== null && this.#queue.isWithdrawn(session, prompt.localId)) return { kind: "withdrawn" };
      if (this.#queue.count(session) >= maxQueued) {
        const known = prompt.localId === null ? undefined : this.#rowByLocalId(session, prompt.localId);
        return known ? { kind: "repeated", message: toMessage(known) } : { kind: "full" };
      }
      const at = Math.max(now(), session.last_at);
      const seq = session.last_seq + 1;
      const id = messageId(at);
      // A prompt without a local id can't be tracked by its sender; the hub needs one to deliver it once.
      const localId = prompt.localId ?? id;
      const text = JSON.stringify(prompt.content);
      const { pk } = session;
      const stored = db.run(
        insertSql,
        pk,
        seq,
        id,
        null,
        localId,
        text,
        at,
        null,
        at,
        prompt.scheduledAt,
        "accepted",
        at,
        prompt.wake ? 1 : 0,
        prompt.holder === "session" ? 1 : 0,
      );
      if (stored.changes === 0) return { kind: "repeated", message: toMessage(this.#rowByLocalId(session, localId) as MessageRow) };
      this.#moveHead(session, seq, at, true);
      session.worked_seq = seq;
      const message: Message = {
        id,
        seq,
        localId,
        content: prompt.content,
        createdAt: at,
        invokedAt: null,
        ...(prompt.scheduledAt === null ? {} : { scheduledAt: prompt.scheduledAt }),
        stage: "accepted",
      };
      const place = this.#logMessage(session, message, text, { holder: prompt.holder });
      this.#facts.add(session, { place, at, seq, facts: factsOfRow(prompt.content, localId) });
      this.#deps.log.append({
        namespace: session.namespace,
        event: { type: "session-updated", sessionId: session.id, data: { updatedAt: session.updated_at } },
      });
      return { kind: "stored", message };
    });
  }

  async page(sessionId: string, query: PageQuery): Promise<MessagesResponse> {
    const pk = this.#deps.cache.row(sessionId)?.pk ?? -1;
    return readPage(this.#deps.db, pk, query);
  }

  async since(sessionId: string, afterSeq: number, limit: number, now: number): Promise<Message[]> {
    const pk = this.#deps.cache.row(sessionId)?.pk ?? -1;
    return this.#deps.db
      .all<MessageRow>(
        `SELECT ${messageColumns} FROM messages WHERE session_pk = ? AND seq > ? AND delivery_state = 'queued'
         AND (scheduled_at IS NULL OR scheduled_at <= ? OR invoked_at IS NOT NULL) ORDER BY seq LIMIT ?`,
        pk,
        afterSeq,
        now,
        limit,
      )
      .map(toMessage);
  }

  async find(sessionId: string, idOrLocalId: string): Promise<Message | null> {
    const session = this.#deps.cache.row(sessionId);
    if (!session) return null;
    const row =
      this.#rowByLocalId(session, idOrLocalId) ??
      this.#deps.db.get<MessageRow>(`SELECT ${messageColumns} FROM messages WHERE id = ? AND session_pk = ?`, idOrLocalId, session.pk);
    return row ? toMessage(row) : null;
  }

  async findLocal(sessionId: string, localIds: readonly string[]): Promise<Message[]> {
    const session = this.#deps.cache.row(sessionId);
    if (!session) return [];
    return localIds.flatMap((localId) => {
      const row = this.#rowByLocalId(session, localId);
      return row ? [toMessage(row)] : [];
    });
  }

  async count(sessionId: string): Promise<{ messages: number; bytes: number }> {
    const pk = this.#deps.cache.row(sessionId)?.pk ?? -1;
    const row = this.#deps.db.get<{ messages: number; bytes: number | null }>(
      "SELECT count(*) AS messages, sum(length(content)) AS bytes FROM messages WHERE session_pk = ?",
      pk,
    );
    return { messages: row?.messages ?? 0, bytes: row?.bytes ?? 0 };
  }

  async all(sessionId: string): Promise<Message[]> {
    const pk = this.#deps.cache.row(sessionId)?.pk ?? -1;
    return this.#deps.db
      .all<MessageRow>(`SELECT ${messageColumns} FROM messages WHERE session_pk = ? ORDER BY position, seq`, pk)
      .map(toMessage);
  }

  async hasHistory(sessionId: string): Promise<boolean> {
    const pk = this.#deps.cache.row(sessionId)?.pk ?? -1;
    return this.#deps.db.get("SELECT 1 FROM messages WHERE session_pk = ? AND invoked_at IS NOT NULL LIMIT 1", pk) !== undefined;
  }

  copyHistory(fromId: string, toId: string, beforeLocalId?: string): Promise<void> {
    const { cache, commits, db } = this.#deps;
    return commits.write(() => {
      const from = cache.row(fromId);
      const to = cache.row(toId);
      if (!from || !to) return;
      const cut = beforeLocalId === undefined ? undefined : this.#rowByLocalId(from, beforeLocalId);
      // Ids are derived from the new row, because ids are unique in the whole database.
      db.run(
        `INSERT INTO messages (session_pk, seq, id, key, local_id, content, created_at, invoked_at, position, stage, stage_at, stage_detail)
         SELECT ?1, seq, ?2 || ':' || seq, key, local_id, content, created_at, invoked_at, position, stage, stage_at, stage_detail
         FROM messages WHERE session_pk = ?3 AND invoked_at IS NOT NULL AND (position, seq) < (?4, ?5)`,
        to.pk,
        to.id,
        from.pk,
        cut?.position ?? Number.MAX_SAFE_INTEGER,
        cut?.seq ?? 0,
      );
      this.#moveHead(to, from.last_seq, from.last_at, from.has_content === 1);
      // No consumer hears of a copy; its facts are read from its rows.
      to.facts_after = to.last_seq;
      db.run("UPDATE sessions SET facts_after = ? WHERE pk = ?", to.facts_after, to.pk);
      this.#deps.log.append({ namespace: to.namespace, event: { type: "messages-invalidated", sessionId: to.id } });
    });
  }

  deliverable(sessionId: string, now: number): Promise<QueuedPrompt[]> {
    return this.#queue.deliverable(sessionId, now);
  }

  markSent(sessionId: string, localIds: readonly string[]): Promise<void> {
    return this.#queue.markSent(sessionId, localIds);
  }

  returned(sessionId: string, localIds: readonly string[]): Promise<void> {
    return this.#queue.returned(sessionId, localIds);
  }

  holderOf(sessionId: string, localId: string): Promise<PromptHolder> {
    return this.#queue.holderOf(sessionId, localId);
  }

  waitingRows(sessionId: string, limit: number): Promise<WaitingRow[]> {
    return this.#queue.waitingRows(sessionId, limit);
  }

  handedRows(sessionId: string, until: number, limit: number): Promise<WaitingRow[]> {
    return this.#queue.handedRows(sessionId, until, limit);
  }

  sessionsWithQueue(limit: number): Promise<string[]> {
    return this.#queue.sessionsWithQueue(limit);
  }

  waitingToWake(now: number): Promise<string[]> {
    return this.#queue.waitingToWake(now);
  }

  rest(sessionId: string): Promise<void> {
    return this.#queue.rest(sessionId);
  }

  consume(sessionId: string, localIds: readonly string[], steered: boolean): Promise<void> {
    return this.#queue.consume(sessionId, localIds, steered);
  }

  indeterminate(sessionId: string, localIds: readonly string[]): Promise<void> {
    return this.#queue.setDelivery(sessionId, localIds, "indeterminate");
  }

  steerState(sessionId: string, localIds: readonly string[], state: "queued" | "dispatching"): Promise<void> {
    return this.#queue.setDelivery(sessionId, localIds, state);
  }

  requeue(sessionId: string, localIds: readonly string[]): Promise<void> {
    return this.#queue.requeue(sessionId, localIds);
  }

  stage(sessionId: string, report: StageReport): Promise<void> {
    return this.#queue.stage(sessionId, report);
  }

  note(sessionId: string, localIds: readonly string[], detail: Record<string, unknown>): Promise<void> {
    return this.#queue.note(sessionId, localIds, detail);
  }

  cancel(sessionId: string, localId: string, urlId: string): Promise<boolean> {
    return this.#queue.cancel(sessionId, localId, urlId);
  }

  matured(prompts: readonly DuePrompt[]): Promise<string[]> {
    return this.#queue.matured(prompts);
  }

  scheduledCounts(namespace: string, now: number): Promise<Map<string, { count: number; next: number }>> {
    return this.#queue.scheduledCounts(namespace, now);
  }

  #rowByLocalId(session: SessionRow, localId: string): MessageRow | undefined {
    return this.#deps.db.get<MessageRow>(
      `SELECT ${messageColumns} FROM messages WHERE session_pk = ? AND local_id = ?`,
      session.pk,
      localId,
    );
  }

  #moveHead(session: SessionRow, seq: number, at: number, isContent: boolean): void {
    session.last_seq = seq;
    session.last_at = at;
    session.updated_at = Math.max(session.updated_at, at);
    if (isContent) session.has_content = 1;
    this.#deps.cache.moved(session);
  }

  /** The content is spliced in as it came: large tool results are turned into text once, not per reader. */
  #logMessage(session: SessionRow, message: Message, text: string, facts: Pick<LogDraft, "origin" | "holder">): number {
    const render = (): string => {
      const { content: _content, ...rest } = message;
      const head = JSON.stringify({ type: "message-received", namespace: session.namespace, sessionId: session.id, message: rest });
      return `${head.slice(0, -2)},"content":${text}}}`;
    };
    return this.#deps.log.append({
      namespace: session.namespace,
      event: { type: "message-received", sessionId: session.id, message },
      ref: message.id,
      render,
      ...facts,
    });
  }

  #saveTodos(session: SessionRow, todos: TodoItem[], at: number): void {
    session.todos = JSON.stringify(todos);
    session.todos_updated_at = Math.max(at, (session.todos_updated_at ?? 0) + 1);
    this.#deps.cache.changed(session);
    this.#deps.db.run(
      "UPDATE sessions SET todos = ?, todos_updated_at = ? WHERE pk = ?",
      session.todos,
      session.todos_updated_at,
      session.pk,
    );
    this.#deps.log.append({
      namespace: session.namespace,
      event: {
        type: "session-updated",
        sessionId: session.id,
        data: { todos: { version: session.todos_updated_at, value: todos } },
      },
    });
  }
}
