import { expect, test } from "bun:test";
import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCheckpointer } from "./checkpointer.ts";
import { openSqlite } from "./sqlite.ts";

test("the WAL is folded back and begun anew beside a living writer, and nothing is lost", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "hapi-wal-")), "db");
  const db = openSqlite(path, { autoCheckpointPages: 0 });
  db.exec("CREATE TABLE t (v TEXT)");
  for (let n = 0; n < 100; n++) db.run("INSERT INTO t (v) VALUES (?)", "x".repeat(10_000));
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(500_000);
  const done = Promise.withResolvers<void>();
  const checkpointer = startCheckpointer({
    path,
    startAtBytes: 1_000,
    truncateAtBytes: 2_000,
    everyMs: 5,
    onDone: () => done.resolve(),
    onFailed: (reason) => done.reject(new Error(reason)),
  });
  await done.promise;
  expect(statSync(`${path}-wal`).size).toBe(0);
  db.run("INSERT INTO t (v) VALUES ('after')");
  await db.syncWal();
  expect(db.get("SELECT count(*) AS n FROM t")).toEqual({ n: 101 });
  checkpointer.close();
  await db.close();
});
