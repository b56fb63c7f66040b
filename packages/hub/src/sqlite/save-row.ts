/** What the session store and the operations beside it share: their parts, and the one way a row is written. */
import type { Sqlite } from "@hapi/platform";
import type { Writer } from "./group-commit.ts";
import type { SqliteEventLog } from "./event-log.ts";
import type { RequestRows } from "./request-rows.ts";
import type { SessionCache } from "./session-cache.ts";
import type { SessionRow } from "./session-row.ts";

export interface SessionStoreDeps {
  db: Sqlite;
  commits: Writer;
  log: SqliteEventLog;
  cache: SessionCache;
  requests: RequestRows;
  now: () => number;
}

/** All columns but the counters of the session cache. */
export function saveRow(db: Sqlite, row: SessionRow): void {
  db.run(
    `UPDATE sessions SET metadata = ?, metadata_version = ?, agent_state = ?, agent_state_version = ?, model = ?, model_reasoning_effort = ?,
       effort = ?, service_tier = ?, permission_mode = ?, pinned = ?, active = ?, active_at = ?, active_until = ?, thinking = ?, thinking_at = ?,
       turn_started_at = ?, todos = ?, todos_updated_at = ?, updated_at = ?, last_turn = ?, seen_at = ? WHERE pk = ?`,
    row.metadata,
    row.metadata_version,
    row.agent_state,
    row.agent_state_version,
    row.model,
    row.model_reasoning_effort,
    row.effort,
    row.service_tier,
    row.permission_mode,
    row.pinned,
    row.active,
    row.active_at,
    row.active_until,
    row.thinking,
    row.thinking_at,
    row.turn_started_at,
    row.todos,
    row.todos_updated_at,
    row.updated_at,
    row.last_turn,
    row.seen_at,
    row.pk,
  );
}
