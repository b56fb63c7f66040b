/** Folders of a world, in memory where the system offers that, and a hub's home whose database was made once. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseFile, openHubDatabase } from "../../packages/hub/src/sqlite/open.ts";

let template: Buffer | null = null;

/** A new database file costs a hundred statements: it is made once. */
export function freshHubHome(root: string): string {
  const home = join(root, "hub");
  mkdirSync(home, { mode: 0o700 });
  if (template === null) {
    const made = mkdtempSync(join(ramDir(), "hapi-sim-template-"));
    const { db } = openHubDatabase(made, "boot-1");
    void db.close();
    template = readFileSync(join(made, databaseFile));
    rmSync(made, { recursive: true, force: true });
  }
  writeFileSync(join(home, databaseFile), template);
  return home;
}

/** Files are real, and thousands: in memory where the system offers that. */
export function ramDir(): string {
  return existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
}
