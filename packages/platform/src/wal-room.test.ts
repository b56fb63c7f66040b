import { afterAll, expect, test } from "bun:test";
import { closeSync, cpSync, fstatSync, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite, type Sqlite } from "./sqlite.ts";
import { WalRoom } from "./wal-room.ts";

const scratch = mkdtempSync(join(tmpdir(), "hapi-room-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("the file is always longer than what is used, grows in steps, and is measured anew after it was begun anew", () => {
  const file = openSync(join(mkdtempSync(join(scratch, "hapi-room-")), "wal"), "w+");
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
  const folder = mkdtempSync(join(scratch, "hapi-room-"));
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

const whole = 3 << 20;

/** A database with room on its way: each row is committed between two steps. */
async function reserved(folder: string, bytes: number): Promise<{ db: Sqlite; steps: number[]; rows: number }> {
  const db = openSqlite(join(folder, "db"), { autoCheckpointPages: 0 });
  db.exec("CREATE TABLE t (v INTEGER)");
  const steps = [walBytes(folder)];
  let rows = 0;
  do {
    db.run("INSERT INTO t (v) VALUES (?)", rows++);
    steps.push(walBytes(folder));
  } while (await db.reserveWal(bytes));
  return { db, steps, rows };
}

const walBytes = (folder: string): number => statSync(join(folder, "db-wal")).size;

test("room is reserved a step at a time, and no further than asked", async () => {
  const folder = mkdtempSync(join(scratch, "hapi-room-"));
  const { db, steps } = await reserved(folder, whole);
  const growth = steps.slice(1).map((size, at) => size - (steps[at] ?? 0));
  // The first is a commit's own; each of the others is one step.
  expect(new Set(growth.slice(2))).toEqual(new Set([512 << 10]));
  const end = walBytes(folder);
  expect(end).toBeGreaterThanOrEqual(whole);
  expect(end).toBeLessThan(whole + (512 << 10));
  expect(await db.reserveWal(whole)).toBe(false);
  expect(await db.reserveWal(1)).toBe(false);
  expect(walBytes(folder)).toBe(end);
  // What is reserved is used: commits and their flushes leave the length as it is.
  for (let n = 0; n < 100; n++) db.run("INSERT INTO t (v) VALUES (?)", n);
  await db.syncWal();
  expect(walBytes(folder)).toBe(end);
  await db.close();
});

test("what is committed between the steps is there after a crash, and after the WAL was begun anew in its room", async () => {
  const folder = mkdtempSync(join(scratch, "hapi-room-"));
  const { db, rows } = await reserved(folder, whole);
  const afterCrash = async (name: string): Promise<unknown> => {
    for (const file of ["db", "db-wal"]) cpSync(join(folder, file), join(folder, file.replace("db", name)));
    const copy = openSqlite(join(folder, name));
    const found = copy.get("SELECT count(*) AS n, count(DISTINCT v) AS different, max(v) AS last FROM t");
    expect(copy.get("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
    await copy.close();
    return found;
  };
  expect(rows).toBeGreaterThan(5);
  expect(await afterCrash("first")).toEqual({ n: rows, different: rows, last: rows - 1 });
  for (let n = 0; n < 20; n++) db.run("INSERT INTO t (v) VALUES (?)", rows + n);
  expect(await afterCrash("second")).toEqual({ n: rows + 20, different: rows + 20, last: rows + 19 });
  db.foldWal();
  db.run("INSERT INTO t (v) VALUES (?)", rows + 20);
  expect(db.walState().frames).toBeLessThan(3);
  // A commit while a step is on its way.
  const growing = db.reserveWal(walBytes(folder) + 1);
  db.run("INSERT INTO t (v) VALUES (?)", rows + 21);
  expect(await growing).toBe(true);
  expect(await afterCrash("third")).toEqual({ n: rows + 22, different: rows + 22, last: rows + 21 });
  await db.close();
});

test("nothing is reserved inside a transaction, where it is asked again, nor in memory", async () => {
  const folder = mkdtempSync(join(scratch, "hapi-room-"));
  const db = openSqlite(join(folder, "db"), { autoCheckpointPages: 0 });
  db.exec("CREATE TABLE t (v INTEGER)");
  const before = walBytes(folder);
  db.exec("BEGIN IMMEDIATE");
  expect(await db.reserveWal(whole)).toBe(true);
  db.exec("COMMIT");
  expect(walBytes(folder)).toBe(before);
  await db.close();
  const memory = openSqlite(":memory:");
  expect(await memory.reserveWal(whole)).toBe(false);
  await memory.close();
});
