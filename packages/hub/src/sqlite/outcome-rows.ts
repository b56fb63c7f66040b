/**
 * How a session's last turn ended and up to when somebody has seen it, beside the row. Read from rows and stages as they come, inside the
 * operation that stores them, and told with it to who asks for it (caps `outcomes`).
 */
import { type StageSaid, turnAfterStage, worseEnd } from "@hapi/core";
import type { Sqlite } from "@hapi/platform";
import type { LastTurn } from "@hapi/protocol";
import { outcomeEvent } from "../events/outcome-event.ts";
import type { SqliteEventLog } from "./event-log.ts";
import type { SessionCache } from "./session-cache.ts";
import { parseJson, type SessionRow } from "./session-row.ts";

/** As it is stored: beside the wire's part, where and when its session said it. */
export interface KeptTurn {
  turn: LastTurn;
  seq: number;
  /** By the clock of the session, which is not ours. */
  saidAt: number;
}

export interface OutcomeDeps {
  db: Sqlite;
  log: SqliteEventLog;
  cache: SessionCache;
  now: () => number;
}

/** More rows between two ends are work, whatever they say. */
const maxBetween = 50;

/** Only inside an operation of the group commit. */
export class OutcomeRows {
  readonly #deps: OutcomeDeps;

  constructor(deps: OutcomeDeps) {
    this.#deps = deps;
  }

  /** The row `seq` told an end. */
  ended(session: SessionRow, seq: number, said: { turn: LastTurn; at: number }): void {
    const before = parseJson<KeptTurn>(session.last_turn);
    const isRepeated = before !== null && before.seq > 0 && !isWorkedBetween(session, before.seq, seq);
    const turn = isRepeated ? worseEnd(before.turn, said.turn) : said.turn;
    this.#keep(session, { turn, seq, saidAt: said.at });
  }

  staged(session: SessionRow, report: StageSaid & { at: number }): void {
    const before = parseJson<KeptTurn>(session.last_turn);
    // Told late: another turn has ended since.
    if (before && before.turn.localId !== report.localId && report.at < before.saidAt) return;
    const turn = turnAfterStage(before?.turn ?? null, report, Math.max(this.#deps.now(), session.last_at));
    if (turn === undefined) return;
    this.#keep(session, turn && { turn, seq: 0, saidAt: report.at });
  }

  /** Up to then somebody has seen it; earlier than before makes the session unread again. */
  seen(session: SessionRow, at: number): void {
    if (session.seen_at === at) return;
    session.seen_at = at;
    this.#write(session);
  }

  #keep(session: SessionRow, kept: KeptTurn | null): void {
    const text = kept === null ? null : JSON.stringify(kept);
    if (text === session.last_turn) return;
    session.last_turn = text;
    this.#write(session);
  }

  #write(session: SessionRow): void {
    const { cache, db, log } = this.#deps;
    db.run("UPDATE sessions SET last_turn = ?, seen_at = ? WHERE pk = ?", session.last_turn, session.seen_at, session.pk);
    cache.changed(session);
    log.append({ namespace: session.namespace, needs: "outcomes", event: outcomeEvent(cache.session(session)) });
  }
}

const isWorkedBetween = (session: SessionRow, from: number, to: number): boolean => session.worked_seq > from || to - from - 1 > maxBetween;
