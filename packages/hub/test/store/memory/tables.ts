/** What the stores in memory share: their parts, rows by any of their ids, and what is told with a row. */
import { worseEnd } from "@hapi/core";
import type { Fact, LastTurn, SyncEvent } from "@hapi/protocol";
import { outcomeEvent } from "../../../src/events/outcome-event.ts";
import type { MemoryDatabase, Run, Work } from "./database.ts";
import { type SessionRow, toSession } from "./rows.ts";

export interface MemoryParts {
  database: MemoryDatabase;
  run: Run;
  now: () => number;
}

export const canonicalId = ({ aliases }: MemoryDatabase, id: string): string => aliases.get(id) ?? id;

export function sessionRow(database: MemoryDatabase, id: string): SessionRow | null {
  const row = database.sessions.get(canonicalId(database, id));
  return row && row.mergedInto === null ? row : null;
}

export const saveSession = ({ sessions }: MemoryDatabase, row: SessionRow): SessionRow => sessions.put(row.session.id, row);

/** How its last turn ended, told where it is another word than before. */
export function saveEnd(it: Work, database: MemoryDatabase, row: SessionRow, end: SessionRow["end"]): void {
  if (JSON.stringify(end) === JSON.stringify(row.end)) return;
  tellOutcome(it, saveSession(database, { ...row, end }));
}

/** What a row or a request means, told right behind it. */
export function saveFacts(
  it: Work,
  database: MemoryDatabase,
  said: { session: SessionRow; place: number; at: number; seq?: number; facts: readonly Fact[] },
): void {
  const { session, place, at, seq, facts } = said;
  const { id: sessionId, namespace } = session.session;
  if (facts.length === 0) return;
  database.facts.put(String(place), { place, sessionId, namespace, at, seq: seq ?? null, facts: [...facts] });
  const event: SyncEvent = { type: "facts", sessionId, place, at, ...(seq === undefined ? {} : { seq }), facts: [...facts] };
  it.notify({ namespace, needs: "facts", event });
}

export const laterEnd = (before: SessionRow["end"], turn: LastTurn, isRepeated: boolean): LastTurn =>
  before && isRepeated ? worseEnd(before.turn, turn) : turn;

export function tellOutcome(it: Work, row: SessionRow): void {
  it.log({ namespace: row.session.namespace, needs: "outcomes", event: outcomeEvent(toSession(row)) });
}
