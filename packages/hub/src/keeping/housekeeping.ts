/**
 * What the hub does for its data by itself: deletes what the owner's settings let it delete, gives room of deleted rows back to the disk in
 * small steps while little is going on, and says in the log when the database or the disk needs a person.
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { attempt, type Clock, type Logger } from "@hapi/platform";
import type { Session } from "@hapi/protocol";
import type { Expired, Retention } from "./retention.ts";

const firstLookMs = 60_000;
const lookEveryMs = 60_000;
const cleanEveryMs = 3600_000;
const warnEveryMs = 24 * 3600_000;
/** Sessions deleted in one round; the next round comes when the next look does. */
export const maxPerRound = 50;
/** Fewer logged changes than this since the last look: nobody is kept waiting. */
const quietChanges = 600;
/** Room is given back from here on, and until only so much of the file is free. */
const freeBytesWorth = 16 << 20;
const freeShareWorth = 0.2;
const freeShareLeft = 0.05;
/** About two milliseconds. */
const bytesPerStep = 512 << 10;
const stepEveryMs = 20;
const lowDiskBytes = 256 << 20;

/** What the database takes, and how much of that holds nothing any more. */
export interface Room {
  totalBytes: number;
  freeBytes: number;
  /** Free room can be given back while the hub runs. */
  isShrinkable: boolean;
}

/** The database's side of it, a port. */
export interface KeepingStore {
  expired(retention: Retention, now: number, limit: number): Promise<Expired[]>;
  noteDeleted(count: number, now: number): Promise<void>;
  room(): Promise<Room>;
  /** About so much free room goes back to the disk. */
  giveBack(bytes: number): Promise<void>;
  /** Deleted text leaves the disk. False while somebody still reads it (a backup); nobody waits for that. */
  scrub(): Promise<boolean>;
  /** Grows with every change. */
  changes(): Promise<number>;
  /** The files it is in, the one that names it first. None: it is elsewhere. */
  files(): Promise<StoredFile[]>;
}

export interface StoredFile {
  path: string;
  bytes: number;
}

export interface HousekeepingDeps {
  store: KeepingStore;
  retention(): Retention;
  session(id: string): Promise<Session | null>;
  isStarting(session: Session): boolean;
  /** As if its owner had deleted it. */
  remove(session: Session): Promise<void>;
  clock: Clock;
  log: Logger;
}

export class Housekeeping {
  readonly #deps: HousekeepingDeps;
  #cancel: () => void = () => undefined;
  #isStopped = false;
  #cleanedAt = Number.NEGATIVE_INFINITY;
  #hasMore = false;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #changes = 0;
  #saidNotShrinkable = false;
  #running: Promise<void> = Promise.resolve();
  #goOn: () => void = () => undefined;

  constructor(deps: HousekeepingDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#changes = await this.#deps.store.changes();
    this.#arm(firstLookMs);
  }

  /** Resolves when nothing of it touches the database any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    this.#goOn();
    await this.#running;
  }

  #arm(ms: number): void {
    if (this.#isStopped) return;
    this.#cancel = this.#deps.clock.setTimer(ms, () => {
      this.#running = this.#look()
        .catch((cause: unknown) => this.#deps.log.error("housekeeping.failed", { reason: reasonOf(cause) }))
        .then(() => this.#arm(lookEveryMs));
    });
  }

  async #look(): Promise<void> {
    const now = this.#deps.clock.now();
    const changes = await this.#deps.store.changes();
    const isQuiet = changes - this.#changes < quietChanges;
    this.#changes = changes;
    if (this.#hasMore || now - this.#cleanedAt >= cleanEveryMs) {
      this.#cleanedAt = now;
      await this.clean();
      await this.#warn(now);
    }
    if (isQuiet) await this.shrink();
  }

  /** Deletes what is old enough. @returns how many */
  async clean(): Promise<number> {
    const { store, clock, log } = this.#deps;
    const retention = this.#deps.retention();
    if (retention.deleteArchivedAfterDays === null && retention.deleteInactiveAfterDays === null) return 0;
    const expired = await store.expired(retention, clock.now(), maxPerRound);
    this.#hasMore = expired.length === maxPerRound;
    let deleted = 0;
    for (const { id, rule } of expired) {
      if (this.#isStopped) break;
      const session = await this.#deps.session(id);
      // Somebody may have come back to it meanwhile.
      if (!session || session.active || this.#deps.isStarting(session)) continue;
      await this.#deps.remove(session);
      deleted += 1;
      log.info("retention.session_deleted", { sessionId: id, rule, days: retention[rule] });
    }
    if (deleted > 0) await store.noteDeleted(deleted, clock.now());
    return deleted;
  }

  /** Gives free pages back while nobody needs the database. */
  async shrink(): Promise<void> {
    const { store, clock, log } = this.#deps;
    const { freeBytes, totalBytes, isShrinkable } = await store.room();
    if (freeBytes < freeBytesWorth || freeBytes < totalBytes * freeShareWorth) return;
    if (!isShrinkable) {
      if (!this.#saidNotShrinkable) log.warn("database.not_shrinkable", { freeBytes, next: "hapi hub backup, then restore it" });
      this.#saidNotShrinkable = true;
      return;
    }
    const before = await store.changes();
    const from = clock.now();
    let left = freeBytes;
    while (left > totalBytes * freeShareLeft && !this.#isStopped) {
      await store.giveBack(bytesPerStep);
      const now = (await store.room()).freeBytes;
      const isDone = now >= left || (await store.changes()) - before > quietChanges;
      left = now;
      if (isDone) break;
      await this.#pause();
    }
    log.info("database.shrunk", { bytes: freeBytes - left, tookMs: clock.now() - from });
  }

  #pause(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.setTimer(stepEveryMs, resolve);
      this.#goOn = () => {
        cancel();
        resolve();
      };
    });
  }

  async #warn(now: number): Promise<void> {
    const { store, log } = this.#deps;
    if (now - this.#warnedAt < warnEveryMs) return;
    const files = await store.files();
    const [main] = files;
    if (!main) return;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const warnBytes = this.#deps.retention().databaseWarnMegabytes * 1_000_000;
    const disk = attempt(() => statfsSync(dirname(main.path)), "not every system says it");
    const freeBytes = disk ? disk.bavail * disk.bsize : Number.POSITIVE_INFINITY;
    if (bytes < warnBytes && freeBytes >= lowDiskBytes) return;
    this.#warnedAt = now;
    if (bytes >= warnBytes) log.warn("database.large", { bytes, warnBytes });
    if (freeBytes < lowDiskBytes) log.warn("disk.low", { freeBytes });
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
