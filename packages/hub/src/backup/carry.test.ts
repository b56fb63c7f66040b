/** Who may come in after a restore: as it was before it, or it is said that nobody knows. */
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "@hapi/platform";
import { carryCredentials } from "./carry.ts";

const home = mkdtempSync(join(tmpdir(), "hapi-carry-"));
const [from, to] = [join(home, "from.sqlite"), join(home, "to.sqlite")];

afterEach(() => rmSync(home, { recursive: true, force: true }));

async function database(path: string, ...statements: string[]): Promise<void> {
  mkdirSync(home, { recursive: true });
  const db = openSqlite(path, { isSingleFile: true });
  for (const statement of statements) db.exec(statement);
  await db.close();
}

const table = "CREATE TABLE credentials (id TEXT, revoked_at INTEGER)";

async function carried(): Promise<unknown[]> {
  const db = openSqlite(to, { isSingleFile: true });
  const rows = db.all("SELECT * FROM credentials");
  await db.close();
  return rows;
}

/** Its rows, and not what the file says of itself. */
async function damageTable(): Promise<void> {
  const db = openSqlite(from, { isSingleFile: true });
  const { rootpage = 0 } = db.get<{ rootpage: number }>("SELECT rootpage FROM sqlite_schema WHERE name = 'credentials'") ?? {};
  const { page_size: size = 0 } = db.get<{ page_size: number }>("PRAGMA page_size") ?? {};
  await db.close();
  const bytes = readFileSync(from);
  bytes.fill(0xff, (rootpage - 1) * size, rootpage * size);
  writeFileSync(from, bytes);
}

test("what was revoked since is revoked; from before there were any, those of the backup are as they were", async () => {
  await database(to, table, "INSERT INTO credentials VALUES ('thief', NULL)");
  await database(from, "CREATE TABLE meta (key TEXT)");
  expect([await carryCredentials(from, to), await carried()]).toEqual([true, [{ id: "thief", revoked_at: null }]]);
  await database(from, table, "INSERT INTO credentials VALUES ('thief', 5)");
  expect([await carryCredentials(from, to), await carried()]).toEqual([true, [{ id: "thief", revoked_at: 5 }]]);
});

test("from a damaged one nothing is carried, and that is told; what fails otherwise is no damage", async () => {
  await database(to, table, "INSERT INTO credentials VALUES ('thief', NULL)");
  await database(from, table, "INSERT INTO credentials VALUES ('thief', 5)");
  await damageTable();
  expect([await carryCredentials(from, to), await carried()]).toEqual([false, [{ id: "thief", revoked_at: null }]]);
  rmSync(from);
  mkdirSync(from);
  await expect(carryCredentials(from, to)).rejects.toMatchObject({ code: "home_not_writable" });
});

test("one of a newer HAPI, which says more of them, is refused in words, and nothing of the backup's is changed; an older one says less, and is carried", async () => {
  await database(to, table, "INSERT INTO credentials VALUES ('thief', NULL)");
  await database(from, "CREATE TABLE credentials (id TEXT, revoked_at INTEGER, locked_at INTEGER)");
  const fill = openSqlite(from, { isSingleFile: true });
  fill.exec("INSERT INTO credentials VALUES ('thief', NULL, 5)");
  await fill.close();
  await expect(carryCredentials(from, to)).rejects.toMatchObject({
    code: "database_newer",
    message: expect.stringContaining("Update HAPI, then restore."),
    details: { unknown: ["locked_at"] },
  });
  expect(await carried()).toEqual([{ id: "thief", revoked_at: null }]);
  rmSync(from);
  await database(from, "CREATE TABLE credentials (id TEXT)", "INSERT INTO credentials VALUES ('kept')");
  expect([await carryCredentials(from, to), await carried()]).toEqual([true, [{ id: "kept", revoked_at: null }]]);
});

test("a passkey that was deleted since stays deleted, and one that was added since stays", async () => {
  const passkeys = "CREATE TABLE passkeys (id TEXT)";
  await database(to, table, passkeys, "INSERT INTO passkeys VALUES ('deleted')");
  await database(from, table, passkeys, "INSERT INTO passkeys VALUES ('added')");
  expect(await carryCredentials(from, to)).toBe(true);
  const db = openSqlite(to, { isSingleFile: true });
  expect(db.all("SELECT id FROM passkeys")).toEqual([{ id: "added" }]);
  await db.close();
});
