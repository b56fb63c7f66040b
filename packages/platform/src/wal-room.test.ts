import { expect, test } from "bun:test";
import { closeSync, cpSync, fstatSync, mkdtempSync, openSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "./sqlite.ts";
import { WalRoom } from "./wal-room.ts";

test("the file is always longer than what is used, grows in steps, and is measured anew after it was begun anew", () => {
  const file = openSync(join(mkdtempSync(join(tmpdir(), "hapi-room-")), "wal"), "w+");
  let frames = 0;
  const room = new WalRoom({ pageBytes: 100, frames: () => frames, marginBytes: 1_000, stepBytes: 4_000 });
  const used = () => 32 + frames * 124;
  const sizes = new Set<number>();
  for (frames = 0; frames < 200; frames += 3) {
    room.ensure(file);
    expect(fstatSync(file).size).toBeGreaterThanOrEqual(used() + 1_000);
    sizes.add(fstatSync(file).size);
  }
  expect(sizes.size).toBeLessThan(10);
  frames = 1;
  const before = fstatSync(file).size;
  room.ensure(file);
  expect(fstatSync(file).size).toBe(before);
  closeSync(file);
});

test("zeros behind the last frame are no frames: whoever opens the files after a crash reads what was committed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hapi-room-"));
  const db = openSqlite(join(folder, "db"), { autoCheckpointPages: 0 });
  db.exec("CREATE TABLE t (v INTEGER)");
  for (let n = 0; n < 50; n++) {
    db.run("INSERT INTO t (v) VALUES (?)", n);
    await db.syncWal();
  }
  expect(statSync(join(folder, "db-wal")).size).toBeGreaterThan(1 << 20);
  for (const name of ["db", "db-wal"]) cpSync(join(folder, name), join(folder, `copy-${name}`));
  const copy = openSqlite(join(folder, "copy-db"));
  expect(copy.get("SELECT count(*) AS n, max(v) AS last FROM t")).toEqual({ n: 50, last: 49 });
  await copy.close();
  await db.close();
});
