/**
 * `hapi hub restore`, in two steps. `stageRestore` copies the backup into the home, checks the copy and makes it ready; nothing that is in use
 * is touched. `putInPlace` swaps it for the present database, which is kept beside it. The swap is a rename: whenever it is interrupted,
 * the home has a whole database, the old or the new one.
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { attempt, ensurePrivateDir, isAlive, openSqlite, syncDir, updateSettings, writeFileAtomic, type Sqlite } from "@hapi/platform";
import { AppError, isFullDisk, toAppError } from "@hapi/protocol";
import { migrate } from "../sqlite/migrate.ts";
import { migrations } from "../sqlite/migrations.ts";
import { databaseFile } from "../sqlite/open.ts";
import { closeSynced, secretFiles, stamp } from "./backup.ts";
import { checkFile } from "./check.ts";
import { databaseFacts, readLabel, readMeta, writeMeta, type BackupLabel, type DatabaseFacts } from "../sqlite/database-facts.ts";
import { carryCredentials } from "./carry.ts";
import { renewRestored } from "./renew.ts";

export interface StagedRestore extends DatabaseFacts {
  id: string;
  /** Of the backup; null when it was not made by `hapi hub backup`. */
  createdAt: number | null;
  version: string | null;
  secrets: BackupLabel["secrets"];
  discard(): void;
}

const restoredKey = "restored";
const stagedStart = `${databaseFile}.restoring-`;
const header = "SQLite format 3\u0000";

export async function stageRestore(request: { home: string; file: string; now: number }): Promise<StagedRestore> {
  const { home, now } = request;
  const file = resolve(request.file);
  lookAt(file);
  const id = `${process.pid.toString(16).padStart(8, "0")}${randomBytes(4).toString("hex")}`;
  const staged = stagedPath(ensurePrivateDir(home), id);
  sweep(home);
  const discard = (): void => {
    for (const end of ["", "-journal"]) rmSync(staged + end, { force: true });
  };
  try {
    await copyFile(file, staged, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    chmodSync(staged, 0o600);
    return { id, discard, ...(await prepare(staged, file, { id, now })) };
  } catch (cause) {
    discard();
    if (isFullDisk(cause))
      throw new AppError("database_full", `There is not enough space in ${home} for the backup beside the present data.`, { cause });
    throw cause;
  }
}

type Prepared = Omit<StagedRestore, "id" | "discard">;

async function prepare(staged: string, file: string, { id, now }: { id: string; now: number }): Promise<Prepared> {
  const db = openStaged(staged, file);
  try {
    refuseForeign(db, file);
    const { layout } = readable(file, () => databaseFacts(db));
    if (layout > migrations.length)
      throw new AppError("database_newer", `${file} was written by a newer HAPI. Update HAPI, then restore it.`, {
        details: { found: layout, known: migrations.length },
      });
    const [broken] = checkFile(db);
    if (broken) throw damaged(file, broken.text);
    const label = readLabel(db);
    migrate(db);
    renewRestored(db, now);
    writeMeta(db, restoredKey, JSON.stringify({ id, at: now, backupAt: label?.createdAt ?? null }));
    if (db.get<{ auto_vacuum: number }>("PRAGMA auto_vacuum")?.auto_vacuum !== 2) db.exec("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
    return { ...databaseFacts(db), createdAt: label?.createdAt ?? null, version: label?.version ?? null, secrets: label?.secrets ?? {} };
  } finally {
    await closeSynced(db);
  }
}

/** What was made ready by somebody who was killed; the process is the first half of the id. */
function sweep(home: string): void {
  for (const name of readdirSync(home)) {
    const pid = name.startsWith(stagedStart)
      ? /^([0-9a-f]{8})[0-9a-f]{8}(-journal)?$/.exec(name.slice(stagedStart.length))?.[1]
      : undefined;
    if (pid !== undefined && !isAlive({ pid: Number.parseInt(pid, 16), startTime: null })) rmSync(join(home, name), { force: true });
  }
}

function lookAt(file: string): void {
  const facts = attempt(() => statSync(file), "said below");
  if (!facts) throw new AppError("backup_not_found", `There is no file ${file}.`);
  if (!facts.isFile()) throw new AppError("backup_foreign", `${file} is not a file. Name the backup itself.`);
  if (readStart(file) !== header)
    throw new AppError("backup_foreign", `${file} is no backup of a HAPI hub. Make one with: hapi hub backup`);
  const wal = attempt(() => statSync(`${file}-wal`).size, "as it should be") ?? 0;
  if (wal > 0)
    throw new AppError("backup_foreign", `${file} is a database in use (there is a -wal file beside it). Back it up with: hapi hub backup`);
}

function readStart(file: string): string {
  const fd = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(header.length);
    readSync(fd, bytes, 0, header.length, 0);
    return bytes.toString("latin1");
  } finally {
    closeSync(fd);
  }
}

function openStaged(staged: string, file: string): Sqlite {
  return readable(file, () => openSqlite(staged, { isSingleFile: true }));
}

function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const error = toAppError(cause);
    throw error.code === "database_corrupt" ? damaged(file, String((error.cause as Error | undefined)?.message), cause) : cause;
  }
}

function damaged(file: string, reason: string, cause?: unknown): AppError {
  return new AppError("backup_damaged", `${file} is damaged (${reason}). Use another backup; nothing was changed.`, { cause });
}

/** Every hub's database has had these from its first layout on. */
function refuseForeign(db: Sqlite, file: string): void {
  const names = readable(file, () => db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")).map(
    ({ name }) => name,
  );
  const isOurs = ["meta", "sessions", "messages", "message_epochs", "log_floor"].every((name) => names.includes(name));
  if (!isOurs) throw new AppError("backup_foreign", `${file} is the database of another program. Make a backup with: hapi hub backup`);
}

function stagedPath(home: string, id: string): string {
  if (!/^[0-9a-f]{16}$/.test(id)) throw new AppError("backup_not_found");
  return join(home, stagedStart + id);
}

export function isStaged(home: string, id: string): boolean {
  return existsSync(stagedPath(home, id));
}

export interface InPlace {
  /** Where what was there is now; null when there was none. */
  keptAs: string | null;
  /** Not where what was there is damaged: who was revoked since the backup may come in again. */
  areSignInsKnown: boolean;
}

/** Only while no hub has the database open. */
export async function putInPlace(home: string, id: string, now: number): Promise<InPlace> {
  const staged = stagedPath(home, id);
  const present = join(home, databaseFile);
  if (!existsSync(staged)) throw new AppError("backup_not_found");
  const kept = existsSync(present) ? await keepBeside(present, home, now) : null;
  let areSignInsKnown = true;
  try {
    if (kept !== null) areSignInsKnown = await carryCredentials(kept, staged);
    renameSync(staged, present);
  } catch (cause) {
    if (kept !== null) putBack(home, kept);
    throw cause;
  }
  syncDir(home);
  return { keptAs: kept, areSignInsKnown };
}

/** The restored database could not be used: the kept one is put back. */
export function putBack(home: string, kept: string): void {
  const present = join(home, databaseFile);
  for (const end of ["-wal", "-shm"]) rmSync(present + end, { force: true });
  renameSync(kept, present);
  for (const end of ["-wal", "-shm"]) attempt(() => renameSync(kept + end, present + end), "only a damaged one has them");
  syncDir(home);
}

async function keepBeside(present: string, home: string, now: number): Promise<string> {
  const kept = freeName(home, now);
  const isWhole = await foldWal(present);
  // A WAL must never meet a database it does not belong to. One that can't be folded in stays with its own.
  if (!isWhole) for (const end of ["-wal", "-shm"]) attempt(() => renameSync(present + end, kept + end), "there may be none");
  try {
    linkSync(present, kept);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") throw new AppError("backup_exists", `${kept} is there already.`, { cause });
    copyFileSync(present, kept, constants.COPYFILE_EXCL);
  }
  return kept;
}

/** Two restores within a second keep what each of them found. */
function freeName(home: string, now: number): string {
  for (let n = 1; ; n++) {
    const name = join(home, `hub.before-restore-${stamp(now)}${n === 1 ? "" : `-${n}`}.sqlite`);
    if (!existsSync(name)) return name;
  }
}

async function foldWal(path: string): Promise<boolean> {
  const db = attempt(() => openSqlite(path, { isSingleFile: true }), "a damaged one is kept as it is");
  if (!db) return false;
  await db.close();
  return !existsSync(`${path}-wal`);
}

/** On an empty home everybody stays signed in; where there are secrets already, those who are signed in there stay. */
export async function restoreSecrets(home: string, secrets: BackupLabel["secrets"]): Promise<void> {
  const write = (name: string, text: string | undefined): void => {
    const path = join(home, name);
    if (text !== undefined && !existsSync(path)) writeFileAtomic(path, text, { mode: 0o600 });
  };
  write(secretFiles.jwtSecret, secrets.jwtSecret);
  write(secretFiles.ownerId, secrets.ownerId);
  const { cliApiToken } = secrets;
  if (cliApiToken === undefined) return;
  await updateSettings(home, (current) =>
    current.cliApiToken === undefined && current.hubToken === undefined ? { cliApiToken, hubToken: cliApiToken } : null,
  );
}

export interface RestoredFrom {
  id: string;
  at: number;
  backupAt: number | null;
}

export function readRestored(db: Sqlite): RestoredFrom | null {
  const text = readMeta(db, restoredKey);
  return text === null ? null : (JSON.parse(text) as RestoredFrom);
}

const outcomeFile = "hub.restore.json";

export interface RestoreOutcome extends InPlace {
  id: string;
  at: number;
  /** Why the hub goes on with what it had. */
  failure: string | null;
}

/** How the hub tells whoever asked it; it can't answer while it is away. */
export function writeOutcome(home: string, outcome: RestoreOutcome): void {
  writeFileAtomic(join(home, outcomeFile), `${JSON.stringify(outcome)}\n`, { mode: 0o600 });
}

export function readOutcome(home: string): RestoreOutcome | null {
  const text = attempt(() => readFileSync(join(home, outcomeFile), "utf8"), "nothing was restored yet");
  return text === undefined ? null : (JSON.parse(text) as RestoreOutcome);
}
