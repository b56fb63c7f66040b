/**
 * The program a host begins with before there is a session process: whoever starts the host leaves its launch in the session's folder, and the
 * host takes it away as it reads it, so that it runs once. A session process finds it running and takes it up.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "@hapi/platform/lean";
import type { SpawnSpec } from "./port.ts";

const path = (dir: string): string => join(dir, "first-program.json");

/** Private: it holds the agent's whole environment. Call before the host is started. */
export function leaveFirstProgram(dir: string, spec: SpawnSpec): void {
  // Not flushed: it means nothing after the next moment.
  writeFileSync(path(dir), JSON.stringify(spec), { mode: 0o600 });
}

export const hasFirstProgram = (dir: string): boolean => existsSync(path(dir));

/** Null: none was left, or one that nobody can read. */
export function takeFirstProgram(dir: string): SpawnSpec | null {
  const text = attempt(() => readFileSync(path(dir), "utf8"), "most hosts begin with nothing");
  if (text === undefined) return null;
  rmSync(path(dir), { force: true });
  return attempt(() => JSON.parse(text) as SpawnSpec, "half of a file from a starter that was killed") ?? null;
}

/** A host that could not be started must not leave it to the next one. */
export function dropFirstProgram(dir: string): void {
  rmSync(path(dir), { force: true });
}
