/** Where the program of an agent is. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { AcpProfile } from "./profile.ts";

/** The same words with the program they were started with, where they name one to be looked up and it is still there. */
export function withProgram(command: readonly string[], known: string | undefined): readonly string[] {
  const [program, ...words] = command;
  return program && known && !program.includes("/") && isExecutable(known) ? [known, ...words] : command;
}

/** What is run: the program itself, also where what is on the PATH only starts it. */
export function programToRun(profile: AcpProfile, env: Readonly<Record<string, string>>, known: string | undefined): readonly string[] {
  const command = withProgram(profile.command(env), known);
  const [program, ...words] = command;
  const found = profile.behind && program ? findProgram(program, env["PATH"] ?? "") : undefined;
  return found && profile.behind ? [...profile.behind(found), ...words] : command;
}

/** Full path; undefined where there is none. */
export function findProgram(program: string, path: string): string | undefined {
  if (program.includes("/")) return isExecutable(program) ? program : undefined;
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not for us: both mean that it can't be started.
    return false;
  }
}
