/** `JobStore` on SQLite. */
import { randomUUID } from "node:crypto";
import type { Sqlite } from "@hapi/platform";
import { type Job, type JobStore, leaseMs, maxClaimed, maxWaiting } from "../jobs/store.ts";
import type { Writer } from "./group-commit.ts";

interface JobRow {
  kind: string;
  key: string;
  subject: string | null;
  due: number;
  data: string | null;
  attempts: number;
  claim: string;
}

/** A lease that ends later than any could was given by a clock that has been set back. */
const isFree = "(claimed_until IS NULL OR claimed_until <= ?2 OR claimed_until > ?2 + ?3)";

export function sqliteJobs({ db, commits, now }: { db: Sqlite; commits: Writer; now: () => number }): JobStore {
  const giveUpOldest = (kind: string): void => {
    db.run(
      `DELETE FROM jobs WHERE kind = ?1 AND due IS NULL AND put_at < (
         SELECT put_at FROM jobs WHERE kind = ?1 AND due IS NULL ORDER BY put_at DESC LIMIT 1 OFFSET ?2)`,
      kind,
      maxWaiting,
    );
  };
  return {
    put: ({ kind, key, due, subject, data }) =>
      commits.write(() => {
        db.run(
          "INSERT OR REPLACE INTO jobs (kind, key, subject, due, data, put_at) VALUES (?, ?, ?, ?, ?, ?)",
          kind,
          key,
          subject ?? null,
          due,
          data === undefined ? null : JSON.stringify(data),
          now(),
        );
        if (due === null) giveUpOldest(kind);
      }),
    drop: (kind, key) => commits.write(() => void db.run("DELETE FROM jobs WHERE kind = ? AND key = ?", kind, key)),
    async next(kind) {
      const sql = "SELECT min(max(due, coalesce(claimed_until, due))) AS at FROM jobs WHERE kind = ? AND due IS NOT NULL";
      return db.get<{ at: number | null }>(sql, kind)?.at ?? null;
    },
    async claim(kind, at, { subject } = {}) {
      const due = `kind = ?1 AND due <= ?2 AND ${isFree} AND (?4 IS NULL OR subject = ?4)`;
      // Nothing is written, and no full disk gets into the way, where there is nothing to do.
      if (!db.get(`SELECT 1 FROM jobs WHERE ${due} LIMIT 1`, kind, at, leaseMs, subject ?? null)) return [];
      return commits.write(() =>
        db
          .all<JobRow>(
            `UPDATE jobs SET claim = ?5, claimed_until = ?2 + ?3, attempts = attempts + 1
             WHERE kind = ?1 AND key IN (SELECT key FROM jobs WHERE ${due} ORDER BY due, key LIMIT ${maxClaimed})
             RETURNING kind, key, subject, due, data, attempts, claim`,
            kind,
            at,
            leaseMs,
            subject ?? null,
            randomUUID(),
          )
          .toSorted((a, b) => a.due - b.due || (a.key < b.key ? -1 : 1))
          .map(toJob),
      );
    },
    done: ({ kind, key, claim }) =>
      commits.write(() => db.run("DELETE FROM jobs WHERE kind = ? AND key = ? AND claim = ?", kind, key, claim).changes > 0),
    putOff: ({ kind, key, claim }, due) =>
      commits.write(() => {
        const sql = "UPDATE jobs SET due = ?, claim = NULL, claimed_until = NULL WHERE kind = ? AND key = ? AND claim = ?";
        db.run(sql, due, kind, key, claim);
        if (due === null) giveUpOldest(kind);
      }),
    hurry: (kind, subject, at) =>
      commits.write(() => {
        const sql = "UPDATE jobs SET due = ?, claim = NULL, claimed_until = NULL WHERE kind = ? AND subject = ?";
        db.run(sql, at, kind, subject);
      }),
  };
}

const toJob = ({ kind, key, subject, data, attempts, claim }: JobRow): Job => ({
  kind,
  key,
  subject,
  data: data === null ? null : (JSON.parse(data) as unknown),
  attempts,
  claim,
});
