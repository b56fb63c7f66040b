/** Where an agent's program is, and which version it is. Loads little: agents that are begun before everything else come by here. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { runCommand } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";

type Env = Readonly<Record<string, string>>;

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

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not for us: both mean that it can't be started.
    return false;
  }
}

/** From its own mouth. Null: it can't be started, does not answer in time, fails, or says nothing like a version. */
export async function askVersion(
  argv: readonly string[],
  { env, timeoutMs, pattern = /\d+\.\d+\.\d+/ }: { env: Env; timeoutMs: number; pattern?: RegExp },
): Promise<string | null> {
  const asked = runCommand(argv, { env, timeoutMs, maxBytes: 64 * 1024 });
  const answer = await asked.catch((cause: unknown) => (cause instanceof AppError ? null : Promise.reject(cause as Error)));
  return answer?.code === 0 ? (pattern.exec(answer.stdout)?.[0] ?? null) : null;
}
