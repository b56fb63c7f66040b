/** `KeepingStore` on SQLite. */
import type { Sqlite } from "@hapi/platform";
import type { GroupCommit } from "./group-commit.ts";
import type { HubEvent } from "../events/hub-event.ts";
import { readMeta, writeMeta } from "./facts.ts";
import type { KeepingStore } from "../keeping/housekeeping.ts";
import { expiredSessions } from "../keeping/retention.ts";

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

export function sqliteKeeping(deps: { db: Sqlite; commits: GroupCommit<HubEvent>; changes(): number }): KeepingStore {
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
    pages: () => ({
      free: one("PRAGMA freelist_count"),
      total: one("PRAGMA page_count"),
      pageBytes: one("PRAGMA page_size"),
      isShrinkable: one("PRAGMA auto_vacuum") === 2,
    }),
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
    giveBack: (pages) => commits.betweenTransactions(() => db.exec(`PRAGMA incremental_vacuum(${pages})`)),
  };
}
