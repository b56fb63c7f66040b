/**
 * Facts beside the rows they are read from, written in the operation that stores the row and told behind it to who asks for them (caps `facts`).
 * A record has the place in the log of what it was read from, so that one number says up to where somebody has heard them.
 */
import { type AnyFact, FACTS_VERSION, type Fact } from "@hapi/protocol";
import type { Sqlite } from "@hapi/platform";
import type { FactStore, StoredFacts } from "../facts/store.ts";
import type { SqliteEventLog } from "./event-log.ts";
import type { Writer } from "./group-commit.ts";
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

export function sqliteFacts({ db, commits, log }: { db: Sqlite; commits: Writer; log: SqliteEventLog }): FactStore {
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
    cursor: (consumer) =>
      commits.write(() => {
        const known = db.get<{ place: number }>("SELECT place FROM fact_consumers WHERE name = ?", consumer)?.place;
        return known ?? setCursor(consumer, log.place);
      }),
    moveCursor: (consumer, place) => commits.write(() => void setCursor(consumer, place)),
  };
}

const toStored = (row: FactRow): StoredFacts => ({
  place: row.place,
  sessionId: row.session_id,
  namespace: row.namespace,
  at: row.at,
  seq: row.seq,
  facts: JSON.parse(row.facts) as AnyFact[],
});
