/** Where the agent of a session that this line is about could have left a program, if it is in a sandbox. */
import { realpathSync } from "node:fs";
import type { AgentDriver } from "@hapi/agents";
import { boxFor, listSessionFiles, readSessionFile, writtenFor } from "@hapi/machine";
import { attempt, sessionDir, sessionsDir } from "@hapi/platform";
import type { AgentFlags } from "./agent-flags.ts";

interface Line {
  home: string;
  driver: AgentDriver;
  flags: AgentFlags;
  env: Readonly<Record<string, string>>;
  cwd: string;
}

/** Nothing is chosen yet, so whatever may come of it counts: a sandbox that is asked for, or that a session of this name or folder has. */
export function writtenHere({ home, driver, flags, env, cwd: here }: Line): readonly string[] {
  const { existingSessionId: named } = flags;
  const kept = named === null ? null : readSessionFile(sessionDir(home, named));
  // A folder that is gone is said by whoever makes the session.
  const cwd = kept?.cwd ?? attempt(() => realpathSync(here), "it is gone") ?? here;
  const box = flags.box ?? boxFor({ home }, kept) ?? listSessionFiles(home).find((one) => one.cwd === cwd && one.box)?.box;
  return writtenFor({ home, box, cwd, sessionDir: sessionsDir(home), driver, env });
}
