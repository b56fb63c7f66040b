import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCheckpointer } from "./checkpointer.ts";
import { copySqlite } from "./sqlite-copy.ts";
import { openSqlite } from "./sqlite.ts";

const root = mkdtempSync(join(tmpdir(), "hapi-copy-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("one moment of a database that is written to meanwhile, packed and private", async () => {
  const from = join(root, "a.sqlite");
  const to = join(root, "a-copy.sqlite");
  const db = openSqlite(from, { isShrinkable: true });
  db.exec("CREATE TABLE pairs (n INTEGER, twin INTEGER, text TEXT)");
  let written = 0;
  const write = (): void => {
    written += 1;
    db.transaction(() => db.run("INSERT INTO pairs VALUES (?, ?, ?)", written, written, "x".repeat(3_000)));
  };
  while (written < 2_000) write();
  const copying = copySqlite({ from, to, everyMs: 1 });
  const before = written;
  // The copy is made on a thread: this one goes on writing.
  let done = false;
  void copying.finally(() => (done = true));
  while (!done) {
    write();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await copying;
  expect(written).toBeGreaterThan(before);
  const copy = openSqlite(to, { isSingleFile: true });
  const { n = 0, last = 0 } = copy.get<{ n: number; last: number }>("SELECT count(*) AS n, max(n) AS last FROM pairs WHERE n = twin") ?? {};
  expect(n).toBe(last);
  expect(n).toBeGreaterThanOrEqual(before);
  expect(copy.get("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
  expect(statSync(to).mode & 0o777).toBe(0o600);
  await copy.close();
  await db.close();
});

test("a damaged source and a place that is taken are said by code", async () => {
  const noise = join(root, "noise.sqlite");
  writeFileSync(noise, "no database at all, but long enough".repeat(200));
  await expect(copySqlite({ from: noise, to: join(root, "n.sqlite") })).rejects.toMatchObject({ code: "database_corrupt" });
  const db = openSqlite(join(root, "b.sqlite"));
  writeFileSync(join(root, "taken.sqlite"), "something");
  await expect(copySqlite({ from: db.path, to: join(root, "taken.sqlite") })).rejects.toMatchObject({ code: "backup_exists" });
  await db.close();
});

test("a reader that stays does not make the checkpointer hold the writer", async () => {
  const path = join(root, "c.sqlite");
  const db = openSqlite(path, { autoCheckpointPages: 0 });
  const reader = openSqlite(path);
  db.exec("CREATE TABLE t (v TEXT)");
  const write = (): void => void db.run("INSERT INTO t VALUES (?)", "x".repeat(4_000));
  write();
  reader.exec("BEGIN");
  expect(reader.get("SELECT count(*) AS n FROM t")).toEqual({ n: 1 });
  for (let n = 0; n < 5_000; n++) write();
  const rounds = { count: 0, done: Promise.withResolvers<void>() };
  const checkpointer = startCheckpointer({
    path,
    startAtBytes: 1_000,
    truncateAtBytes: 2_000,
    everyMs: 5,
    onDone: () => (rounds.count += 1) >= 4 && rounds.done.resolve(),
    onFailed: (reason) => rounds.done.reject(new Error(reason)),
  });
  let longestMs = 0;
  let done = false;
  void rounds.done.promise.finally(() => (done = true));
  while (!done) {
    const from = performance.now();
    write();
    longestMs = Math.max(longestMs, performance.now() - from);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await rounds.done.promise;
  // It used to hold the writer for two seconds, again and again.
  expect(longestMs).toBeLessThan(1_000);
  reader.exec("COMMIT");
  const empty = Promise.withResolvers<void>();
  const look = setInterval(() => statSync(`${path}-wal`).size === 0 && empty.resolve(), 5);
  await empty.promise;
  clearInterval(look);
  checkpointer.close();
  await reader.close();
  await db.close();
});
