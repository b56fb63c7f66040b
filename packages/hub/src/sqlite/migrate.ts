/** Brings a database to the newest layout, one transaction per step. A database from a newer HAPI is left exactly as it is. */
import type { Sqlite } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { migrations } from "./migrations.ts";

export function migrate(db: Sqlite, steps: readonly string[] = migrations): void {
  const from = db.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
  if (from > steps.length)
    throw new AppError("database_newer", `${db.path} was written by a newer HAPI. Update HAPI, or set HAPI_HOME to another folder.`, {
      details: { found: from, known: steps.length },
    });
  for (let version = from; version < steps.length; version++) {
    db.transaction(() => {
      db.exec(steps[version] as string);
      db.exec(`PRAGMA user_version = ${version + 1}`);
    });
  }
}
