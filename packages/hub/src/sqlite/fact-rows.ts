/**
 * Facts beside the rows they are read from, written in the operation that stores the row and told behind it to who asks for them (caps `facts`).
 * A record has the place in the log of what it was read from, so that one number says up to where somebody has heard them.
 */
import { factsOfRow } from "@hapi/core";
import { type AnyFact, FACTS_VERSION, type Fact } from "@hapi/protocol";
import type { Sqlite } from "@hapi/platform";
import type { FactPage, FactStore, StoredFacts } from "../facts/store.ts";
import type { SqliteEventLog } from "./event-log.ts";
import type { Writer } from "./group-commit.ts";
import { readEpoch } from "./epochs.ts";
import type { SessionCache } from "./session-cache.ts";
import type { SessionRow } from "./session-row.ts";

interface FactRow {
  place: number;
  session_id: string;
  namespace: string;
  at: number;
  seq: number | null;
  facts: string;
}

export class FactRows {
  readonly #deps: { db: Sqlite; log: SqliteEventLog };

  constructor(deps: { db: Sqlite; log: SqliteEventLog }) {
    this.#deps = deps;
  }

  /** Only inside an operation of the group commit. `seq`: of the message; absent: they are a request's. */
  add(session: SessionRow, said: { place: number; at: number; seq?: number; facts: readonly Fact[] }): void {
    if (said.facts.length === 0) return;
    const { db, log } = this.#deps;
    const { place, at, seq, facts } = said;
    db.run(
      "INSERT INTO facts (place, session_pk, seq, at, version, facts) VALUES (?, ?, ?, ?, ?, ?)",
      place,
      session.pk,
      seq ?? null,
      at,
      FACTS_VERSION,
      JSON.stringify(facts),
    );
    const { id: sessionId, namespace } = session;
    log.notify({
      namespace,
      needs: "facts",
      event: { type: "facts", sessionId, place, at, ...(seq === undefined ? {} : { seq }), facts: [...facts] },
    });
  }
}

interface FactStoreDeps {
  db: Sqlite;
  commits: Writer;
  log: SqliteEventLog;
  cache: SessionCache;
}

export function sqliteFacts({ db, commits, log, cache }: FactStoreDeps): FactStore {
  const setCursor = (consumer: string, place: number): number => {
    db.run(
      "INSERT INTO fact_consumers (name, place) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET place = excluded.place",
      consumer,
      place,
    );
    return place;
  };
  return {
    async after(place, limit) {
      return db
        .all<FactRow>(
          `SELECT facts.place, sessions.id AS session_id, sessions.namespace, facts.at, facts.seq, facts.facts
           FROM facts JOIN sessions ON sessions.pk = facts.session_pk WHERE facts.place > ? ORDER BY facts.place LIMIT ?`,
          place,
          limit,
        )
        .map(toStored);
    },
    async ofSession(sessionId, after, limit) {
      const session = cache.row(sessionId);
      return session ? pageOf(db, session, { after, limit }) : { facts: [], next: after, hasMore: false, epoch: 0 };
    },
    cursor: (consumer) =>
      commits.write(() => {
        const known = db.get<{ place: number }>("SELECT place FROM fact_consumers WHERE name = ?", consumer)?.place;
        return known ?? setCursor(consumer, log.place);
      }),
    moveCursor: (consumer, place) => commits.write(() => void setCursor(consumer, place)),
  };
}

interface Asked {
  after: number;
  limit: number;
}

function pageOf(db: Sqlite, session: SessionRow, { after, limit }: Asked): FactPage {
  // One more than asked for says whether there is more.
  const before = rowsBefore(db, session, { after, limit: limit + 1 });
  const left = limit - before.length;
  const rows = left < 0 ? [] : storedRows(db, session, { after: Math.max(after, 0), limit: left + 1 });
  const stored = rows.slice(0, Math.max(left, 0)).map((row) => current(db, session, row));
  const read = before.slice(0, limit);
  return {
    facts: [...read.filter(({ facts }) => facts.length > 0), ...stored],
    next: stored.at(-1)?.place ?? read.at(-1)?.place ?? after,
    hasMore: left < 0 || rows.length > left,
    epoch: readEpoch(db, session.pk),
  };
}

/** Rows whose facts are not stored; each has its place before all those that are. */
function rowsBefore(db: Sqlite, session: SessionRow, { after, limit }: Asked): StoredFacts[] {
  const end = session.facts_after + 1;
  const from = Math.max(after + end, 0);
  if (from >= session.facts_after) return [];
  const rows = db.all<{ seq: number; local_id: string | null; content: string; position: number }>(
    "SELECT seq, local_id, content, position FROM messages WHERE session_pk = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
    session.pk,
    from,
    session.facts_after,
    limit,
  );
  const { id: sessionId, namespace } = session;
  return rows.map(({ seq, local_id, content, position }) => {
    return { place: seq - end, sessionId, namespace, at: position, seq, facts: factsOfRow(JSON.parse(content), local_id) };
  });
}

interface VersionedRow extends FactRow {
  version: number;
}

const storedRows = (db: Sqlite, session: SessionRow, { after, limit }: Asked): VersionedRow[] =>
  db.all<VersionedRow>(
    `SELECT place, ?1 AS session_id, ?2 AS namespace, at, seq, facts, version FROM facts
     WHERE session_pk = ?3 AND place > ?4 AND (seq IS NULL OR seq > ?5) ORDER BY place LIMIT ?6`,
    session.id,
    session.namespace,
    session.pk,
    after,
    session.facts_after,
    limit,
  );

/** What an older version stored is read from its row again. */
function current(db: Sqlite, session: SessionRow, row: VersionedRow): StoredFacts {
  const stored = toStored(row);
  if (row.version >= FACTS_VERSION || row.seq === null) return stored;
  const message = db.get<{ local_id: string | null; content: string }>(
    "SELECT local_id, content FROM messages WHERE session_pk = ? AND seq = ?",
    session.pk,
    row.seq,
  );
  return message ? { ...stored, facts: factsOfRow(JSON.parse(message.content), message.local_id) } : stored;
}

const toStored = (row: FactRow): StoredFacts => ({
  place: row.place,
  sessionId: row.session_id,
  namespace: row.namespace,
  at: row.at,
  seq: row.seq,
  facts: JSON.parse(row.facts) as AnyFact[],
});
