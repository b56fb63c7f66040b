/**
 * Opens the hub's own database file. Another HAPI's `hapi.db` is never touched. Says whether this is a new start of the machine after an
 * unclean end, because then readers may know of more than the disk does.
 */
import { join } from "node:path";
import { openSqlite, type Sqlite } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { newEpoch } from "../events/cursor.ts";
import { readBootId, sameBoot } from "./boot-id.ts";
import { readMeta, writeMeta } from "./database-facts.ts";
import { bumpEveryEpoch } from "./epochs.ts";
import { migrate } from "./migrate.ts";

export const databaseFile = "hub.sqlite";

export interface HubDatabase {
  db: Sqlite;
  epoch: string;
  /** Says that everything reached the disk. */
  markClean(): void;
}

export function openHubDatabase(home: string, bootId: string = readBootId()): HubDatabase {
  const path = join(home, databaseFile);
  const db = openSqlite(path, { autoCheckpointPages: 0, isShrinkable: true });
  try {
    db.exec("PRAGMA secure_delete = ON");
    // A full temp folder must not get into the way of taking an operation back.
    db.exec("PRAGMA temp_store = MEMORY");
    db.exec("PRAGMA cache_size = -16000");
    migrate(db);
    return { db, epoch: readEpoch(db, bootId), markClean: () => writeMeta(db, "clean", "1") };
  } catch (cause) {
    void db.close();
    if (cause instanceof AppError) throw cause;
    throw new AppError("database_corrupt", `${path} can't be used (${cause instanceof Error ? cause.message : String(cause)}).`, { cause });
  }
}

function readEpoch(db: Sqlite, bootId: string): string {
  const epoch = readMeta(db, "epoch");
  const wasClean = readMeta(db, "clean") === "1";
  const isSameBoot = sameBoot(readMeta(db, "boot_id") ?? "", bootId);
  const kept = epoch !== null && (wasClean || isSameBoot) ? epoch : newEpoch();
  // What they saw last may be gone with the power; a row that stands there now is another one.
  if (epoch !== null && kept !== epoch) bumpEveryEpoch(db, 1);
  writeMeta(db, "epoch", kept);
  writeMeta(db, "boot_id", bootId);
  writeMeta(db, "clean", "0");
  return kept;
}
