/**
 * A program that must not go on without us. Linux can stop it in the instant in which we die (PR_SET_PDEATHSIG), whatever killed us; util-linux
 * has a program that asks for it and becomes the other one. Stopped, not ended: what it started hangs on it still, for whoever ends them all.
 * Elsewhere, and where that program is missing or cannot do it (busybox), the words stay as they are.
 */
import { findProgram, type SpawnEnv } from "./spawn.ts";

let known: readonly string[] | undefined;

/** argv with which `argv` stops when this process dies. A program that can't be found keeps its words, and fails as it would. */
export function boundToUs(argv: readonly string[], options: { cwd: string; env: SpawnEnv }): readonly string[] {
  const [program] = argv;
  if (!program || !Bun.which(program, { PATH: options.env["PATH"] ?? "", cwd: options.cwd })) return argv;
  known ??= prefix();
  return [...known, ...argv];
}

function prefix(): readonly string[] {
  const setpriv = process.platform === "linux" ? findProgram("setpriv") : null;
  if (!setpriv) return [];
  const words = [setpriv, "--pdeathsig", "STOP", "--"];
  const tried = Bun.spawnSync([...words, setpriv, "--version"], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  return tried.exitCode === 0 ? words : [];
}
