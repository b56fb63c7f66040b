/**
 * SQLite as HAPI uses it: WAL with synchronous=NORMAL (safe against the death of the process), foreign keys, prepared statements kept.
 * Against loss of power the caller awaits `syncWal` after a commit and acknowledges only then.
 */
import { Database, type SQLQueryBindings, type Statement } from "bun:sqlite";
import { chmodSync, fdatasync, statfsSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "@hapi/protocol/errors";
import { attempt } from "./ignore.ts";
import { WalRoom } from "./wal-room.ts";

export type SqlValue = string | number | bigint | boolean | null | Uint8Array;
export type SqlParams = SqlValue[] | [Record<string, SqlValue>];

export interface Sqlite {
  readonly path: string;
  get<Row>(sql: string, ...params: SqlParams): Row | undefined;
  all<Row>(sql: string, ...params: SqlParams): Row[];
  iterate<Row>(sql: string, ...params: SqlParams): IterableIterator<Row>;
  run(sql: string, ...params: SqlParams): { changes: number; lastInsertRowid: number };
  /** Several statements without parameters, not kept. */
  exec(sql: string): void;
  /** `BEGIN IMMEDIATE … COMMIT`, rolled back when `work` throws. Not for nesting. */
  transaction<T>(work: () => T): T;
  readonly inTransaction: boolean;
  /** Makes everything committed so far survive a loss of power. */
  syncWal(): Promise<void>;
  /** Not inside a transaction. */
  walState(): WalState;
  /** Not inside a transaction: makes the WAL file one step longer than it is, and syncs it. False when it has `bytes` already, or can't grow. */
  reserveWal(bytes: number): Promise<boolean>;
  /** Not inside a transaction: copies what is left of the WAL into the database, as far as nobody reads an older state; `cut`: and shortens the file. */
  foldWal(options?: { cut?: boolean }): WalState;
  close(): Promise<void>;
}

export interface WalState {
  /** Frames (pages) in the WAL. */
  frames: number;
  /** How many of them the database file has. */
  folded: number;
}

export interface SqliteOptions {
  readonly?: boolean;
  busyTimeoutMs?: number;
  /** Pages after which SQLite folds the WAL back by itself; 0 leaves it to a worker of the caller. Default 1000. */
  autoCheckpointPages?: number;
  /** A new file can give free pages back a few at a time (`PRAGMA incremental_vacuum`). Means nothing for a file that has tables. */
  isShrinkable?: boolean;
  /** No WAL beside it: for a file that is carried around. */
  isSingleFile?: boolean;
}

/** Statements kept per connection; the oldest makes room. Sql text must not carry values, or the cache is useless. */
const maxStatements = 500;

export function openSqlite(path: string, options: SqliteOptions = {}): Sqlite {
  const db = guard(path, () => {
    const opened = options.readonly
      ? new Database(path, { readonly: true, strict: true })
      : new Database(path, { create: true, strict: true });
    try {
      configure(opened, options);
    } catch (cause) {
      opened.close();
      throw cause;
    }
    return opened;
  });
  if (!options.readonly && path !== ":memory:") attempt(() => chmodSync(path, 0o600), "the folder is private already");
  const statements = new Map<string, Statement>();
  let wal: Promise<FileHandle> | null = null;
  let room: WalRoom | null = null;

  const prepare = (sql: string): Statement => {
    const known = statements.get(sql);
    if (known) return known;
    if (statements.size >= maxStatements) {
      const [oldest, statement] = statements.entries().next().value as [string, Statement];
      statements.delete(oldest);
      statement.finalize();
    }
    const statement = db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const call = <T>(sql: string, params: SqlParams, work: (statement: Statement, bound: SQLQueryBindings[]) => T): T =>
    guard(path, () => work(prepare(sql), params as SQLQueryBindings[]));
  const checkpoint = (mode: "NOOP" | "PASSIVE" | "TRUNCATE"): WalState => {
    const row = call(`PRAGMA wal_checkpoint(${mode})`, [], (s) => s.get()) as { log: number; checkpointed: number };
    return { frames: Math.max(0, row.log), folded: Math.max(0, row.checkpointed) };
  };
  // NOOP counts and folds nothing (SQLite 3.51 and newer; an older one folds what it can without waiting).
  const walState = (): WalState => checkpoint("NOOP");
  const openWal = (): Promise<FileHandle> => {
    if (wal) return wal;
    const opening = open(`${path}-wal`, "r+");
    wal = opening;
    opening.catch(() => {
      if (wal === opening) wal = null;
    });
    return opening;
  };
  const walRoom = (): WalRoom => {
    if (room) return room;
    const { page_size: pageBytes } = call("PRAGMA page_size", [], (s) => s.get()) as { page_size: number };
    room = new WalRoom({ pageBytes, frames: () => walState().frames });
    return room;
  };
  return {
    path,
    get: <Row>(sql: string, ...params: SqlParams) => call(sql, params, (s, bound) => (s.get(...bound) as Row | null) ?? undefined),
    all: <Row>(sql: string, ...params: SqlParams) => call(sql, params, (s, bound) => s.all(...bound) as Row[]),
    iterate: <Row>(sql: string, ...params: SqlParams) =>
      call(sql, params, (s, bound) => s.iterate(...bound) as unknown as IterableIterator<Row>),
    run: (sql, ...params) =>
      call(sql, params, (s, bound) => {
        const { changes, lastInsertRowid } = s.run(...bound);
        return { changes, lastInsertRowid: Number(lastInsertRowid) };
      }),
    exec: (sql) => guard(path, () => void db.exec(sql)),
    transaction(work) {
      guard(path, () => db.exec("BEGIN IMMEDIATE"));
      try {
        const result = work();
        guard(path, () => db.exec("COMMIT"));
        return result;
      } catch (cause) {
        // SQLite has rolled back by itself after some failures (a full disk), and then says that nothing is open.
        if (db.inTransaction) db.exec("ROLLBACK");
        throw cause;
      }
    },
    get inTransaction() {
      return db.inTransaction;
    },
    walState,
    foldWal({ cut = false } = {}) {
      if (!cut) return checkpoint("PASSIVE");
      const { timeout } = call("PRAGMA busy_timeout", [], (s) => s.get()) as { timeout: number };
      try {
        // It waits for readers of older states, and with it everybody: whoever asked asks again.
        db.exec("PRAGMA busy_timeout = 20");
        return checkpoint("TRUNCATE");
      } finally {
        db.exec(`PRAGMA busy_timeout = ${timeout}`);
      }
    },
    async reserveWal(bytes) {
      if (path === ":memory:") return false;
      const file = await openWal();
      if (db.inTransaction) return true;
      const isLonger = walRoom().reserve(file.fd, bytes);
      if (isLonger) await datasync(file.fd);
      return isLonger;
    },
    async syncWal() {
      if (path === ":memory:") return;
      // Closing a second handle on the database file itself would drop SQLite's locks (POSIX); the WAL carries none. It keeps its inode
      // as long as a connection is open, so one handle serves for good.
      try {
        const file = await openWal();
        if (!db.inTransaction) walRoom().ensure(file.fd);
        await datasync(file.fd);
      } catch (cause) {
        throw diskFailure(path, (cause as NodeJS.ErrnoException).code ?? "", cause) ?? cause;
      }
    },
    async close() {
      const handle = wal;
      wal = null;
      if (handle) await (await handle).close();
      for (const statement of statements.values()) statement.finalize();
      statements.clear();
      db.close(true);
    },
  };
}

/** The callback form: a third of the time that the promise's takes on this thread. */
function datasync(file: number): Promise<void> {
  return new Promise((done, failed) => fdatasync(file, (cause) => (cause ? failed(cause) : done())));
}

const isEmpty = (db: Database): boolean => db.query<{ page_count: number }, []>("PRAGMA page_count").get()?.page_count === 0;

function configure(db: Database, options: SqliteOptions): void {
  db.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs ?? 5_000}`);
  db.exec("PRAGMA foreign_keys = ON");
  if (options.readonly) {
    // Reading something makes a damaged file show itself now and not later.
    db.query("SELECT count(*) FROM sqlite_schema").get();
    return;
  }
  // Only counts before the first page is written, which the next line does. Later it would write, and a full disk has no room for that.
  if (options.isShrinkable && isEmpty(db)) db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  db.exec(`PRAGMA journal_mode = ${options.isSingleFile ? "DELETE" : "WAL"}`);
  db.exec("PRAGMA synchronous = NORMAL");
  db.exec(`PRAGMA wal_autocheckpoint = ${options.autoCheckpointPages ?? 1_000}`);
}

/** SQLite's failures that a person can do something about get their code; the others (constraints, bugs) stay as they are. */
function guard<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT"))
      throw new AppError("database_corrupt", `${path} is damaged. Move it away, or restore a backup.`, { cause, details: { path } });
    const failure = diskFailure(path, code, cause);
    if (failure) throw failure;
    if (code.startsWith("SQLITE_CANTOPEN") || code.startsWith("SQLITE_READONLY"))
      throw new AppError("home_not_writable", `The database ${path} can't be opened for writing. Check the folder's permissions.`, {
        cause,
        details: { path },
      });
    throw cause;
  }
}

/** Less than this is a full disk, whatever the system calls the failure (SQLite's shared memory knows only "I/O error"). */
const fullBelowBytes = 1 << 20;

/** What the disk refused, in words; null when it was something else. */
function diskFailure(path: string, code: string, cause: unknown): AppError | null {
  const details = { path };
  const isFull = code.startsWith("SQLITE_FULL") || code === "ENOSPC" || code === "EDQUOT";
  const isIo = code.startsWith("SQLITE_IOERR") || code === "EIO";
  if (!isFull && !isIo) return null;
  if (isFull || isDiskFull(path)) return new AppError("database_full", undefined, { cause, details });
  return new AppError("disk_failed", `The disk of ${path} reported an error (${code}). Check the disk; nothing was saved.`, {
    cause,
    details,
  });
}

function isDiskFull(path: string): boolean {
  const facts = attempt(() => statfsSync(dirname(path)), "a disk that can't be asked is not said to be full");
  return facts !== undefined && facts.bavail * facts.bsize < fullBelowBytes;
}
