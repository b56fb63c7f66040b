/** `StopStore` on SQLite: one small row per decision, the newest `maxStops` of them. */
import type { Sqlite } from "@hapi/platform";
import type { Writer } from "./group-commit.ts";
import type { Stop, StopStore } from "../sessions/stops.ts";

const maxStops = 20_000;

interface StopRow {
  session_id: string;
  namespace: string;
  kind: string;
  reason: string | null;
  at: number;
  held_until: number;
  host_pid: number | null;
}

export function sqliteStops({ db, commits }: { db: Sqlite; commits: Writer }): StopStore {
  return {
    put: (stop) =>
      commits.write(() => {
        db.run(
          "INSERT OR REPLACE INTO stops (session_id, namespace, kind, reason, at, held_until, host_pid) VALUES (?, ?, ?, ?, ?, ?, ?)",
          stop.sessionId,
          stop.namespace,
          stop.kind,
          stop.reason,
          stop.at,
          stop.heldUntil,
          stop.hostPid,
        );
        db.run("DELETE FROM stops WHERE at < (SELECT at FROM stops ORDER BY at DESC LIMIT 1 OFFSET ?)", maxStops);
      }),
    async get(sessionId) {
      const row = db.get<StopRow>("SELECT * FROM stops WHERE session_id = ?", sessionId);
      if (!row) return null;
      const { session_id, namespace, kind, reason, at, held_until, host_pid } = row;
      return { sessionId: session_id, namespace, kind: kind as Stop["kind"], reason, at, heldUntil: held_until, hostPid: host_pid };
    },
    clear: (sessionId) => commits.write(() => void db.run("DELETE FROM stops WHERE session_id = ?", sessionId)),
  };
}
