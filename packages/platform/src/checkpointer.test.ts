import { afterAll, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCheckpointer } from "./checkpointer.ts";
import { openSqlite, type Sqlite, type WalState } from "./sqlite.ts";

const scratch = mkdtempSync(join(tmpdir(), "hapi-wal-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function open(): { path: string; db: Sqlite } {
  const path = join(mkdtempSync(join(scratch, "hapi-wal-")), "db");
  const db = openSqlite(path, { autoCheckpointPages: 0 });
  db.exec("CREATE TABLE t (v TEXT)");
  return { path, db };
}

const fill = (db: Sqlite): void => {
  for (let n = 0; n < 100; n++) db.run("INSERT INTO t (v) VALUES (?)", "x".repeat(10_000));
};

function checkpointer(db: Sqlite, restartAtFrames: number): Promise<WalState> & AsyncDisposable {
  const done = Promise.withResolvers<WalState>();
  const running = startCheckpointer({
    db,
    between: async (work) => work(),
    startAtFrames: 1,
    restartAtFrames,
    everyMs: 5,
    onDone: (state) => done.resolve(state),
    onFailed: (reason) => done.reject(new Error(reason)),
  });
  return Object.assign(done.promise, { [Symbol.asyncDispose]: async () => running.close() });
}

test("the WAL is folded and begun anew beside a living writer: the file keeps its length, and nothing is lost", async () => {
  const { path, db } = open();
  fill(db);
  await db.syncWal();
  const before = db.walState();
  expect(before.frames).toBeGreaterThan(100);
  const length = statSync(`${path}-wal`).size;
  await using folded = checkpointer(db, 2);
  const state = await folded;
  expect(state.folded).toBe(state.frames);
  db.run("INSERT INTO t (v) VALUES ('after')");
  expect(db.walState().frames).toBeLessThan(before.frames);
  await db.syncWal();
  expect(statSync(`${path}-wal`).size).toBe(length);
  await db.close();
  const again = openSqlite(path);
  expect(again.get("SELECT count(*) AS n FROM t")).toEqual({ n: 101 });
  await again.close();
});

test("a reader of an older state is not waited for", async () => {
  const { path, db } = open();
  fill(db);
  const reader = openSqlite(path, { readonly: true });
  reader.exec("BEGIN");
  expect(reader.get("SELECT count(*) AS n FROM t")).toEqual({ n: 100 });
  fill(db);
  await using folded = checkpointer(db, 2);
  const state = await folded;
  expect(state.folded).toBeLessThan(state.frames);
  db.run("INSERT INTO t (v) VALUES ('after')");
  expect(reader.get("SELECT count(*) AS n FROM t")).toEqual({ n: 100 });
  reader.exec("COMMIT");
  await reader.close();
  await db.close();
});

test("a moment after the start the WAL has its room, and what is committed meanwhile is kept", async () => {
  const { path, db } = open();
  const failures: string[] = [];
  const running = startCheckpointer({ db, between: async (work) => work(), onFailed: (reason) => failures.push(reason) });
  const hasRoom = Promise.withResolvers<void>();
  let rows = 0;
  const writing = setInterval(() => {
    db.run("INSERT INTO t (v) VALUES ('x')");
    rows += 1;
    if (statSync(`${path}-wal`).size >= 8 << 20) hasRoom.resolve();
  }, 10);
  await hasRoom.promise;
  clearInterval(writing);
  running.close();
  expect(failures).toEqual([]);
  for (const end of ["", "-wal"]) cpSync(path + end, `${path}2${end}`);
  const copy = openSqlite(`${path}2`);
  expect(copy.get("SELECT count(*) AS n FROM t")).toEqual({ n: rows });
  await copy.close();
  await db.close();
});
