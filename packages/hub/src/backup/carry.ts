/**
 * Who may come in is no part of what a backup brings back: whoever was revoked since stays revoked, and secrets that were renewed since stay good.
 * On an empty home there is nothing to carry, and those of the backup may come in as they could then.
 */
import { openSqlite, type Sqlite } from "@hapi/platform";
import { AppError, toAppError } from "@hapi/protocol";

type Row = Record<string, string | number | null>;

/** A database from before there were any has none to carry. */
const tables = ["credentials", "passkeys"] as const;
type Carried = (typeof tables)[number];

/**
 * `from`: the database that was in use, folded into one file. `to`: the one that takes its place. False: the first is damaged, so nobody knows who was
 * revoked since, and those of the backup may come in as they could then. @throws `database_newer`: the first says more of them than there is room for
 */
export async function carryCredentials(from: string, to: string): Promise<boolean> {
  const found = await readTables(from);
  if (found === "damaged") return false;
  const db = openSqlite(to, { isSingleFile: true });
  try {
    for (const [table, rows] of found) refuseNewer(table, rows, db);
    db.transaction(() => {
      for (const [table, rows] of found) replace(db, table, rows);
    });
  } finally {
    await db.close();
  }
  return true;
}

function replace(db: Sqlite, table: Carried, rows: readonly Row[]): void {
  db.run(`DELETE FROM ${table}`);
  for (const row of rows) {
    const columns = Object.keys(row);
    db.run(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`, ...Object.values(row));
  }
}

/** What a newer HAPI wrote of a sign-in may be what keeps it out: carried without it, it could come in. */
function refuseNewer(table: Carried, [first = {}]: readonly Row[], to: Sqlite): void {
  const known = new Set(to.all<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`).map(({ name }) => name));
  const unknown = Object.keys(first).filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new AppError(
    "database_newer",
    "The present database was written by a newer HAPI, which says more of who may come in than this one understands. Update HAPI, then restore. To restore with this one, move the present database out of HAPI's home first: then those of the backup can come in as they could when it was made.",
    { details: { unknown } },
  );
}

async function readTables(path: string): Promise<[Carried, Row[]][] | "damaged"> {
  try {
    const db = openSqlite(path, { isSingleFile: true });
    try {
      const isThere = (table: Carried): boolean =>
        db.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", table) !== undefined;
      return tables.filter(isThere).map((table) => [table, db.all<Row>(`SELECT * FROM ${table}`)]);
    } finally {
      await db.close();
    }
  } catch (cause) {
    const { code } = toAppError(cause);
    if (code !== "database_corrupt" && code !== "disk_failed") throw cause;
    return "damaged";
  }
}
