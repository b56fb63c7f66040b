/** `KeepingStore` on SQLite. */
import { statSync } from "node:fs";
import { attempt, type Sqlite } from "@hapi/platform";
import type { GroupCommit } from "./group-commit.ts";
import type { HubEvent } from "../events/hub-event.ts";
import { readMeta, writeMeta } from "./database-facts.ts";
import type { KeepingStore } from "../keeping/housekeeping.ts";
import type { Expired, Retention } from "../keeping/retention.ts";

const cleanedKey = "retention";

/** What was deleted by itself, for `hapi hub status`. */
export interface Cleaned {
  at: number;
  sessions: number;
  sessionsInAll: number;
}

export function readCleaned(db: Sqlite): Cleaned | null {
  const text = readMeta(db, cleanedKey);
  return text === null ? null : (JSON.parse(text) as Cleaned);
}

export function sqliteKeeping(deps: { db: Sqlite; commits: GroupCommit<HubEvent>; changes(): Promise<number> }): KeepingStore {
  const { db, commits, changes } = deps;
  const one = (sql: string): number => Number(Object.values(db.get<Record<string, number>>(sql) ?? {})[0] ?? 0);
  return {
    changes,
    expired: async (retention, now, limit) => expiredSessions(db, retention, now, limit),
    noteDeleted: (sessions, at) =>
      commits.write(() => {
        const cleaned: Cleaned = { at, sessions, sessionsInAll: (readCleaned(db)?.sessionsInAll ?? 0) + sessions };
        writeMeta(db, cleanedKey, JSON.stringify(cleaned));
      }),
    async room() {
      const pageBytes = one("PRAGMA page_size");
      return {
        totalBytes: one("PRAGMA page_count") * pageBytes,
        freeBytes: one("PRAGMA freelist_count") * pageBytes,
        isShrinkable: one("PRAGMA auto_vacuum") === 2,
      };
    },
    async scrub() {
      let isDone = false;
      await commits.betweenTransactions(() => {
        const usual = one("PRAGMA busy_timeout");
        try {
          db.exec("PRAGMA busy_timeout = 20");
          isDone = one("PRAGMA wal_checkpoint(TRUNCATE)") === 0;
        } finally {
          db.exec(`PRAGMA busy_timeout = ${usual}`);
        }
      });
      return isDone;
    },
    giveBack(bytes) {
      const pages = Math.ceil(bytes / one("PRAGMA page_size"));
      return commits.betweenTransactions(() => db.exec(`PRAGMA incremental_vacuum(${pages})`));
    },
    async files() {
      if (db.path === ":memory:") return [];
      return ["", "-wal", "-shm"].map((suffix) => ({
        path: db.path + suffix,
        bytes: attempt(() => statSync(db.path + suffix).size, "a file that is not there is empty") ?? 0,
      }));
    },
  };
}

const dayMs = 24 * 3600_000;

/** Oldest first, at most `limit`. */
function expiredSessions(db: Sqlite, retention: Retention, now: number, limit: number): Expired[] {
  const before = (age: number | null): number => (age === null ? Number.MIN_SAFE_INTEGER : now - age * dayMs);
  const [archivedBefore, inactiveBefore] = [before(retention.deleteArchivedAfterDays), before(retention.deleteInactiveAfterDays)];
  return db
    .all<{ id: string; archived: number }>(
      `SELECT id, archived FROM (
         SELECT pk, id, coalesce(json_extract(metadata, '$.lifecycleState') = 'archived', 0) AS archived,
           max(created_at, updated_at, last_at, active_at, coalesce(json_extract(metadata, '$.lifecycleStateSince'), 0)) AS last
         FROM sessions WHERE active = 0 AND merged_into IS NULL AND pinned = 'none' AND updated_at < ?1
           AND (metadata IS NULL OR json_valid(metadata)))
       WHERE (last < ?2 OR (archived = 1 AND last < ?3))
         AND NOT EXISTS (SELECT 1 FROM messages WHERE session_pk = pk AND invoked_at IS NULL AND local_id IS NOT NULL)
       ORDER BY last LIMIT ?4`,
      Math.max(archivedBefore, inactiveBefore),
      inactiveBefore,
      archivedBefore,
      limit,
    )
    .map(({ id, archived }) => ({
      id,
      rule: archived === 1 && retention.deleteArchivedAfterDays !== null ? "deleteArchivedAfterDays" : "deleteInactiveAfterDays",
    }));
}
