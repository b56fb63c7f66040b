/**
 * One writing connection, one transaction per turn of the event loop. `write` runs an operation at once inside the open transaction and
 * answers after COMMIT; `unit` runs several as one, and holds the others until it has ended; `durable` answers once everything committed so far survives a loss of power (at most two fdatasyncs in flight). Events an
 * operation recorded are handed to `deliver` after COMMIT, in the order of their operations and before the writers hear of it.
 * An operation that throws takes back only itself. What is remembered of the database is dropped when another connection has written.
 */
import { type Clock, ignore, LATE, type Sqlite, systemClock, within } from "@hapi/platform";
import { AppError, toAppError } from "@hapi/protocol";

export interface CommitHooks<Recorded> {
  /** After COMMIT, before the writers of this transaction go on. */
  deliver(recorded: readonly Recorded[]): void;
  failed(cause: unknown): void;
}

/** What a store writes through: the group, or one unit of it. */
export interface Writer {
  /** Runs an operation at once inside the open transaction. */
  write<T>(operation: () => T): Promise<T>;
  /** Resolves when what can be read now will not be taken back. */
  settled(): Promise<void>;
}

/** What stores remember of the database. */
export interface Remembered {
  /** An operation ended well, or was taken back. */
  kept?(): void;
  takenBack?(): void;
  /** Inside the transaction, before COMMIT: what is not written yet. */
  flush?(): void;
  /** Nothing of it may be true any more. */
  forget(): void;
}

interface Waiting {
  done(): void;
  failed(cause: unknown): void;
}

const maxSyncs = 2;
/** How much may be lost with the machine's power of what nobody was promised. */
const lazySyncMs = 50;
/** A patient one lets readers have the machine first, and shares its sync with those who come meanwhile. */
const patienceMs = 1;
/** A unit asks its stores and nobody else: one that takes longer waits for what it holds up. */
const unitMs = 10_000;

interface Sync {
  /** The last commit it covers. */
  upTo: number;
  isDone: boolean;
}

export class GroupCommit<Recorded> implements Writer {
  readonly #db: Sqlite;
  readonly #hooks: CommitHooks<Recorded>;
  readonly #remembered: Remembered[] = [];
  readonly #between: (() => void)[] = [];
  #open = false;
  #isClosed = false;
  /** Runs; and whoever wants to write meanwhile. */
  #unit: Promise<unknown> | null = null;
  #held: (() => void)[] = [];
  /** Changes with every commit of another connection. */
  #version: number;
  #waiting: Waiting[] = [];
  #recorded: Recorded[] = [];
  /** How many commits there were, and how many of them the disk has. */
  #committed = 0;
  #synced = 0;
  /** Running syncs, in the order of their beginning. */
  #syncing: Sync[] = [];
  /** A sync failed, and what it should have written may be nowhere but in memory. */
  #isSuspect = false;
  #unsynced: (Waiting & { upTo: number })[] = [];
  readonly #clock: Clock;
  #cancelLazySync: (() => void) | null = null;
  #cancelPatience: (() => void) | null = null;

  constructor(db: Sqlite, hooks: CommitHooks<Recorded>, clock: Clock = systemClock) {
    this.#db = db;
    this.#hooks = hooks;
    this.#clock = clock;
    this.#version = this.#readVersion();
  }

  attach(remembered: Remembered): void {
    this.#remembered.push(remembered);
  }

  /** Before what is remembered is read: somebody else may have written since. Nobody can while a transaction of ours is open. */
  refresh(): void {
    if (this.#open) return;
    const version = this.#readVersion();
    if (version === this.#version) return;
    this.#version = version;
    this.#forget();
  }

  /** Only inside an operation: what `deliver` gets when this operation is committed. */
  record(item: Recorded): void {
    this.#recorded.push(item);
  }

  write<T>(operation: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(stopping());
    if (this.#unit) return this.#hold(() => this.write(operation));
    let value: T;
    try {
      value = this.#operate(operation);
    } catch (cause) {
      return Promise.reject(cause);
    }
    return this.#committedWith(value);
  }

  /**
   * Several operations that are committed together or not at all. `work` writes through the writer it is given, which answers at once, and
   * reads what it wrote; it waits for nothing else. The answer comes after COMMIT.
   */
  unit<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(stopping());
    if (this.#unit) return this.#hold(() => this.unit(work));
    const over = Promise.withResolvers<void>();
    this.#unit = over.promise;
    const running = this.#runUnit(work).finally(() => {
      this.#unitEnded();
      over.resolve();
    });
    return running.then((committed) => committed());
  }

  /** @returns what resolves after COMMIT: in a function, because the next may run before that. */
  async #runUnit<T>(work: (writer: Writer) => Promise<T>): Promise<() => Promise<T>> {
    const mark = { recorded: this.#recorded.length, waiting: this.#waiting.length };
    let isOver = false;
    /** Why the whole transaction is gone. */
    let lost: unknown = null;
    const writer: Writer = {
      write: async (operation) => {
        if (isOver || lost !== null) throw lost ?? new AppError("not_ready", "This transaction is over");
        try {
          return this.#operate(operation);
        } catch (cause) {
          if (!this.#open) lost = cause;
          throw cause;
        }
      },
      settled: () => Promise.resolve(),
    };
    try {
      this.#begin();
      // What others moved is not taken back with it.
      this.#flush();
      this.#db.run("SAVEPOINT unit");
      const value = await within(this.#clock, unitMs, work(writer));
      if (value === LATE) throw new AppError("timeout", "A transaction waited for something else than its stores");
      if (lost !== null) throw lost;
      this.#db.run("RELEASE unit");
      const committed = this.#committedWith(value);
      return () => committed;
    } catch (cause) {
      if (lost !== null) throw cause;
      // Who read what was written so far read what never was.
      const readers = this.#waiting.splice(mark.waiting);
      this.#takeBack("unit", mark.recorded, cause);
      for (const reader of readers) reader.failed(toAppError(cause));
      throw cause;
    } finally {
      isOver = true;
    }
  }

  /** Those that were held go on in the order in which they came, up to the next unit. */
  #unitEnded(): void {
    this.#unit = null;
    const held = this.#held.splice(0);
    for (const goOn of held) goOn();
    if (this.#open) setImmediate(() => this.#commit());
  }

  #hold<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => this.#held.push(() => void work().then(resolve, reject)));
  }

  /** @throws what `operation` throws, taken back. */
  #operate<T>(operation: () => T): T {
    const mark = this.#recorded.length;
    try {
      this.#begin();
      this.#db.run("SAVEPOINT operation");
      const value = operation();
      this.#db.run("RELEASE operation");
      for (const remembered of this.#remembered) remembered.kept?.();
      return value;
    } catch (cause) {
      this.#takeBack("operation", mark, cause);
      throw cause;
    }
  }

  #committedWith<T>(value: T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ done: () => resolve(value), failed: reject });
    });
  }

  /** Resolves when what can be read now is committed; rejects when it was taken back. */
  settled(): Promise<void> {
    if (!this.#open) return Promise.resolve();
    return new Promise((done, failed) => this.#waiting.push({ done, failed }));
  }

  /** Resolves when everything that was committed before this call is on the disk. `isPatient`: nobody looks at the answer, so it may take a moment. */
  durable({ isPatient = false } = {}): Promise<void> {
    const upTo = this.#committed;
    if (this.#synced >= upTo) return Promise.resolve();
    return new Promise((done, failed) => {
      this.#unsynced.push({ upTo, done, failed });
      if (isPatient) return this.#syncSoon();
      // In the next turn of the event loop: the readers were told by then, and the writers of one commit share one sync.
      setImmediate(() => this.#startSync());
    });
  }

  #syncSoon(): void {
    this.#cancelPatience ??= this.#clock.setTimer(patienceMs, () => {
      this.#cancelPatience = null;
      this.#startSync();
    });
  }

  /** Runs `work` where no transaction is open: now, or right after the next COMMIT. */
  betweenTransactions<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#between.push(() => {
        try {
          resolve(work());
        } catch (cause) {
          reject(toAppError(cause));
        }
      });
      if (!this.#open) this.#runBetween();
    });
  }

  #runBetween(): void {
    for (const work of this.#between.splice(0)) work();
  }

  /** Commits what is open and waits for the disk. */
  async close(): Promise<void> {
    while (this.#unit) await this.#unit;
    this.#commit();
    this.#isClosed = true;
    this.#cancelLazySync?.();
    this.#cancelPatience?.();
    await this.durable();
  }

  #begin(): void {
    if (this.#open) return;
    this.#db.run("BEGIN IMMEDIATE");
    this.refresh();
    this.#open = true;
    setImmediate(() => this.#commit());
  }

  #takeBack(savepoint: "operation" | "unit", mark: number, cause: unknown): void {
    this.#recorded.length = mark;
    if (!this.#db.inTransaction) {
      // SQLite gave up the whole transaction (a full disk): nobody of this turn was saved.
      this.#abandon(cause);
      return;
    }
    this.#db.run(`ROLLBACK TO ${savepoint}`);
    this.#db.run(`RELEASE ${savepoint}`);
    if (savepoint === "operation") {
      for (const remembered of this.#remembered) remembered.takenBack?.();
      this.#flush();
    }
    this.#forget();
  }

  #flush(): void {
    for (const remembered of this.#remembered) remembered.flush?.();
  }

  #forget(): void {
    for (const remembered of this.#remembered) remembered.forget();
  }

  #readVersion(): number {
    return this.#db.get<{ data_version: number }>("PRAGMA data_version")?.data_version ?? 0;
  }

  #commit(): void {
    // A unit that runs ends with a commit of its own.
    if (!this.#open || this.#unit) return;
    try {
      this.#flush();
      this.#db.run("COMMIT");
    } catch (cause) {
      if (this.#db.inTransaction) this.#db.run("ROLLBACK");
      this.#abandon(cause);
      return;
    }
    const recorded = this.#recorded;
    const waiting = this.#waiting;
    this.#reset();
    this.#committed += 1;
    this.#runBetween();
    if (recorded.length > 0) this.#hooks.deliver(recorded);
    for (const writer of waiting) writer.done();
    // Nobody may ask (writers without an ack); the disk gets it soon all the same, but not in the way of somebody who asks.
    this.#cancelLazySync ??= this.#clock.setTimer(lazySyncMs, () => {
      this.#cancelLazySync = null;
      ignore(this.durable(), "the failure was told to `failed`, and nobody waits");
    });
  }

  #abandon(cause: unknown): void {
    const waiting = this.#waiting;
    this.#reset();
    this.#forget();
    this.#hooks.failed(cause);
    for (const writer of waiting) writer.failed(toAppError(cause));
    this.#runBetween();
  }

  #reset(): void {
    this.#open = false;
    this.#waiting = [];
    this.#recorded = [];
  }

  /** Two at once: who commits while a sync runs need not wait for its end first. More would only queue in the device. */
  #startSync(): void {
    const last = this.#unsynced.at(-1)?.upTo ?? 0;
    if (last <= this.#synced || this.#syncing.length >= maxSyncs || this.#syncing.some((running) => running.upTo >= last)) return;
    // After one that failed the system calls the lost pages clean: only what is written into the database file itself counts again.
    if (this.#isSuspect && this.#syncing.length > 0) return;
    const sync: Sync = { upTo: this.#committed, isDone: false };
    this.#syncing.push(sync);
    const written = this.#isSuspect ? this.betweenTransactions(() => this.#foldAll()) : this.#db.syncWal();
    written.then(
      () => {
        sync.isDone = true;
        // In the order of their beginning: a failed write is told to one of those who sync, and none after it may rely on it.
        while (this.#syncing[0]?.isDone) this.#finished((this.#syncing.shift() as Sync).upTo);
        this.#startSync();
      },
      (cause: unknown) => {
        const newest = Math.max(...this.#syncing.map((running) => running.upTo));
        this.#syncing = [];
        this.#isSuspect = true;
        this.#hooks.failed(cause);
        this.#settle(newest, (waiting) => waiting.failed(toAppError(cause)));
        this.#startSync();
      },
    );
  }

  #finished(upTo: number): void {
    this.#synced = Math.max(this.#synced, upTo);
    this.#settle(upTo, (waiting) => waiting.done());
  }

  /** Copies the whole log into the database, synced, and cuts it: nothing of what was lost is read after a loss of power. */
  #foldAll(): void {
    if (this.#db.foldWal({ cut: true }).frames > 0)
      throw new AppError("disk_failed", "The disk did not take what was written; it is tried again. Check the disk");
    this.#isSuspect = false;
  }

  /** Those who wait stand in the order of their commits. */
  #settle(upTo: number, tell: (waiting: Waiting) => void): void {
    const count = this.#unsynced.findIndex((waiting) => waiting.upTo > upTo);
    for (const waiting of this.#unsynced.splice(0, count < 0 ? this.#unsynced.length : count)) tell(waiting);
  }
}

const stopping = (): AppError => new AppError("not_ready", "The hub is stopping");
