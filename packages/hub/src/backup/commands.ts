/** What `hapi hub restore`, `check` and `status` do in a process of their own, beside a hub that runs or without one. */
import { existsSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { attempt, delay, loadSettings, openSqlite, runningHub, systemClock, type Clock, type Sqlite } from "@hapi/platform";
import { AppError, toAppError } from "@hapi/protocol";
import { lockHome, type HomeLock } from "../sqlite/home-lock.ts";
import { migrations } from "../sqlite/migrations.ts";
import { databaseFile } from "../sqlite/open.ts";
import { databaseOf } from "./backup.ts";
import { checkDatabase, repairDatabase, type Problem } from "./check.ts";
import { databaseFacts, type DatabaseFacts } from "../sqlite/database-facts.ts";
import { readRetention, type Retention } from "../keeping/retention.ts";
import { readCleaned, type Cleaned } from "../sqlite/keeping.ts";
import {
  type InPlace,
  putInPlace,
  readOutcome,
  readRestored,
  restoreSecrets,
  stageRestore,
  type RestoredFrom,
  type StagedRestore,
} from "./restore.ts";

/** A hub that was asked needs as long as its shutdown and start take. */
const swapTimeoutMs = 60_000;
const lookEveryMs = 50;

export interface RestoreRequest {
  home: string;
  file: string;
  /** Shown before anything is changed. False: nothing is. */
  confirm(what: { staged: StagedRestore; present: DatabaseFacts | null; isRunning: boolean }): Promise<boolean>;
  /** Tells the hub that runs on this home to put it in place. */
  askHub(id: string): Promise<void>;
  clock?: Clock;
}

export interface Restored extends DatabaseFacts, InPlace {
  /** Of the backup; null when it was not made by `hapi hub backup`. */
  createdAt: number | null;
  /** The hub ran on and has it now. */
  isRunning: boolean;
}

export async function restoreHub(request: RestoreRequest): Promise<Restored | null> {
  const { home, file, clock = systemClock } = request;
  const staged = await stageRestore({ home, file, now: clock.now() });
  try {
    const present = await presentFacts(home);
    if (!(await request.confirm({ staged, present, isRunning: runningHub(home) !== null }))) return null;
    const lock = await tryLock(home);
    const done = lock ? await putInPlaceHere(home, staged, lock, clock) : await putInPlaceThere(request, staged, clock);
    const { id: _id, discard: _discard, secrets: _secrets, version: _version, ...facts } = staged;
    return { ...facts, ...done, isRunning: lock === null };
  } finally {
    staged.discard();
  }
}

async function tryLock(home: string): Promise<HomeLock | null> {
  return lockHome(home).catch((cause: unknown) => {
    if (toAppError(cause).code === "home_in_use") return null;
    throw cause;
  });
}

async function putInPlaceHere(home: string, staged: StagedRestore, lock: HomeLock, clock: Clock): Promise<InPlace> {
  try {
    await restoreSecrets(home, staged.secrets);
    return await putInPlace(home, staged.id, clock.now());
  } finally {
    await lock.release();
  }
}

async function putInPlaceThere(request: RestoreRequest, staged: StagedRestore, clock: Clock): Promise<InPlace> {
  await request.askHub(staged.id);
  const deadline = clock.now() + swapTimeoutMs;
  while (clock.now() < deadline) {
    const outcome = readOutcome(request.home);
    if (outcome?.id === staged.id) {
      const { keptAs, areSignInsKnown } = outcome;
      if (outcome.failure === null) return { keptAs, areSignInsKnown };
      throw new AppError("restore_failed", `The hub could not use the backup (${outcome.failure}) and goes on with what it had.`);
    }
    await delay(lookEveryMs, { clock });
  }
  throw new AppError("timeout", "The hub did not say that it is done. See its log, and: hapi hub status");
}

/** Null for a home without a database, or with one that can't be read: a reason to restore. */
async function presentFacts(home: string): Promise<DatabaseFacts | null> {
  const path = join(home, databaseFile);
  if (!existsSync(path)) return null;
  return reading(path, databaseFacts).catch((cause: unknown) => {
    if (toAppError(cause).code === "database_corrupt") return null;
    throw cause;
  });
}

async function reading<T>(path: string, read: (db: Sqlite) => T): Promise<T> {
  const db = openSqlite(path);
  try {
    return read(db);
  } finally {
    await db.close();
  }
}

export interface Checked {
  path: string;
  problems: Problem[];
  /** Found before they were mended. */
  mended: Problem[];
  facts: DatabaseFacts | null;
}

export async function checkHub(request: { home: string; fix: boolean }): Promise<Checked> {
  const path = databaseOf(request.home);
  if (request.fix) return fixed(request.home, path);
  return reading(path, (db) => {
    refuseNewer(db);
    return { path, problems: checkDatabase(db), mended: [], facts: factsIfReadable(db) };
  }).catch((cause: unknown) => unreadable(path, cause));
}

async function fixed(home: string, path: string): Promise<Checked> {
  const lock = await tryLock(home);
  if (!lock) throw new AppError("home_in_use", "A hub runs on this home. Stop it, then run: hapi hub check --fix");
  try {
    return await reading(path, (db) => {
      refuseNewer(db);
      const before = checkDatabase(db);
      if (before.length > 0) repairDatabase(db);
      const problems = checkDatabase(db);
      const left = new Set(problems.map(({ text }) => text));
      return { path, problems, mended: before.filter(({ text }) => !left.has(text)), facts: factsIfReadable(db) };
    });
  } catch (cause) {
    return unreadable(path, cause);
  } finally {
    await lock.release();
  }
}

/** Damage that SQLite itself stumbles over is a finding too. */
function unreadable(path: string, cause: unknown): Checked {
  const error = toAppError(cause);
  if (error.code !== "database_corrupt") throw error;
  const text = error.cause instanceof Error ? error.cause.message : error.message;
  return { path, problems: [{ kind: "file", text, count: 1 }], mended: [], facts: null };
}

function refuseNewer(db: Sqlite): void {
  const found = db.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
  if (found > migrations.length)
    throw new AppError("database_newer", `${db.path} was written by a newer HAPI. Update HAPI, then check it.`);
}

function factsIfReadable(db: Sqlite): DatabaseFacts | null {
  return attempt(() => databaseFacts(db), "what is wrong was found already") ?? null;
}

export interface HubStatus extends DatabaseFacts {
  path: string;
  isRunning: boolean;
  url: string | null;
  databaseBytes: number;
  walBytes: number;
  diskFreeBytes: number;
  restored: RestoredFrom | null;
  retention: Retention;
  /** What was deleted by itself. */
  cleaned: Cleaned | null;
}

/** Null while there is no database. */
export async function hubStatus(home: string): Promise<HubStatus | null> {
  const path = join(home, databaseFile);
  if (!existsSync(path)) return null;
  const running = runningHub(home);
  const size = (end: string): number => attempt(() => statSync(path + end).size, "a file that is not there is empty") ?? 0;
  const { bavail, bsize } = statfsSync(home);
  const inside = await reading(path, (db) => ({
    ...databaseFacts(db),
    restored: readRestored(db),
    cleaned: readCleaned(db),
  }));
  return {
    path,
    isRunning: running !== null,
    url: running?.url ?? null,
    databaseBytes: size(""),
    walBytes: size("-wal"),
    diskFreeBytes: bavail * bsize,
    retention: readRetention(loadSettings(home)),
    ...inside,
  };
}
