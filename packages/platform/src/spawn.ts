/**
 * Starting programs. `spawnDetached` is for those that must outlive us (own session and process group, no pipe to us), `spawnPiped` for
 * those we talk to, `runCommand` for short ones whose output we want. Nothing here goes through a shell.
 */
import { closeSync, openSync } from "node:fs";
import { AppError } from "@hapi/protocol/errors";
import { attempt, ignore } from "./ignore.ts";
import { processStartTime, type ProcessId } from "./process-facts.ts";

export type SpawnEnv = Readonly<Record<string, string | undefined>>;

export interface ProcessExit {
  code: number | null;
  signal: string | null;
}

export interface DetachedOptions {
  cwd?: string;
  env?: SpawnEnv;
  /** Its stdout and stderr are appended here (0600); otherwise they go nowhere. */
  logFile?: string;
}

export interface DetachedProcess extends ProcessId {
  /** Only known while the starter lives. */
  exited: Promise<ProcessExit>;
}

/** Starts a program that survives us, our terminal and our process group. */
export function spawnDetached(argv: readonly string[], options: DetachedOptions = {}): DetachedProcess {
  const log = options.logFile === undefined ? null : openSync(options.logFile, "a", 0o600);
  try {
    const child = guarded(argv, options.cwd, () =>
      Bun.spawn([...argv], {
        cwd: options.cwd,
        env: cleanEnv(options.env ?? process.env),
        detached: true,
        stdin: "ignore",
        stdout: log ?? "ignore",
        stderr: log ?? "ignore",
      }),
    );
    child.unref();
    return { pid: child.pid, startTime: processStartTime(child.pid), exited: exitOf(child) };
  } finally {
    if (log !== null) closeSync(log);
  }
}

/**
 * Starts a program that survives us, and waits until it says `readyLine` on its stdout. False when it ends or stays silent first; then it is
 * killed. It must close its stdout afterwards or never write to it again.
 */
export async function spawnReady(
  argv: readonly string[],
  options: { cwd?: string; env?: SpawnEnv; logFile: string; readyLine: string; timeoutMs: number },
): Promise<boolean> {
  const log = openSync(options.logFile, "a", 0o600);
  let child: Bun.Subprocess<"ignore", "pipe", number>;
  try {
    child = guarded(argv, options.cwd, () =>
      Bun.spawn([...argv], {
        cwd: options.cwd,
        env: cleanEnv(options.env ?? process.env),
        detached: true,
        stdin: "ignore",
        stdout: "pipe",
        stderr: log,
      }),
    );
  } finally {
    closeSync(log);
  }
  child.unref();
  return saysReady(child, options.readyLine, options.timeoutMs);
}

/** Waits until the child says `readyLine` on its stdout. False when it ends or stays silent first; then it is killed. */
export async function saysReady(
  child: { stdout: ReadableStream<Uint8Array>; kill(signal: NodeJS.Signals): void },
  readyLine: string,
  timeoutMs: number,
): Promise<boolean> {
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let said = "";
  try {
    while (!said.includes(readyLine)) {
      const { done, value } = await reader.read();
      if (done) return false;
      said = (said + decoder.decode(value, { stream: true })).slice(-4_096);
    }
    return true;
  } finally {
    clearTimeout(timer);
    ignore(reader.cancel(), "it has said what it had to");
  }
}

/** A program that outlives us and hears from us in lines until then. The end of its input without a last word is our death. */
export interface Heir extends ProcessId {
  readonly exited: Promise<ProcessExit>;
  /** Nothing where it is gone. */
  tell(line: string): void;
}

export function spawnHeir(argv: readonly string[], options: { cwd: string; env?: SpawnEnv; logFile: string }): Heir {
  const log = openSync(options.logFile, "a", 0o600);
  try {
    const child = guarded(argv, options.cwd, () =>
      Bun.spawn([...argv], {
        cwd: options.cwd,
        env: cleanEnv(options.env ?? process.env),
        detached: true,
        stdin: "pipe",
        stdout: log,
        stderr: log,
      }),
    );
    child.unref();
    return {
      pid: child.pid,
      startTime: processStartTime(child.pid),
      exited: exitOf(child),
      tell(line) {
        attempt(() => {
          const taken = Promise.resolve(child.stdin.write(`${line}\n`)).then(() => child.stdin.flush());
          ignore(taken, "it has ended; whoever keeps it starts another");
        }, "it has ended; whoever keeps it starts another");
      },
    };
  } finally {
    closeSync(log);
  }
}

export interface PipedProcess {
  readonly pid: number;
  readonly startTime: string | null;
  /** Reading slower than the program writes makes the program wait: the kernel's pipe is the only buffer. */
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly exited: Promise<ProcessExit>;
  /** Resolves when the bytes are in the kernel's pipe; rejects when the program closed it, or `closeInput` was called before. */
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

/** `ownGroup` puts the program into a session of its own, out of reach of our terminal's signals. */
export function spawnPiped(argv: readonly string[], options: { cwd?: string; env?: SpawnEnv; ownGroup?: boolean } = {}): PipedProcess {
  const child = guarded(argv, options.cwd, () =>
    Bun.spawn([...argv], {
      cwd: options.cwd,
      env: cleanEnv(options.env ?? process.env),
      detached: options.ownGroup ?? false,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    }),
  );
  let isClosed = false;
  return {
    pid: child.pid,
    startTime: processStartTime(child.pid),
    stdout: child.stdout,
    stderr: child.stderr,
    exited: exitOf(child),
    async write(bytes) {
      // The sink itself would take it, say that it is written, and drop it.
      if (isClosed) throw new AppError("agent_exited", `The input of ${argv[0]} is closed`);
      await child.stdin.write(bytes);
      await child.stdin.flush();
    },
    async closeInput() {
      isClosed = true;
      await child.stdin.end();
    },
    signal(name) {
      child.kill(name);
    },
  };
}

export interface CommandResult extends ProcessExit {
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  env?: SpawnEnv;
  input?: string;
  /** Default 10 s; then the program is killed and `timeout` thrown. */
  timeoutMs?: number;
  /** Of each stream; default 8 MiB; more ends the program. */
  maxBytes?: number;
  signal?: AbortSignal;
}

/** Runs a program to its end. A non-zero exit is a result, not an exception. */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const timeout = AbortSignal.timeout(timeoutMs);
  const child = guarded(argv, options.cwd, () =>
    Bun.spawn([...argv], {
      cwd: options.cwd,
      env: cleanEnv(options.env ?? process.env),
      stdin: options.input === undefined ? "ignore" : new Blob([options.input]),
      stdout: "pipe",
      stderr: "pipe",
      maxBuffer: options.maxBytes ?? 8 << 20,
      killSignal: "SIGKILL",
      signal: options.signal ? AbortSignal.any([timeout, options.signal]) : timeout,
    }),
  );
  const [stdout, stderr, exit] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), exitOf(child)]);
  options.signal?.throwIfAborted();
  if (timeout.aborted && exit.signal !== null) throw new AppError("timeout", `${argv[0]} did not end within ${timeoutMs} ms`);
  return { ...exit, stdout, stderr };
}

/** Where a program of this name would be found, or null. */
export function findProgram(name: string, env: SpawnEnv = process.env): string | null {
  return Bun.which(name, { PATH: env["PATH"] ?? "" });
}

async function exitOf(child: Bun.Subprocess): Promise<ProcessExit> {
  await child.exited;
  const signal = child.signalCode === null ? null : String(child.signalCode);
  return { code: signal === null ? child.exitCode : null, signal };
}

export function cleanEnv(env: SpawnEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The runtime's words for a missing program or folder become one sentence. */
export function guarded<T>(argv: readonly string[], cwd: string | undefined, start: () => T): T {
  try {
    return start();
  } catch (cause) {
    const where = cwd === undefined ? "" : ` in ${cwd}`;
    throw new AppError("spawn_failed", `${argv[0] ?? "(nothing)"} could not be started${where}: ${(cause as Error).message}`, { cause });
  }
}
