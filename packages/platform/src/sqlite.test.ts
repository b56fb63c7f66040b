import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "./sqlite.ts";

const root = mkdtempSync(join(tmpdir(), "hapi-sqlite-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("opened as it must be, and private", async () => {
  const db = openSqlite(join(root, "a.sqlite"));
  expect(db.get<{ journal_mode: string }>("PRAGMA journal_mode")?.journal_mode).toBe("wal");
  expect(db.get<{ synchronous: number }>("PRAGMA synchronous")?.synchronous).toBe(1);
  expect(db.get<{ foreign_keys: number }>("PRAGMA foreign_keys")?.foreign_keys).toBe(1);
  expect(db.get<{ timeout: number }>("PRAGMA busy_timeout")?.timeout).toBe(5_000);
  expect(statSync(db.path).mode & 0o777).toBe(0o600);
  await db.close();
});

test("rows, parameters by place and by name, changes, and a WAL that is made durable", async () => {
  const db = openSqlite(join(root, "b.sqlite"));
  db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, data BLOB)");
  expect(db.run("INSERT INTO t (name) VALUES (?)", "a")).toEqual({ changes: 1, lastInsertRowid: 1 });
  db.run("INSERT INTO t (name, data) VALUES ($name, $data)", { name: "b", data: new Uint8Array([1]) });
  await db.syncWal();
  await db.syncWal();
  expect(db.get<{ name: string }>("SELECT name FROM t WHERE id = ?", 2)).toEqual({ name: "b" });
  expect(db.get("SELECT 1 FROM t WHERE id = ?", 99)).toBeUndefined();
  expect([...db.iterate<{ id: number }>("SELECT id FROM t")].map(({ id }) => id)).toEqual([1, 2]);
  await db.close();
});

test("a transaction that fails leaves nothing, and the next one works", async () => {
  const db = openSqlite(join(root, "c.sqlite"));
  db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  expect(() =>
    db.transaction(() => {
      db.run("INSERT INTO t VALUES (1)");
      db.run("INSERT INTO t VALUES (1)");
    }),
  ).toThrow();
  expect(db.inTransaction).toBe(false);
  expect(db.transaction(() => db.run("INSERT INTO t VALUES (2)").changes)).toBe(1);
  expect(db.all("SELECT id FROM t")).toEqual([{ id: 2 }]);
  await db.close();
});

test("opening one that is there writes nothing: on a full disk it can still be read", async () => {
  const path = join(root, "shrinkable.sqlite");
  const first = openSqlite(path, { isShrinkable: true });
  first.exec("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  expect(first.get<{ auto_vacuum: number }>("PRAGMA auto_vacuum")?.auto_vacuum).toBe(2);
  const version = () => first.get<{ data_version: number }>("PRAGMA data_version")?.data_version;
  const before = version();
  const second = openSqlite(path, { isShrinkable: true });
  expect(version()).toBe(before);
  expect(second.get<{ auto_vacuum: number }>("PRAGMA auto_vacuum")?.auto_vacuum).toBe(2);
  second.run("INSERT INTO t VALUES (1)");
  expect(version()).not.toBe(before);
  await second.close();
  await first.close();
});

test("statements are kept up to a limit", async () => {
  const db = openSqlite(":memory:");
  for (let n = 0; n < 1_200; n++) db.get(`SELECT ${n}`);
  expect(db.get<{ x: number }>("SELECT 0 AS x")).toEqual({ x: 0 });
  await db.syncWal();
  await db.close();
});

test("what is no database, and a folder that is none, are said by code", () => {
  const path = join(root, "noise.sqlite");
  writeFileSync(path, "this is no database, but it is long enough to be looked at".repeat(100));
  expect(() => openSqlite(path)).toThrow(expect.objectContaining({ code: "database_corrupt" }));
  expect(() => openSqlite(path, { readonly: true })).toThrow(expect.objectContaining({ code: "database_corrupt" }));
  expect(() => openSqlite(join(root, "none", "x.sqlite"))).toThrow(expect.objectContaining({ code: "home_not_writable" }));
});
