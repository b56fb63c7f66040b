/** `PermissionStore` on SQLite; the requests themselves are written by `request-rows.ts` together with the session's state. */
import type { Sqlite } from "@hapi/platform";
import type { PermissionParams } from "@hapi/protocol/rpc";
import type { Writer } from "./group-commit.ts";
import type { SessionCache } from "./session-cache.ts";
import type { PermissionStore, StoredDecision } from "../permissions/store.ts";

interface DecisionRow {
  id: string;
  decision: string;
}

export class SqlitePermissionStore implements PermissionStore {
  readonly #deps: { db: Sqlite; commits: Writer; cache: SessionCache; now: () => number };

  constructor(deps: { db: Sqlite; commits: Writer; cache: SessionCache; now: () => number }) {
    this.#deps = deps;
  }

  saveDecision(sessionId: string, requestId: string, params: PermissionParams): Promise<"saved" | "taken" | "missing"> {
    const { commits, db, now } = this.#deps;
    return commits.write(() => {
      const row = db.get<{ decision: string | null }>(
        "SELECT decision FROM permission_requests WHERE session_pk = ? AND id = ? AND closed_at IS NULL",
        this.#pk(sessionId),
        requestId,
      );
      if (!row) return "missing";
      if (row.decision !== null) return "taken";
      db.run(
        "UPDATE permission_requests SET decision = ?, decided_at = ? WHERE session_pk = ? AND id = ?",
        JSON.stringify(params),
        now(),
        this.#pk(sessionId),
        requestId,
      );
      return "saved";
    });
  }

  async decision(sessionId: string, requestId: string): Promise<StoredDecision | null> {
    const row = this.#deps.db.get<DecisionRow>(
      "SELECT id, decision FROM permission_requests WHERE session_pk = ? AND id = ? AND decision IS NOT NULL AND closed_at IS NULL",
      this.#pk(sessionId),
      requestId,
    );
    return row ? toDecision(row) : null;
  }

  async waiting(sessionId: string): Promise<StoredDecision[]> {
    return this.#deps.db
      .all<DecisionRow>(
        "SELECT id, decision FROM permission_requests WHERE session_pk = ? AND closed_at IS NULL AND decision IS NOT NULL ORDER BY decided_at",
        this.#pk(sessionId),
      )
      .map(toDecision);
  }

  dropDecision(sessionId: string, requestId: string): Promise<void> {
    return this.#deps.commits.write(() => {
      this.#deps.db.run(
        "UPDATE permission_requests SET decision = NULL, decided_at = NULL WHERE session_pk = ? AND id = ?",
        this.#pk(sessionId),
        requestId,
      );
    });
  }

  #pk(sessionId: string): number {
    return this.#deps.cache.row(sessionId)?.pk ?? -1;
  }
}

function toDecision(row: DecisionRow): StoredDecision {
  return { requestId: row.id, params: JSON.parse(row.decision) as PermissionParams };
}
