/**
 * Permission requests as rows. The wire's `agentState.requests / completedRequests` is taken apart into them and made from them again;
 * only the newest `maxCompleted` answered ones travel. Runs inside the session store's operations.
 */
import type { Sqlite } from "@hapi/platform";
import type { AgentState, AgentStateCompletedRequest, AgentStateRequest } from "@hapi/protocol";

export const maxCompleted = 50;
/** Requests open at the same time in one session; more are a runaway agent. */
const maxOpen = 200;

interface RequestRow {
  id: string;
  opened_at: number;
  request: string;
  closed_at: number | null;
  outcome: string | null;
}

export class RequestRows {
  readonly #db: Sqlite;
  readonly #now: () => number;

  constructor(db: Sqlite, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  /** Takes the requests out of what a session said and answers the rest. */
  absorb(sessionPk: number, state: AgentState): AgentState {
    const { requests, completedRequests, ...rest } = state;
    const known = new Map(this.#rows(sessionPk).map((row) => [row.id, row]));
    const open = Object.entries(requests ?? {}).slice(0, maxOpen);
    const completed = completedRequests ?? {};
    for (const [id, request] of open) if (!(id in completed)) this.#open(sessionPk, id, request, known.get(id));
    for (const [id, outcome] of Object.entries(completed)) this.#close(sessionPk, id, outcome, known.get(id));
    const named = new Set([...open.map(([id]) => id), ...Object.keys(completed)]);
    for (const row of known.values()) {
      if (row.closed_at === null && !named.has(row.id)) this.#withdraw(sessionPk, row);
    }
    if (known.size + open.length + Object.keys(completed).length > maxCompleted) this.#trim(sessionPk);
    return rest;
  }

  /** The wire blob again. */
  render(sessionPk: number, rest: AgentState | null): AgentState | null {
    const rows = this.#rows(sessionPk);
    if (rest === null && rows.length === 0) return null;
    const requests: Record<string, AgentStateRequest> = {};
    const completedRequests: Record<string, AgentStateCompletedRequest> = {};
    for (const row of rows) {
      if (row.closed_at === null) requests[row.id] = JSON.parse(row.request) as AgentStateRequest;
      else if (row.outcome !== null) completedRequests[row.id] = JSON.parse(row.outcome) as AgentStateCompletedRequest;
    }
    return { ...rest, requests, completedRequests };
  }

  #rows(sessionPk: number): RequestRow[] {
    return this.#db.all<RequestRow>(
      "SELECT id, opened_at, request, closed_at, outcome FROM permission_requests WHERE session_pk = ? ORDER BY opened_at, id",
      sessionPk,
    );
  }

  #open(sessionPk: number, id: string, request: AgentStateRequest, known: RequestRow | undefined): void {
    const text = JSON.stringify(request);
    if (known?.request === text && known.closed_at === null) return;
    this.#db.run(
      `INSERT INTO permission_requests (session_pk, id, opened_at, request) VALUES (?, ?, ?, ?)
       ON CONFLICT (session_pk, id) DO UPDATE SET request = excluded.request, closed_at = NULL, outcome = NULL`,
      sessionPk,
      id,
      known?.opened_at ?? this.#now(),
      text,
    );
  }

  #close(sessionPk: number, id: string, completed: AgentStateCompletedRequest, known: RequestRow | undefined): void {
    const text = JSON.stringify(completed);
    if (known?.outcome === text) return;
    this.#db.run(
      `INSERT INTO permission_requests (session_pk, id, opened_at, request, closed_at, outcome) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (session_pk, id) DO UPDATE SET closed_at = excluded.closed_at, outcome = excluded.outcome`,
      sessionPk,
      id,
      known?.opened_at ?? completed.createdAt ?? this.#now(),
      known?.request ?? JSON.stringify({ tool: completed.tool, arguments: completed.arguments }),
      known?.closed_at ?? completed.completedAt ?? this.#now(),
      text,
    );
  }

  /** Gone from the session's state without a word: nobody waits for an answer any more. */
  #withdraw(sessionPk: number, row: RequestRow): void {
    const request = JSON.parse(row.request) as AgentStateRequest;
    const completedAt = this.#now();
    const outcome: AgentStateCompletedRequest = {
      tool: request.tool,
      arguments: request.arguments,
      createdAt: request.createdAt ?? row.opened_at,
      completedAt,
      status: "canceled",
    };
    this.#close(sessionPk, row.id, outcome, row);
  }

  #trim(sessionPk: number): void {
    this.#db.run(
      `DELETE FROM permission_requests WHERE session_pk = ?1 AND closed_at IS NOT NULL AND id NOT IN (
         SELECT id FROM permission_requests WHERE session_pk = ?1 AND closed_at IS NOT NULL ORDER BY closed_at DESC, id DESC LIMIT ?2)`,
      sessionPk,
      maxCompleted,
    );
  }
}
