/**
 * A program that must not go on without us. Linux can stop it in the instant in which we die (PR_SET_PDEATHSIG), whatever killed us; util-linux
 * has a program that asks for it and becomes the other one. Stopped, not ended: what it started hangs on it still, for whoever ends them all.
 * Elsewhere, and where that program is missing or cannot do it (busybox), the words stay as they are.
 */
import { systemProgram } from "./programs.ts";
import type { SpawnEnv } from "./spawn.ts";

let known: readonly string[] | undefined;

/** argv with which `argv` stops when this process dies. A program that can't be found keeps its words, and fails as it would. */
export function boundToUs(argv: readonly string[], options: { cwd: string; env: SpawnEnv }): readonly string[] {
  const [program] = argv;
  if (!program || !Bun.which(program, { PATH: options.env["PATH"] ?? "", cwd: options.cwd })) return argv;
  known ??= prefix();
  return [...known, ...argv];
}

/** Finds out beforehand whether it can be done, beside what else there is to do: the first program then starts without that question. */
export async function readyToBind(): Promise<void> {
  const words = candidate();
  if (known !== undefined || words.length === 0) return;
  const exitCode = await Bun.spawn(trial(words), quiet).exited;
  known ??= exitCode === 0 ? words : [];
}

/** The same for a process that has nothing else to do. */
export function readyToBindNow(): void {
  known ??= prefix();
}

function prefix(): readonly string[] {
  const words = candidate();
  return words.length > 0 && Bun.spawnSync(trial(words), quiet).exitCode === 0 ? words : [];
}

const quiet = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;

function candidate(): string[] {
  const setpriv = process.platform === "linux" ? systemProgram("setpriv") : null;
  return setpriv ? [setpriv, "--pdeathsig", "STOP", "--"] : [];
}

/** Should we die meanwhile, nobody comes to end a stopped trial: it is killed. */
const trial = (words: readonly string[]): string[] => [
  ...words.map((word) => (word === "STOP" ? "KILL" : word)),
  words[0] ?? "",
  "--version",
];
