/** Deleted sessions whose machine was not told yet: one small row each, the newest `maxRows` of them. */
import type { Sqlite } from "@hapi/platform";
import type { Writer } from "./group-commit.ts";
import type { ForgetStore } from "../machines/forgets.ts";

const maxRows = 20_000;
/** Told in one go; the rest when the machine comes the next time. */
const maxAtOnce = 500;

export function sqliteForgets({ db, commits }: { db: Sqlite; commits: Writer }): ForgetStore {
  return {
    put: ({ sessionId, machineId, namespace, at }) =>
      commits.write(() => {
        db.run(
          "INSERT OR REPLACE INTO forgets (session_id, machine_id, namespace, at) VALUES (?, ?, ?, ?)",
          sessionId,
          machineId,
          namespace,
          at,
        );
        db.run("DELETE FROM forgets WHERE at < (SELECT at FROM forgets ORDER BY at DESC LIMIT 1 OFFSET ?)", maxRows);
      }),
    of: async (machineId, namespace) =>
      db
        .all<{ session_id: string }>(
          "SELECT session_id FROM forgets WHERE machine_id = ? AND namespace = ? ORDER BY at DESC LIMIT ?",
          machineId,
          namespace,
          maxAtOnce,
        )
        .map((row) => row.session_id),
    drop: (sessionId) => commits.write(() => void db.run("DELETE FROM forgets WHERE session_id = ?", sessionId)),
  };
}
