/**
 * Who may come in is no part of what a backup brings back: whoever was revoked since stays revoked, and secrets that were renewed since stay good.
 * On an empty home there is nothing to carry, and those of the backup may come in as they could then.
 */
import { attempt, openSqlite } from "@hapi/platform";

type Row = Record<string, string | number | null>;

/** `from`: the database that was in use, folded into one file. `to`: the one that takes its place. */
export async function carryCredentials(from: string, to: string): Promise<void> {
  const rows = await readCredentials(from);
  if (rows === null) return;
  const db = openSqlite(to, { isSingleFile: true });
  try {
    db.transaction(() => {
      db.run("DELETE FROM credentials");
      for (const row of rows) {
        const columns = Object.keys(row);
        db.run(`INSERT INTO credentials (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`, ...Object.values(row));
      }
    });
  } finally {
    await db.close();
  }
}

/** Null: it is damaged, or from before there were any. */
async function readCredentials(path: string): Promise<Row[] | null> {
  const db = attempt(() => openSqlite(path, { isSingleFile: true }), "what can't be read can't be carried over");
  if (!db) return null;
  const rows = attempt(() => db.all<Row>("SELECT * FROM credentials"), "it is from before there were any");
  await db.close();
  return rows ?? null;
}
