/**
 * Makes a database that comes out of a backup one that may be served. Time went on since it was made: readers have seen more than it knows,
 * and what it calls waiting may have run long ago. So every version, counter and cursor leaps past what anybody can have seen, and a prompt
 * whose fate the backup can't know is shown as unknown instead of being run, perhaps for a second time.
 */
import type { Sqlite } from "@hapi/platform";
import { newEpoch } from "../events/cursor.ts";
import { bumpEveryEpoch } from "../sqlite/epochs.ts";
import { removeLabel, writeMeta } from "../sqlite/database-facts.ts";

/** More changes than anything sees between a backup and its restore. */
const leap = 1_000_000;

export function renewRestored(db: Sqlite, now: number): void {
  db.exec("PRAGMA secure_delete = ON");
  db.transaction(() => {
    removeLabel(db);
    writeMeta(db, "epoch", newEpoch());
    writeMeta(db, "clean", "1");
    db.run(
      "INSERT INTO log_floor (namespace, seq) SELECT namespace, max(seq) FROM log WHERE true GROUP BY namespace ON CONFLICT (namespace) DO UPDATE SET seq = max(log_floor.seq, excluded.seq)",
    );
    db.run("DELETE FROM log");
    db.run(
      `UPDATE sessions SET metadata_version = metadata_version + ?1, agent_state_version = agent_state_version + ?1, last_seq = last_seq + ?1,
         todos_updated_at = max(coalesce(todos_updated_at, 0) + 1, ?2)`,
      leap,
      now,
    );
    db.run("UPDATE machines SET metadata_version = metadata_version + ?1, runner_state_version = runner_state_version + ?1", leap);
    // Readers drop the pages they have.
    bumpEveryEpoch(db, Math.floor(now / 1000));
    db.run(
      `UPDATE messages SET delivery_state = 'indeterminate', stage = 'unknown', stage_at = ?1, wake = 0
       WHERE invoked_at IS NULL AND local_id IS NOT NULL AND (scheduled_at IS NULL OR scheduled_at <= ?1)`,
      now,
    );
    db.run("DELETE FROM jobs WHERE kind = 'prompt-due' AND due <= ?", now);
    // A session that was ended then may have been started anew since, and lives; a deleted one stays deleted.
    db.run("DELETE FROM stops WHERE kind <> 'deleted'");
  });
}
