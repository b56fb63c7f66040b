/** Runs what HAPI itself needs (git) outside every sandbox: found by the PATH, but never where an agent could have left it. */
import { type Clock, findOutside, outsidePath, runCommand, systemClock } from "@hapi/platform";
import type { RunCommand } from "../files/index.ts";
import { boxedFolders } from "./written-folders.ts";

/** A look at every session's file. */
const KEPT_MS = 10_000;

/** Neither the command's folder nor one of a session in a sandbox has the program, nor what that starts by its name. */
export function createOutsideCommand(home: string, clock: Pick<Clock, "now"> = systemClock): RunCommand {
  let kept: { at: number; folders: readonly string[] } | null = null;
  const boxed = (): readonly string[] => {
    if (kept === null || Math.abs(clock.now() - kept.at) >= KEPT_MS) kept = { at: clock.now(), folders: boxedFolders(home) };
    return kept.folders;
  };
  return async ([program = "", ...words], { env = {}, ...options }) => {
    const written = [options.cwd, ...boxed()];
    const path = outsidePath(env["PATH"], written);
    // Where there is none the name is kept, for the sentence that says so: nothing is found by it in a PATH that is no folder.
    const found = program.includes("/") ? program : findOutside(program, path, written);
    const result = await runCommand([found ?? program, ...words], { ...options, env: { ...env, PATH: found ? path : "/dev/null" } });
    // The limit ends the program by a signal.
    return { stdout: result.stdout, stderr: result.stderr, exitCode: result.code ?? 1, truncated: result.signal !== null };
  };
}
