import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
