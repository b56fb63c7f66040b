/** Folders of a world, in memory where the system offers that, and a hub's home whose database was made once. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseFile, openHubDatabase } from "../../packages/hub/src/db/open.ts";

let template: string | null = null;

/** A new database file costs a hundred statements: it is made once. */
export function freshHubHome(root: string): string {
  const home = join(root, "hub");
  mkdirSync(home, { mode: 0o700 });
  if (template === null) {
    const made = mkdtempSync(join(ramDir(), "hapi-sim-template-"));
    const { db } = openHubDatabase(made, "boot-1");
    void db.close();
    template = join(made, databaseFile);
    process.on("exit", () => rmSync(made, { recursive: true, force: true }));
  }
  copyFileSync(template, join(home, databaseFile));
  return home;
}

/** Files are real, and thousands: in memory where the system offers that. */
export function ramDir(): string {
  return existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
}
