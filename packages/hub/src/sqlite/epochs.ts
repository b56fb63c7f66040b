/**
 * A session's numbering of its messages. It goes up when rows a reader may have seen are gone or stand elsewhere: who comes with another
 * one drops the pages it has.
 */
import type { Sqlite } from "@hapi/platform";

export function readEpoch(db: Sqlite, sessionPk: number): number {
  return db.get<{ epoch: number }>("SELECT epoch FROM message_epochs WHERE session_pk = ?", sessionPk)?.epoch ?? 0;
}

export function bumpEpoch(db: Sqlite, sessionPk: number): void {
  db.run(
    "INSERT INTO message_epochs (session_pk, epoch) VALUES (?, 1) ON CONFLICT (session_pk) DO UPDATE SET epoch = epoch + 1",
    sessionPk,
  );
}

/** Of every session, to at least this number. */
export function bumpEveryEpoch(db: Sqlite, least: number): void {
  db.run(
    `INSERT INTO message_epochs (session_pk, epoch) SELECT pk, ?1 FROM sessions WHERE true
     ON CONFLICT (session_pk) DO UPDATE SET epoch = max(epoch + 1, excluded.epoch)`,
    least,
  );
}
