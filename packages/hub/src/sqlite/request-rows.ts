/**
 * Permission requests as rows. The wire's `agentState.requests / completedRequests` is taken apart into them and made from them again;
 * only the newest `maxCompleted` answered ones are kept and travel. Runs inside the session store's operations, and keeps the rows of
 * sessions it has seen in memory: a request is on its way to a person.
 */
import type { Sqlite } from "@hapi/platform";
import { answeredFact, askedFact } from "@hapi/core";
import type { AgentState, AgentStateCompletedRequest, AgentStateRequest, Fact } from "@hapi/protocol";

/** With every change of its state the whole of it goes to every reader. */
export const maxCompleted = 20;
/** Of those, requests that vanished without an answer: who asks a moment later hears what became of them. */
const maxWithdrawn = 4;
/** Requests open at the same time in one session; more are a runaway agent. */
const maxOpen = 200;

interface StoredRow {
  id: string;
  opened_at: number;
  request: string;
  closed_at: number | null;
  outcome: string | null;
}

interface Known {
  openedAt: number;
  request: AgentStateRequest;
  /** As it is stored, to see whether something changed. */
  requestText: string;
  closed: { at: number; outcome: AgentStateCompletedRequest; text: string } | null;
}

export class RequestRows {
  readonly #db: Sqlite;
  readonly #now: () => number;
  /** By session and request, in the order in which they were opened. */
  readonly #sessions = new Map<number, Map<string, Known>>();

  constructor(db: Sqlite, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  /** Takes the requests out of what a session said and answers the rest, and what was asked and answered with it. */
  absorb(sessionPk: number, state: AgentState): { rest: AgentState; facts: Fact[] } {
    const { requests, completedRequests, ...rest } = state;
    const facts: Fact[] = [];
    const known = this.#of(sessionPk);
    const open = Object.entries(requests ?? {}).slice(0, maxOpen);
    const completed = completedRequests ?? {};
    const named = new Set([...open.map(([id]) => id), ...Object.keys(completed)]);
    for (const [id, request] of open) if (!Object.hasOwn(completed, id)) facts.push(...this.#open(sessionPk, known, id, request));
    for (const [id, outcome] of worthKeeping(completed, known)) facts.push(...this.#close(sessionPk, known, id, outcome));
    for (const [id, row] of known) {
      if (row.closed === null && !named.has(id)) facts.push(...this.#close(sessionPk, known, id, this.#withdrawn(row)));
    }
    this.#trim(sessionPk, known);
    return { rest, facts };
  }

  /** The wire blob again. */
  render(sessionPk: number, rest: AgentState | null): AgentState | null {
    const known = this.#of(sessionPk);
    if (rest === null && known.size === 0) return null;
    const open: [string, AgentStateRequest][] = [];
    const closed: [string, AgentStateCompletedRequest][] = [];
    for (const [id, row] of known) {
      if (row.closed === null) open.push([id, row.request]);
      else closed.push([id, row.closed.outcome]);
    }
    // By entries: an id may be any word, `__proto__` too.
    return { ...rest, requests: Object.fromEntries(open), completedRequests: Object.fromEntries(closed) };
  }

  /** Somebody else changed the rows of a session, or its operation was taken back. */
  forget(sessionPk?: number): void {
    if (sessionPk === undefined) this.#sessions.clear();
    else this.#sessions.delete(sessionPk);
  }

  #of(sessionPk: number): Map<string, Known> {
    const known = this.#sessions.get(sessionPk);
    if (known) return known;
    const rows = this.#db.all<StoredRow>(
      "SELECT id, opened_at, request, closed_at, outcome FROM permission_requests WHERE session_pk = ? ORDER BY opened_at, id",
      sessionPk,
    );
    const read = new Map(rows.map((row) => [row.id, toKnown(row)]));
    this.#sessions.set(sessionPk, read);
    return read;
  }

  #open(sessionPk: number, rows: Map<string, Known>, id: string, request: AgentStateRequest): Fact[] {
    const known = rows.get(id);
    const text = JSON.stringify(request);
    if (known?.requestText === text && known.closed === null) return [];
    const isOpen = known?.closed === null;
    const openedAt = known?.openedAt ?? this.#now();
    rows.set(id, { openedAt, request, requestText: text, closed: null });
    this.#db.run(
      `INSERT INTO permission_requests (session_pk, id, opened_at, request) VALUES (?, ?, ?, ?)
       ON CONFLICT (session_pk, id) DO UPDATE SET request = excluded.request, closed_at = NULL, outcome = NULL`,
      sessionPk,
      id,
      openedAt,
      text,
    );
    // Said in other words, it is the same one that waits.
    return isOpen ? [] : [askedFact(id, request)];
  }

  #close(sessionPk: number, rows: Map<string, Known>, id: string, outcome: AgentStateCompletedRequest): Fact[] {
    const known = rows.get(id);
    const text = JSON.stringify(outcome);
    if (known?.closed?.text === text) return [];
    const request = known?.request ?? { tool: outcome.tool, arguments: outcome.arguments };
    const row: Known = {
      openedAt: known?.openedAt ?? outcome.createdAt ?? this.#now(),
      request,
      requestText: known?.requestText ?? JSON.stringify(request),
      closed: { at: known?.closed?.at ?? outcome.completedAt ?? this.#now(), outcome, text },
    };
    rows.set(id, row);
    this.#db.run(
      `INSERT INTO permission_requests (session_pk, id, opened_at, request, closed_at, outcome) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (session_pk, id) DO UPDATE SET closed_at = excluded.closed_at, outcome = excluded.outcome`,
      sessionPk,
      id,
      row.openedAt,
      row.requestText,
      row.closed?.at ?? null,
      text,
    );
    return isNews(known, outcome) ? [answeredFact(id, outcome)] : [];
  }

  /** Gone from the session's state without a word: nobody waits for an answer any more. */
  #withdrawn({ request, openedAt }: Known): AgentStateCompletedRequest {
    return {
      tool: request.tool,
      arguments: request.arguments,
      createdAt: request.createdAt ?? openedAt,
      completedAt: this.#now(),
      status: "canceled",
    };
  }

  /** The ones that were closed first go; of two closed at once, the one with the smaller id. */
  #trim(sessionPk: number, rows: Map<string, Known>): void {
    if (rows.size <= maxWithdrawn) return;
    const closed = [...rows].flatMap(([id, { closed }]) =>
      closed ? [{ id, at: closed.at, isWithdrawn: isWithdrawn(closed.outcome) }] : [],
    );
    closed.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    const withdrawn = closed.filter((one) => one.isWithdrawn);
    const surplus = new Set([
      ...withdrawn.slice(0, Math.max(0, withdrawn.length - maxWithdrawn)),
      ...closed.slice(0, Math.max(0, closed.length - maxCompleted)),
    ]);
    for (const { id } of surplus) {
      rows.delete(id);
      this.#db.run("DELETE FROM permission_requests WHERE session_pk = ? AND id = ?", sessionPk, id);
    }
  }
}

/** Not of one that nobody was asked, nor of one that was trimmed and is said again. */
const isNews = (known: Known | undefined, { status, decision }: AgentStateCompletedRequest): boolean => {
  const before = known?.closed?.outcome;
  return known !== undefined && (before?.status !== status || before.decision !== decision);
};

const isWithdrawn = ({ status, decision, reason }: AgentStateCompletedRequest): boolean =>
  status === "canceled" && decision === undefined && reason === undefined;

/** A session may say again and again what was trimmed long ago. */
function worthKeeping(
  completed: Record<string, AgentStateCompletedRequest>,
  known: ReadonlyMap<string, Known>,
): [string, AgentStateCompletedRequest][] {
  const said = Object.entries(completed);
  if (said.length <= maxCompleted) return said;
  const byTime = said.toSorted(([, a], [, b]) => (b.completedAt ?? 0) - (a.completedAt ?? 0));
  return byTime.filter(([id], place) => place < maxCompleted || known.get(id)?.closed === null);
}

function toKnown(row: StoredRow): Known {
  const isClosed = row.closed_at !== null && row.outcome !== null;
  return {
    openedAt: row.opened_at,
    request: JSON.parse(row.request) as AgentStateRequest,
    requestText: row.request,
    closed: isClosed
      ? {
          at: row.closed_at as number,
          outcome: JSON.parse(row.outcome as string) as AgentStateCompletedRequest,
          text: row.outcome as string,
        }
      : null,
  };
}
