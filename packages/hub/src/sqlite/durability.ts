/**
 * How the open database keeps what is written, as the connection itself says it: for the log, so that who operates or measures a hub sees that
 * it runs as it ships. When acknowledgements go out is decided in `group-commit.ts`.
 */
import type { Sqlite } from "@hapi/platform";

const synchronousWords = ["off", "normal", "full", "extra"];

export interface Durability {
  journalMode: string;
  synchronous: string;
}

export function durabilityOf(db: Sqlite): Durability {
  const journal = db.get<{ journal_mode: string }>("PRAGMA journal_mode");
  const level = db.get<{ synchronous: number }>("PRAGMA synchronous");
  return {
    journalMode: journal?.journal_mode ?? "unknown",
    synchronous: synchronousWords[level?.synchronous ?? -1] ?? "unknown",
  };
}
