/**
 * A lock between processes: a folder whose making is atomic, with a fresh time stamp while it is held. Understands and respects
 * proper-lockfile's locks (mkdir, mtime renewed, stale after 30 s), which other HAPI installations use on the same files.
 */
import { mkdir, rmdir, stat, utimes } from "node:fs/promises";
import { AppError } from "@hapi/protocol/errors";
import { delay, systemClock, type Clock } from "./clock.ts";
import { ignore } from "./ignore.ts";

export interface DirLockOptions {
  staleMs?: number;
  retries?: number;
  retryMs?: number;
  clock?: Clock;
}

/** Runs `work` while holding the lock folder `path`. */
export async function withDirLock<T>(path: string, work: () => Promise<T> | T, options: DirLockOptions = {}): Promise<T> {
  const { staleMs = 30_000, clock = systemClock } = options;
  await acquire(path, { staleMs, clock, retries: options.retries ?? 50, retryMs: options.retryMs ?? 100 });
  let cancel: () => void = () => undefined;
  const renew = () => {
    const now = clock.now() / 1000;
    ignore(utimes(path, now, now), "somebody took the lock for stale; the work below is short and atomic");
    cancel = clock.setTimer(staleMs / 2, renew);
  };
  cancel = clock.setTimer(staleMs / 2, renew);
  try {
    return await work();
  } finally {
    cancel();
    await rmdir(path).catch(() => undefined);
  }
}

async function acquire(path: string, options: Required<DirLockOptions>): Promise<void> {
  for (let attempt = 0; attempt <= options.retries; attempt++) {
    if (await tryMkdir(path)) return;
    const age = await ageMs(path, options.clock);
    // Gone meanwhile, or left behind: try again at once. Of several that remove it, mkdir lets one through.
    if (age === null) continue;
    if (age > options.staleMs) await rmdir(path).catch(() => undefined);
    else await delay(options.retryMs, { clock: options.clock });
  }
  throw new AppError("timeout", `${path} is locked by another HAPI process. If none runs, remove that folder.`, { details: { path } });
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
