/**
 * One hub per home. The lock is the system's own (SQLite's write lock on a file of its own): it ends with the process however that ends,
 * and holds across containers that share a folder, where pids mean nothing. Who holds it is said in a file beside it.
 */
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, type HubOwner, hubOwnerPath, openSqlite, processStartTime, type Sqlite, writeFileAtomic } from "@hapi/platform";
import { AppError, isFullDisk } from "@hapi/protocol";

const lockFile = "hub.lock";

export interface HomeLock {
  /** Where this hub can be reached, for whoever finds the home taken. */
  listensAt(where: Omit<HubOwner, "pid">): void;
  release(): Promise<void>;
}

export async function lockHome(home: string): Promise<HomeLock> {
  const path = join(home, lockFile);
  const owner = hubOwnerPath(home);
  const db = await hold(path).catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && String(cause.code).startsWith("SQLITE_BUSY")) throw inUse(home, owner, cause);
    throw cause;
  });
  const self = { pid: process.pid, startTime: processStartTime(process.pid) };
  const say = (where?: Omit<HubOwner, "pid">): void => sayOwner(owner, `${JSON.stringify({ ...self, ...where })}\n`);
  say();
  return {
    listensAt: say,
    async release() {
      attempt(() => rmSync(owner, { force: true }), "it is written anew by the next hub");
      db.exec("ROLLBACK");
      await db.close();
    },
  };
}

/** On a full disk over the one that is there, which takes no room. A hub that can't say who it is still serves what can be read. */
function sayOwner(path: string, text: string): void {
  try {
    writeFileAtomic(path, text, { mode: 0o600 });
  } catch (cause) {
    if (!isFullDisk(cause)) throw cause;
    attempt(() => writeFileSync(path, text, { flag: "r+" }), "the lock itself holds all the same");
    attempt(() => truncateSync(path, Buffer.byteLength(text)), "the lock itself holds all the same");
  }
}

async function hold(path: string): Promise<Sqlite> {
  // Two that make the file at the same moment are in each other's way for a blink: one of them must get it.
  const db = openSqlite(path, { busyTimeoutMs: 250 });
  try {
    db.exec("BEGIN IMMEDIATE");
    return db;
  } catch (cause) {
    await db.close();
    throw cause;
  }
}

function inUse(home: string, ownerPath: string, cause: unknown): AppError {
  const owner = attempt(
    () => JSON.parse(readFileSync(ownerPath, "utf8")) as { pid?: unknown; url?: unknown },
    "it starts or ends right now",
  );
  const pid = typeof owner?.pid === "number" ? ` (pid ${owner.pid})` : "";
  const at = typeof owner?.url === "string" ? ` at ${owner.url}` : "";
  return new AppError("home_in_use", `A hub${pid} already uses ${home}${at}; use that one, stop it, or set HAPI_HOME to another folder.`, {
    cause,
    details: { pid: owner?.pid, url: owner?.url },
  });
}
