/**
 * How the open database keeps what is written, in words for the log: who measures or operates a hub sees that it runs as it ships. The two
 * settings are asked of the connection itself; when acknowledgements go out is decided in `group-commit.ts`.
 */
import type { Sqlite } from "@hapi/platform";

const synchronousWords = ["off", "normal", "full", "extra"];

export interface Durability {
  journalMode: string;
  synchronous: string;
  acknowledged: "after-fdatasync";
}

export function durabilityOf(db: Sqlite): Durability {
  const journal = db.get<{ journal_mode: string }>("PRAGMA journal_mode");
  const level = db.get<{ synchronous: number }>("PRAGMA synchronous");
  return {
    journalMode: journal?.journal_mode ?? "unknown",
    synchronous: synchronousWords[level?.synchronous ?? -1] ?? "unknown",
    acknowledged: "after-fdatasync",
  };
}
