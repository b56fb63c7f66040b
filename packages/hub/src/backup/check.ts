/**
 * Is the database whole? SQLite's own check of the file, references between rows, and what the hub counts on: counters that are not behind
 * what they count, rows that belong to something. Reads only; `repairDatabase` mends what follows from other rows.
 */
import type { Sqlite } from "@hapi/platform";
import { toAppError } from "@hapi/protocol";

export interface Problem {
  /** `file` means the file itself is damaged; the others are rows. */
  kind: "file" | "reference" | "counter" | "orphan" | "content";
  text: string;
  count: number;
}

interface Rule {
  kind: Problem["kind"];
  text: string;
  /** Gives `n`. */
  count: string;
  /** Mends it without losing anything a person wrote. */
  repair?: string;
}

const maxShown = 20;

const behind = "SELECT max(seq) AS seq, max(position) AS position, session_pk FROM messages GROUP BY session_pk";
const rules: readonly Rule[] = [
  {
    kind: "counter",
    text: "sessions count fewer messages than they have: new ones would be taken for repetitions",
    count: `SELECT count(*) AS n FROM sessions JOIN (${behind}) AS head ON head.session_pk = sessions.pk WHERE head.seq > sessions.last_seq`,
    repair: `UPDATE sessions SET last_seq = head.seq FROM (${behind}) AS head WHERE head.session_pk = sessions.pk AND head.seq > sessions.last_seq`,
  },
  {
    kind: "counter",
    text: "sessions are older than their newest message: new ones would be placed before it",
    count: `SELECT count(*) AS n FROM sessions JOIN (${behind}) AS head ON head.session_pk = sessions.pk WHERE head.position > sessions.last_at`,
    repair: `UPDATE sessions SET last_at = head.position FROM (${behind}) AS head
      WHERE head.session_pk = sessions.pk AND head.position > sessions.last_at`,
  },
  {
    kind: "content",
    text: "messages are neither in the history nor in the queue: nobody would see them",
    count: "SELECT count(*) AS n FROM messages WHERE invoked_at IS NULL AND local_id IS NULL",
    repair: "UPDATE messages SET invoked_at = created_at WHERE invoked_at IS NULL AND local_id IS NULL",
  },
  {
    kind: "content",
    text: "messages can't be read",
    count: "SELECT count(*) AS n FROM messages WHERE NOT json_valid(content)",
  },
  {
    kind: "content",
    text: "sessions whose description can't be read",
    count: `SELECT count(*) AS n FROM sessions WHERE (metadata IS NOT NULL AND NOT json_valid(metadata))
      OR (agent_state IS NOT NULL AND NOT json_valid(agent_state)) OR (todos IS NOT NULL AND NOT json_valid(todos))`,
  },
  {
    kind: "orphan",
    text: "other names of sessions that are gone",
    count: "SELECT count(*) AS n FROM aliases WHERE session_id NOT IN (SELECT id FROM sessions)",
    repair: "DELETE FROM aliases WHERE session_id NOT IN (SELECT id FROM sessions)",
  },
  {
    kind: "orphan",
    text: "sessions folded into one that is gone",
    count: "SELECT count(*) AS n FROM sessions WHERE merged_into IS NOT NULL AND merged_into NOT IN (SELECT id FROM sessions)",
    repair: "UPDATE sessions SET merged_into = NULL WHERE merged_into IS NOT NULL AND merged_into NOT IN (SELECT id FROM sessions)",
  },
];

/** Of the file alone: may anything in it be believed? */
export function checkFile(db: Sqlite): Problem[] {
  const found = readable(() => db.all<{ integrity_check: string }>(`PRAGMA integrity_check(${maxShown})`));
  if (!Array.isArray(found)) return [found];
  return found.filter((row) => row.integrity_check !== "ok").map((row) => ({ kind: "file", text: row.integrity_check, count: 1 }));
}

export function checkRows(db: Sqlite): Problem[] {
  const lost = db.all<{ table: string; parent: string; n: number }>(
    'SELECT "table", parent, count(*) AS n FROM pragma_foreign_key_check GROUP BY "table", parent',
  );
  const problems = lost.map(({ table, parent, n }): Problem => ({
    kind: "reference",
    text: `rows of ${table} belong to nothing in ${parent}`,
    count: n,
  }));
  for (const { kind, text, count } of rules) {
    const n = db.get<{ n: number }>(count)?.n ?? 0;
    if (n > 0) problems.push({ kind, text, count: n });
  }
  return problems;
}

export function checkDatabase(db: Sqlite): Problem[] {
  const problems = checkFile(db);
  const rows = readable(() => checkRows(db));
  return Array.isArray(rows) ? [...problems, ...rows] : [...problems, rows];
}

/** Indexes are made anew from their rows, counters from what they count, rows that belong to nothing go. */
export function repairDatabase(db: Sqlite): void {
  db.exec("REINDEX");
  db.transaction(() => {
    for (const { table, rowid } of db.all<{ table: string; rowid: number | null }>("PRAGMA foreign_key_check"))
      if (rowid !== null) db.run(`DELETE FROM "${table}" WHERE rowid = ?`, rowid);
    for (const { repair } of rules) if (repair !== undefined) db.run(repair);
  });
}

/** A damaged page shows when it is read. */
function readable<T>(read: () => T): T | Problem {
  try {
    return read();
  } catch (cause) {
    const error = toAppError(cause);
    if (error.code !== "database_corrupt" && error.code !== "disk_failed") throw cause;
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    return { kind: "file", text: reason, count: 1 };
  }
}
