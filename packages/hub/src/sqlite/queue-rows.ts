/**
 * The prompt queue: rows with a local id that were not invoked. Every change that takes a prompt out of the queue happens once; repeating
 * a report changes nothing and is told to nobody.
 */
import { canAdvance, type PromptHolder } from "@hapi/core";
import type { SyncEvent } from "@hapi/protocol";
import type { OutcomeRows } from "./outcome-rows.ts";
import type { SessionRow } from "./session-row.ts";
import { bumpEpoch } from "./epochs.ts";
import { leavesQueue, messageColumns, toMessage, type MessageRow } from "./message-row.ts";
import type { MessageStoreDeps } from "./message-store.ts";
import type { DuePrompt, QueuedPrompt, StageReport, WaitingRow } from "../messages/store.ts";

const queued = "invoked_at IS NULL AND local_id IS NOT NULL";
/** Named, because the planner prefers indexes that hold every message: a queue is read in time of its own length, not of the history's. */
const inQueue = "messages INDEXED BY messages_queued";
const inHanded = "messages INDEXED BY messages_handed";
const handed = "stage IN ('handed', 'in-transcript') AND local_id IS NOT NULL";
const inSchedule = "messages INDEXED BY messages_scheduled";

/** Longer than a sender keeps trying. */
const keepWithdrawnMs = 30 * 24 * 3600_000;

export class QueueRows {
  readonly #deps: MessageStoreDeps;
  readonly #outcomes: OutcomeRows;

  constructor(deps: MessageStoreDeps, outcomes: OutcomeRows) {
    this.#deps = deps;
    this.#outcomes = outcomes;
  }

  count(session: SessionRow): number {
    const sql = `SELECT count(*) AS n FROM ${inQueue} WHERE session_pk = ? AND ${queued}`;
    return this.#deps.db.get<{ n: number }>(sql, session.pk)?.n ?? 0;
  }

  /** It was taken back: a sender that never heard of its arrival sends it again. */
  isWithdrawn(session: SessionRow, localId: string): boolean {
    return this.#deps.db.get("SELECT 1 FROM withdrawn WHERE session_pk = ? AND local_id = ?", session.pk, localId) !== undefined;
  }

  async deliverable(sessionId: string, now: number): Promise<QueuedPrompt[]> {
    const session = this.#deps.cache.row(sessionId);
    if (!session) return [];
    const rows = this.#deps.db.all<MessageRow>(
      `SELECT ${messageColumns} FROM ${inQueue} WHERE session_pk = ? AND ${queued} AND delivery_state = 'queued'
       AND (scheduled_at IS NULL OR scheduled_at <= ?) ORDER BY seq`,
      session.pk,
      now,
    );
    return rows.map((row) => ({ sessionId: session.id, namespace: session.namespace, message: toMessage(row), wake: row.wake === 1 }));
  }

  async markSent(sessionId: string, localIds: readonly string[]): Promise<void> {
    const session = this.#deps.cache.row(sessionId);
    if (!session) return;
    // Also those that are marked may stand in the transaction that is open.
    if (this.#rows(session, localIds).every((row) => row.sent === 1)) return this.#deps.commits.settled();
    await this.#change(sessionId, ({ pk }) => {
      for (const localId of localIds) this.#deps.db.run("UPDATE messages SET sent = 1 WHERE session_pk = ? AND local_id = ?", pk, localId);
    });
  }

  returned(sessionId: string, localIds: readonly string[]): Promise<void> {
    return this.#change(sessionId, ({ pk }) => {
      const sql = `UPDATE messages SET sent = 0 WHERE session_pk = ? AND local_id = ? AND ${queued}`;
      for (const localId of localIds) this.#deps.db.run(sql, pk, localId);
    });
  }

  async holderOf(sessionId: string, localId: string): Promise<PromptHolder> {
    const session = this.#deps.cache.row(sessionId);
    return session !== null && this.#rows(session, [localId]).some((row) => row.sent === 1) ? "session" : "hub";
  }

  async waitingRows(sessionId: string, limit: number): Promise<WaitingRow[]> {
    const session = this.#deps.cache.row(sessionId);
    if (!session) return [];
    const rows = this.#deps.db.all<{ local_id: string; created_at: number; scheduled_at: number | null; wake: number }>(
      `SELECT local_id, created_at, scheduled_at, wake FROM ${inQueue}
       WHERE session_pk = ? AND ${queued} AND delivery_state = 'queued' ORDER BY seq LIMIT ?`,
      session.pk,
      limit,
    );
    return rows.map((row) => ({
      localId: row.local_id,
      acceptedAt: row.created_at,
      scheduledAt: row.scheduled_at,
      wakes: row.wake === 1,
    }));
  }

  async handedRows(sessionId: string, until: number, limit: number): Promise<WaitingRow[]> {
    const session = this.#deps.cache.row(sessionId);
    if (!session) return [];
    const rows = this.#deps.db.all<{ local_id: string; created_at: number; at: number }>(
      `SELECT local_id, created_at, invoked_at AS at FROM ${inHanded}
       WHERE session_pk = ? AND ${handed} AND invoked_at <= ? ORDER BY seq LIMIT ?`,
      session.pk,
      until,
      limit,
    );
    return rows.map((row) => ({ localId: row.local_id, acceptedAt: row.created_at, scheduledAt: null, wakes: false, handedAt: row.at }));
  }

  async sessionsWithQueue(limit: number): Promise<string[]> {
    const rows = this.#deps.db.all<{ id: string }>(
      `SELECT sessions.id AS id FROM sessions WHERE pk IN (SELECT session_pk FROM ${inQueue} WHERE ${queued}
       UNION SELECT session_pk FROM ${inHanded} WHERE ${handed}) LIMIT ?`,
      limit,
    );
    return rows.map((row) => row.id);
  }

  async waitingToWake(now: number): Promise<string[]> {
    const rows = this.#deps.db.all<{ id: string }>(
      `SELECT DISTINCT sessions.id AS id FROM ${inQueue} JOIN sessions ON sessions.pk = messages.session_pk
       WHERE ${queued} AND wake = 1 AND delivery_state = 'queued' AND (scheduled_at IS NULL OR scheduled_at <= ?) AND sessions.active = 0`,
      now,
    );
    return rows.map((row) => row.id);
  }

  rest(sessionId: string): Promise<void> {
    return this.#change(sessionId, (session) => {
      this.#deps.db.run(`UPDATE ${inQueue} SET wake = 0 WHERE session_pk = ? AND ${queued} AND wake = 1`, session.pk);
    });
  }

  consume(sessionId: string, localIds: readonly string[], steered: boolean): Promise<void> {
    return this.#change(sessionId, (session) => {
      const rows = this.#rows(session, localIds).filter((row) => row.invoked_at === null);
      this.#invoke(session, rows, steered);
    });
  }

  setDelivery(sessionId: string, localIds: readonly string[], state: string): Promise<void> {
    return this.#change(sessionId, (session) => {
      const rows = this.#rows(session, localIds).filter((row) => row.invoked_at === null && row.delivery_state !== state);
      if (rows.length === 0) return;
      for (const row of rows) this.#update(row, { ...row, delivery_state: state });
      const names = rows.map((row) => row.local_id as string);
      if (state === "indeterminate") this.#log(session, { type: "messages-indeterminate", sessionId: session.id, localIds: names }, names);
    });
  }

  requeue(sessionId: string, localIds: readonly string[]): Promise<void> {
    return this.#change(sessionId, (session) => {
      const rows = this.#rows(session, localIds).filter((row) => row.invoked_at === null && row.delivery_state !== "queued");
      if (rows.length === 0) return;
      for (const row of rows) this.#update(row, { ...row, delivery_state: "queued", stage: "accepted", stage_detail: null });
      const names = rows.map((row) => row.local_id as string);
      this.#log(session, { type: "messages-requeued", sessionId: session.id, localIds: names }, names);
      for (const localId of names) this.#outcomes.staged(session, { localId, stage: "accepted", at: this.#deps.now() });
    });
  }

  stage(sessionId: string, report: StageReport): Promise<void> {
    return this.#change(sessionId, (session) => {
      const [row] = this.#rows(session, [report.localId]);
      if (!row || !canAdvance(row.stage, report.stage)) return;
      const detail = report.detail === undefined ? null : JSON.stringify(report.detail);
      const indeterminate = report.stage === "unknown" && row.invoked_at === null;
      const next = { ...row, stage: report.stage, stage_at: report.at, stage_detail: detail };
      if (indeterminate) next.delivery_state = "indeterminate";
      this.#update(row, next);
      if (row.invoked_at === null && leavesQueue(report.stage)) this.#invoke(session, [next], false);
      const names = [report.localId];
      if (indeterminate) this.#log(session, { type: "messages-indeterminate", sessionId: session.id, localIds: names }, names);
      this.#logStage(session, report);
      this.#outcomes.staged(session, report);
    });
  }

  note(sessionId: string, localIds: readonly string[], detail: Record<string, unknown>): Promise<void> {
    return this.#change(sessionId, (session) => {
      for (const row of this.#rows(session, localIds)) {
        if (row.invoked_at !== null) continue;
        const next = { ...row, stage_detail: JSON.stringify(detail) };
        this.#update(row, next);
        // The stage is the same, the row is not: it is told again as a whole, which every client takes for an update.
        this.#deps.log.append({
          namespace: session.namespace,
          event: { type: "message-received", sessionId: session.id, message: toMessage(next) },
          ref: row.id,
        });
      }
    });
  }

  cancel(sessionId: string, localId: string, urlId: string): Promise<boolean> {
    const { cache, commits, db } = this.#deps;
    return commits.write(() => {
      const session = cache.row(sessionId);
      if (!session) return false;
      const gone = db.run(`DELETE FROM messages WHERE session_pk = ? AND local_id = ? AND ${queued}`, session.pk, localId);
      if (gone.changes === 0) return false;
      db.run("INSERT OR REPLACE INTO withdrawn (session_pk, local_id, at) VALUES (?, ?, ?)", session.pk, localId, this.#deps.now());
      db.run("DELETE FROM withdrawn WHERE session_pk = ? AND at < ?", session.pk, this.#deps.now() - keepWithdrawnMs);
      bumpEpoch(this.#deps.db, session.pk);
      const event: SyncEvent = { type: "message-cancelled", sessionId: session.id, messageId: urlId, localId };
      this.#deps.log.append({ namespace: session.namespace, event, ref: JSON.stringify({ messageId: urlId, localId }) });
      return true;
    });
  }

  matured(prompts: readonly DuePrompt[]): Promise<string[]> {
    const { cache, commits, log } = this.#deps;
    return commits.write(() => {
      const due = new Map<string, SessionRow>();
      for (const { sessionId, localId } of prompts) {
        const session = cache.row(sessionId);
        const [row] = session ? this.#rows(session, [localId]) : [];
        if (session && row?.invoked_at === null) due.set(session.id, session);
      }
      for (const [id, { namespace }] of due) log.append({ namespace, event: { type: "scheduled-matured", sessionId: id } });
      return [...due.keys()];
    });
  }

  async scheduledCounts(namespace: string, now: number): Promise<Map<string, { count: number; next: number }>> {
    const rows = this.#deps.db.all<{ id: string; count: number; next: number }>(
      `SELECT sessions.id AS id, count(*) AS count, min(scheduled_at) AS next FROM ${inSchedule} JOIN sessions ON sessions.pk = messages.session_pk
       WHERE invoked_at IS NULL AND scheduled_at IS NOT NULL AND scheduled_at > ? AND sessions.namespace = ? GROUP BY sessions.id`,
      now,
      namespace,
    );
    return new Map(rows.map((row) => [row.id, { count: row.count, next: row.next }]));
  }

  #change(sessionId: string, change: (session: SessionRow) => void): Promise<void> {
    return this.#deps.commits.write(() => {
      const session = this.#deps.cache.row(sessionId);
      if (session) change(session);
    });
  }

  #rows(session: SessionRow, localIds: readonly string[]): MessageRow[] {
    return localIds.flatMap((localId) => {
      const sql = `SELECT ${messageColumns} FROM messages WHERE session_pk = ? AND local_id = ?`;
      const row = this.#deps.db.get<MessageRow>(sql, session.pk, localId);
      return row ? [row] : [];
    });
  }

  /** First report wins. The position moves to the head, strictly behind everything that is there. */
  #invoke(session: SessionRow, rows: readonly MessageRow[], steered: boolean): void {
    if (rows.length === 0) return;
    const at = Math.max(this.#deps.now(), session.last_at + 1);
    for (const row of rows) {
      this.#update(row, { ...row, invoked_at: at, position: at, delivery_state: "queued", steered: steered ? 1 : 0 });
    }
    session.last_at = at;
    this.#deps.cache.moved(session);
    const localIds = rows.map((row) => row.local_id as string);
    const event: SyncEvent = {
      type: "messages-consumed",
      sessionId: session.id,
      localIds,
      invokedAt: at,
      ...(steered ? { steered } : {}),
    };
    this.#log(session, event, localIds);
  }

  #update(row: MessageRow, next: MessageRow): void {
    this.#deps.db.run(
      `UPDATE messages SET invoked_at = ?, position = ?, delivery_state = ?, steered = ?, stage = ?, stage_at = ?, stage_detail = ?
       WHERE session_pk = ? AND seq = ?`,
      next.invoked_at,
      next.position,
      next.delivery_state,
      next.steered,
      next.stage,
      next.stage_at,
      next.stage_detail,
      row.session_pk,
      row.seq,
    );
  }

  #logStage(session: SessionRow, { localId, stage, at, detail }: StageReport): void {
    const event: SyncEvent = {
      type: "message-stage",
      sessionId: session.id,
      localId,
      stage,
      at,
      ...(detail === undefined ? {} : { detail }),
    };
    this.#deps.log.append({ namespace: session.namespace, needs: "stages", ref: localId, event });
  }

  #log(session: SessionRow, event: SyncEvent, localIds: readonly string[]): void {
    this.#deps.log.append({ namespace: session.namespace, event, ref: JSON.stringify(localIds) });
  }
}
