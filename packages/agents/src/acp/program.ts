/** Where the program of an agent is. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The same words with the program they were started with, where they name one to be looked up and it is still there. */
export function withProgram(command: readonly string[], known: string | undefined): readonly string[] {
  const [program, ...words] = command;
  return program && known && !program.includes("/") && isExecutable(known) ? [known, ...words] : command;
}

/** Full path; undefined where there is none. */
export function findProgram(program: string, path: string): string | undefined {
  if (program.includes("/")) return isExecutable(program) ? program : undefined;
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not for us: both mean that it can't be started.
    return false;
  }
}
