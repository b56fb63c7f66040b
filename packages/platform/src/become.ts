/** This process turns into another program: same process id, same terminal, same pipes. Nothing of ours stays behind. */
import { findProgram } from "./spawn.ts";

type Execve = (file: string, argv: readonly string[], env: Readonly<Record<string, string>>) => never;

/** What a person or a service manager sends to a program; the terminal's own keys reach the whole process group by themselves. */
const relayed = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const;
const ofTheTerminal = ["SIGINT", "SIGQUIT"] as const;

/**
 * Returns only where the system can't replace a process: then with the exit code of the child that ran in its place (128 + n after signal n).
 * Rejects when it can't be started.
 */
export async function become(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  execve: Execve | undefined = (process as { execve?: Execve }).execve,
): Promise<number> {
  const [program = "", ...args] = argv;
  const defined = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const file = program.includes("/") ? program : (findProgram(program, env) ?? program);
  if (execve) execve(file, [program, ...args], defined);
  const [{ spawn }, { constants }] = await Promise.all([import("node:child_process"), import("node:os")]);
  const child = spawn(file, args, { env: defined, stdio: "inherit" });
  const off = [...relayed, ...ofTheTerminal].map((name) => {
    const listener = (): void => void ((relayed as readonly string[]).includes(name) && child.kill(name));
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    for (const stop of off) stop();
  }
}
