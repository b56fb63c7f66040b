/**
 * Pages of a session's history, exactly as existing clients page: position is
 * `(invokedAt ?? createdAt, seq)`; the latest page carries every queued prompt besides, outside the cursor.
 */
import type { Sqlite } from "@hapi/platform";
import type { MessagesResponse, Page } from "@hapi/protocol";
import { readEpoch } from "./epochs.ts";
import { messageColumns, toMessage, type MessageRow } from "./message-row.ts";
import type { PageQuery } from "../messages/store.ts";

interface Position {
  at: number;
  seq: number;
}

const positionOf = (row: MessageRow | undefined): Position | null => (row ? { at: row.position, seq: row.seq } : null);

export function readPage(db: Sqlite, sessionPk: number, query: PageQuery): MessagesResponse {
  const epoch = readEpoch(db, sessionPk);
  if (query.direction === "before") return before(db, sessionPk, query, epoch);
  if (query.direction === "latest") return latest(db, sessionPk, query.limit, { epoch, reset: false });
  if (query.epoch !== undefined && query.epoch !== epoch) return latest(db, sessionPk, query.limit, { epoch, reset: true });
  return after(db, sessionPk, query, epoch);
}

function head(db: Sqlite, sessionPk: number): Position | null {
  return positionOf(
    db.get<MessageRow>(`SELECT ${messageColumns} FROM messages WHERE session_pk = ? ORDER BY position DESC, seq DESC LIMIT 1`, sessionPk),
  );
}

function latest(db: Sqlite, sessionPk: number, limit: number, facts: { epoch: number; reset: boolean }): MessagesResponse {
  const newest = db.all<MessageRow>(
    `SELECT ${messageColumns} FROM messages WHERE session_pk = ? ORDER BY position DESC, seq DESC LIMIT ?`,
    sessionPk,
    limit + 1,
  );
  const rows = newest.slice(0, limit);
  const shown = new Set(rows.map((row) => row.id));
  const queued = db
    .all<MessageRow>(
      `SELECT ${messageColumns} FROM messages INDEXED BY messages_queued
       WHERE session_pk = ? AND invoked_at IS NULL AND local_id IS NOT NULL ORDER BY seq`,
      sessionPk,
    )
    .filter((row) => !shown.has(row.id));
  const oldest = positionOf(rows.at(-1));
  const top = positionOf(rows[0]);
  const page: Page = {
    ...emptyPage("latest", limit, facts.epoch),
    reset: facts.reset,
    nextBeforeSeq: oldest?.seq ?? null,
    nextBeforeAt: oldest?.at ?? null,
    snapshotHeadSeq: top?.seq ?? null,
    snapshotHeadAt: top?.at ?? null,
    hasMore: newest.length > limit,
  };
  return { messages: [...rows, ...queued].sort(byPosition).map(toMessage), page };
}

function before(db: Sqlite, sessionPk: number, query: Extract<PageQuery, { direction: "before" }>, epoch: number): MessagesResponse {
  const found = db.all<MessageRow>(
    `SELECT ${messageColumns} FROM messages WHERE session_pk = ? AND (position, seq) < (?, ?) ORDER BY position DESC, seq DESC LIMIT ?`,
    sessionPk,
    query.at,
    query.seq,
    query.limit + 1,
  );
  const rows = found.slice(0, query.limit);
  const oldest = positionOf(rows.at(-1));
  const page: Page = {
    ...emptyPage("before", query.limit, epoch),
    nextBeforeSeq: oldest?.seq ?? null,
    nextBeforeAt: oldest?.at ?? null,
    hasMore: found.length > query.limit,
  };
  return { messages: rows.reverse().map(toMessage), page };
}

function after(db: Sqlite, sessionPk: number, query: Extract<PageQuery, { direction: "after" }>, epoch: number): MessagesResponse {
  const current = head(db, sessionPk);
  const until = current && query.until && isBefore(query.until, current) ? query.until : current;
  const page: Page = {
    ...emptyPage("after", query.limit, epoch),
    nextAfterSeq: query.seq,
    nextAfterAt: query.at,
    snapshotHeadSeq: until?.seq ?? null,
    snapshotHeadAt: until?.at ?? null,
  };
  if (!until || !isBefore(query, until)) return { messages: [], page };
  const found = db.all<MessageRow>(
    `SELECT ${messageColumns} FROM messages WHERE session_pk = ? AND (position, seq) > (?, ?) AND (position, seq) <= (?, ?)
     ORDER BY position, seq LIMIT ?`,
    sessionPk,
    query.at,
    query.seq,
    until.at,
    until.seq,
    query.limit + 1,
  );
  const rows = found.slice(0, query.limit);
  const newest = positionOf(rows.at(-1));
  return {
    messages: rows.map(toMessage),
    page: {
      ...page,
      nextAfterSeq: newest?.seq ?? query.seq,
      nextAfterAt: newest?.at ?? query.at,
      hasMore: found.length > query.limit,
    },
  };
}

function emptyPage(direction: Page["direction"], limit: number, epoch: number): Page {
  return {
    direction,
    limit,
    epoch,
    reset: false,
    nextBeforeSeq: null,
    nextBeforeAt: null,
    nextAfterSeq: null,
    nextAfterAt: null,
    snapshotHeadSeq: null,
    snapshotHeadAt: null,
    hasMore: false,
  };
}

function isBefore(a: Position, b: Position): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}

function byPosition(a: MessageRow, b: MessageRow): number {
  return a.position - b.position || a.seq - b.seq;
}
