/**
 * A lock between processes: a folder whose making is atomic, with a fresh time stamp while it is held. Understands and respects
 * proper-lockfile's locks (mkdir, mtime renewed, stale after 30 s), which other HAPI installations use on the same files. Who holds it stands
 * in a file beside the folder, so that nobody waits for a holder that was killed.
 */
import { mkdir, readFile, rm, rmdir, stat, utimes, writeFile } from "node:fs/promises";
import { AppError } from "@hapi/protocol/errors";
import { delay, systemClock, type Clock } from "./clock.ts";
import { attempt, ignore } from "./ignore.ts";
import { isAlive, processStartTime } from "./process-facts.ts";

/** A takeover is three calls to the system; one that takes longer was killed in the middle. */
const takeoverMs = 2_000;

export interface DirLockOptions {
  staleMs?: number;
  retries?: number;
  retryMs?: number;
  /** For a lock that only HAPI takes: whoever holds it has said who it is within this time, or was killed in the middle of taking it. */
  ownerWithinMs?: number;
  clock?: Clock;
}

/** Runs `work` while holding the lock folder `path`. */
export async function withDirLock<T>(path: string, work: () => Promise<T> | T, options: DirLockOptions = {}): Promise<T> {
  const { staleMs = 30_000, clock = systemClock } = options;
  const ownerWithinMs = options.ownerWithinMs ?? Number.POSITIVE_INFINITY;
  await acquire(path, { staleMs, clock, ownerWithinMs, retries: options.retries ?? 50, retryMs: options.retryMs ?? 100 });
  let cancel: () => void = () => undefined;
  const renew = () => {
    const now = clock.now() / 1000;
    ignore(utimes(path, now, now), "somebody took the lock for stale; the work below is short and atomic");
    cancel = clock.setTimer(staleMs / 2, renew);
  };
  cancel = clock.setTimer(staleMs / 2, renew);
  try {
    await writeOwner(path);
    return await work();
  } finally {
    cancel();
    await release(path);
  }
}

const ownerFile = (path: string): string => `${path}.owner`;

/** The owner's name first: a folder without one is waited for, a name without its folder would be believed. */
async function release(path: string): Promise<void> {
  await rm(ownerFile(path), { force: true });
  await rmdir(path).catch(() => undefined);
}

async function acquire(path: string, options: Required<DirLockOptions>): Promise<void> {
  for (let attempt = 0; attempt <= options.retries; attempt++) {
    if (await tryMkdir(path)) return;
    const age = await ageMs(path, options.clock);
    // Gone meanwhile, or left behind: try again at once. Of several that remove it, mkdir lets one through.
    if (age === null) continue;
    if (age > options.staleMs) await release(path);
    else if (!(await isAbandoned(path, options)) || !(await takeFromDead(path, options)))
      await delay(options.retryMs, { clock: options.clock });
  }
  throw new AppError("timeout", `${path} is locked by another HAPI process. If none runs, remove that folder.`, { details: { path } });
}

interface Owner {
  pid: number;
  startTime: string | null;
  /** The folder this is about, not the next one of the same name. */
  folder: string | null;
}

let ownStart: string | null = null;

async function writeOwner(path: string): Promise<void> {
  ownStart ??= processStartTime(process.pid);
  const owner: Owner = { pid: process.pid, startTime: ownStart, folder: await folderOf(path) };
  await writeFile(ownerFile(path), JSON.stringify(owner), { mode: 0o600 });
}

async function isOwnerDead(path: string): Promise<boolean> {
  const text = await readFile(ownerFile(path), "utf8").catch(() => "");
  const owner = attempt(() => JSON.parse(text) as Partial<Owner>, "not there, or half written");
  if (!owner || typeof owner.pid !== "number" || typeof owner.startTime !== "string" || typeof owner.folder !== "string") return false;
  return !isAlive({ pid: owner.pid, startTime: owner.startTime }) && owner.folder === (await folderOf(path));
}

async function isAbandoned(path: string, { clock, ownerWithinMs }: Required<DirLockOptions>): Promise<boolean> {
  if (await isOwnerDead(path)) return true;
  const age = await ageMs(path, clock);
  return age !== null && age > ownerWithinMs && !(await hasOwner(path));
}

function hasOwner(path: string): Promise<boolean> {
  return stat(ownerFile(path)).then(
    () => true,
    () => false,
  );
}

async function folderOf(path: string): Promise<string | null> {
  const facts = await stat(path).catch(() => null);
  return facts && `${facts.dev}:${facts.ino}:${facts.birthtimeMs}`;
}

/** One waiter at a time, and it looks again: the lock of the one that was faster must not be removed with the dead one's. */
async function takeFromDead(path: string, options: Required<DirLockOptions>): Promise<boolean> {
  const guard = `${path}.takeover`;
  if (!(await tryMkdir(guard))) {
    const age = await ageMs(guard, options.clock);
    if (age !== null && age > takeoverMs) await rmdir(guard).catch(() => undefined);
    return false;
  }
  try {
    if (!(await isAbandoned(path, options))) return false;
    await release(path);
    return true;
  } finally {
    await rmdir(guard).catch(() => undefined);
  }
}

async function tryMkdir(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new AppError("home_not_writable", `HAPI can't write next to ${path}. Make the folder writable, or set HAPI_HOME.`, { cause });
  }
}

async function ageMs(path: string, clock: Clock): Promise<number | null> {
  try {
    return clock.now() - (await stat(path)).mtimeMs;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
}
