/**
 * `hapi hub backup`: one file with everything the hub knows, made while the hub runs. It is made under another name beside its place, read
 * back and checked, and only then gets its name: a file with the name of a backup is a whole backup. It holds secrets, so it is private.
 */
import { closeSync, existsSync, fsyncSync, linkSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { attempt, copySqlite, ensurePrivateDir, isAlive, loadSettings, openSqlite, syncDir, type Sqlite } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { databaseFile } from "../sqlite/open.ts";
import { checkFile, checkRows, type Problem } from "./check.ts";
import { databaseFacts, writeLabel, type BackupLabel, type DatabaseFacts } from "../sqlite/database-facts.ts";

export const backupsFolder = "backups";
const partialEnd = ".partial";

export interface BackupRequest {
  home: string;
  /** A file that is not there yet, or a folder. Default: `backups/` in the home. */
  target?: string;
  version: string;
  now: number;
  onProgress?(writtenBytes: number, expectedBytes: number): void;
}

export interface Backup extends DatabaseFacts {
  path: string;
  bytes: number;
  createdAt: number;
  version: string;
  /** Of the rows, as they are in the hub's database too. Those of the file itself make no backup. */
  problems: Problem[];
}

export async function makeBackup(request: BackupRequest): Promise<Backup> {
  const source = databaseOf(request.home);
  const path = targetPath(request);
  sweep(path);
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}${partialEnd}`);
  try {
    const expectedBytes = statSync(source).size;
    await copySqlite({
      from: source,
      to: partial,
      isShrinkable: true,
      onProgress: (written) => request.onProgress?.(written, Math.max(written, expectedBytes)),
    });
    const checked = await labelAndCheck(partial, request);
    giveName(partial, path);
    return { path, bytes: statSync(path).size, createdAt: request.now, version: request.version, ...checked };
  } finally {
    for (const end of ["", "-journal"]) rmSync(partial + end, { force: true });
  }
}

export function databaseOf(home: string): string {
  const path = join(home, databaseFile);
  if (existsSync(path)) return path;
  throw new AppError("not_found", `There is no hub's database in ${home}. Do this on the hub's machine, or set HAPI_HOME to its folder.`);
}

async function labelAndCheck(partial: string, request: BackupRequest): Promise<DatabaseFacts & { problems: Problem[] }> {
  const db = openSqlite(partial, { isSingleFile: true });
  try {
    writeLabel(db, labelOf(request));
    const [broken] = checkFile(db);
    if (broken)
      throw new AppError("database_corrupt", `The copy could not be read back (${broken.text}); no backup was made. See: hapi hub check`);
    return { ...databaseFacts(db), problems: checkRows(db) };
  } finally {
    await closeSynced(db);
  }
}

export async function closeSynced(db: Sqlite): Promise<void> {
  await db.close();
  const fd = openSync(db.path, "r+");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function labelOf({ home, version, now }: BackupRequest): BackupLabel {
  const read = (name: string): string | undefined => attempt(() => readFileSync(join(home, name), "utf8"), "a hub that never ran has none");
  const settings = loadSettings(home);
  const cliApiToken = settings.hubToken ?? settings.cliApiToken;
  const secrets: BackupLabel["secrets"] = {};
  const [jwtSecret, ownerId] = [read(secretFiles.jwtSecret), read(secretFiles.ownerId)];
  if (jwtSecret !== undefined) secrets.jwtSecret = jwtSecret;
  if (ownerId !== undefined) secrets.ownerId = ownerId;
  if (cliApiToken !== undefined) secrets.cliApiToken = cliApiToken;
  return { format: 1, createdAt: now, version, secrets };
}

export const secretFiles = { jwtSecret: "jwt-secret.json", ownerId: "owner-id.json" } as const;

function targetPath({ home, target, now }: BackupRequest): string {
  const name = `hub-${stamp(now)}.sqlite`;
  if (target === undefined) return free(join(ensurePrivateDir(join(home, backupsFolder)), name));
  const path = resolve(target);
  if (attempt(() => statSync(path).isDirectory(), "it is not there yet, as it should be")) return free(join(path, name));
  if (!existsSync(dirname(path))) throw new AppError("invalid_query", `There is no folder ${dirname(path)}. Make it first.`);
  return free(path);
}

function free(path: string): string {
  if (!existsSync(path)) return path;
  throw new AppError("backup_exists", `${path} is there already and is not written over. Choose another name.`, { details: { path } });
}

/** For names of files: sortable, in UTC. */
export function stamp(at: number): string {
  return new Date(at)
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replaceAll(":", "")
    .replace("T", "-");
}

/** What a backup to the same name left behind when it was killed. */
function sweep(path: string): void {
  const start = `.${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    const pid = name.startsWith(start) ? /^(\d+)\.partial(-journal)?$/.exec(name.slice(start.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive({ pid: Number(pid), startTime: null })) rmSync(join(dirname(path), name), { force: true });
  }
}

/** Never over a file that came there meanwhile; where the file system has no links, only as far as can be seen. */
function giveName(partial: string, path: string): void {
  try {
    linkSync(partial, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") free(path);
    renameSync(partial, free(path));
  }
  syncDir(dirname(path));
}
