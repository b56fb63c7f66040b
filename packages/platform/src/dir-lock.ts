/**
 * A lock between processes: a folder whose making is atomic, with a fresh time stamp while it is held. Understands and respects
 * proper-lockfile's locks (mkdir, mtime renewed, stale after 30 s), which other HAPI installations use on the same files. Who holds it stands
 * in a file beside the folder, so that nobody waits for a holder that was killed. Calls to the system are made directly: each takes microseconds,
 * and a start would wait for a thread for each of them.
 */
import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { AppError } from "@hapi/protocol/errors";
import { delay, systemClock, type Clock } from "./clock.ts";
import { attempt } from "./ignore.ts";
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
    attempt(() => utimesSync(path, now, now), "somebody took the lock for stale; the work below is short and atomic");
    cancel = clock.setTimer(staleMs / 2, renew);
  };
  cancel = clock.setTimer(staleMs / 2, renew);
  try {
    writeOwner(path);
    return await work();
  } finally {
    cancel();
    release(path);
  }
}

const ownerFile = (path: string): string => `${path}.owner`;

/** The owner's name first: a folder without one is waited for, a name without its folder would be believed. */
function release(path: string): void {
  rmSync(ownerFile(path), { force: true });
  attempt(() => rmdirSync(path), "somebody took it for stale");
}

async function acquire(path: string, options: Required<DirLockOptions>): Promise<void> {
  for (let attempt = 0; attempt <= options.retries; attempt++) {
    if (tryMkdir(path)) return;
    const age = ageMs(path, options.clock);
    // Gone meanwhile, or left behind: try again at once. Of several that remove it, mkdir lets one through.
    if (age === null) continue;
    if (age > options.staleMs) release(path);
    else if (!isAbandoned(path, options) || !takeFromDead(path, options)) await delay(options.retryMs, { clock: options.clock });
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

function writeOwner(path: string): void {
  ownStart ??= processStartTime(process.pid);
  const owner: Owner = { pid: process.pid, startTime: ownStart, folder: folderOf(path) };
  writeFileSync(ownerFile(path), JSON.stringify(owner), { mode: 0o600 });
}

function isOwnerDead(path: string): boolean {
  const owner = attempt(() => JSON.parse(readFileSync(ownerFile(path), "utf8")) as Partial<Owner>, "not there, or half written");
  if (!owner || typeof owner.pid !== "number" || typeof owner.startTime !== "string" || typeof owner.folder !== "string") return false;
  return !isAlive({ pid: owner.pid, startTime: owner.startTime }) && owner.folder === folderOf(path);
}

function isAbandoned(path: string, { clock, ownerWithinMs }: Required<DirLockOptions>): boolean {
  if (isOwnerDead(path)) return true;
  const age = ageMs(path, clock);
  return age !== null && age > ownerWithinMs && !hasOwner(path);
}

const hasOwner = (path: string): boolean => statSync(ownerFile(path), { throwIfNoEntry: false }) !== undefined;

function folderOf(path: string): string | null {
  const facts = attempt(() => statSync(path), "it was released");
  return facts === undefined ? null : `${facts.dev}:${facts.ino}:${facts.birthtimeMs}`;
}

/** One waiter at a time, and it looks again: the lock of the one that was faster must not be removed with the dead one's. */
function takeFromDead(path: string, options: Required<DirLockOptions>): boolean {
  const guard = `${path}.takeover`;
  if (!tryMkdir(guard)) {
    const age = ageMs(guard, options.clock);
    if (age !== null && age > takeoverMs) attempt(() => rmdirSync(guard), "another one was faster");
    return false;
  }
  try {
    if (!isAbandoned(path, options)) return false;
    release(path);
    return true;
  } finally {
    attempt(() => rmdirSync(guard), "it took too long and was taken for dead");
  }
}

function tryMkdir(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new AppError("home_not_writable", `HAPI can't write next to ${path}. Make the folder writable, or set HAPI_HOME.`, { cause });
  }
}

function ageMs(path: string, clock: Clock): number | null {
  try {
    return clock.now() - statSync(path).mtimeMs;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
}
