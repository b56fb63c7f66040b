/**
 * A program on a terminal of its own. Traps kept in here: only the inline `terminal` option gives the child a controlling terminal; the
 * terminal's own exit callback carries a stream status, the process has the code; a terminal can't be paused, so `onData` must never wait.
 */
import { AppError } from "@hapi/protocol/errors";
import { processStartTime } from "./process-facts.ts";
import type { ProcessExit, SpawnEnv } from "./spawn.ts";

export interface PtyOptions {
  argv: readonly string[];
  cwd: string;
  env: SpawnEnv;
  cols: number;
  rows: number;
  /** The bytes are only valid during the call. */
  onData: (bytes: Uint8Array) => void;
}

export interface Pty {
  readonly pid: number;
  readonly startTime: string | null;
  /** Resolves after the last byte was given to `onData`. */
  readonly exited: Promise<ProcessExit>;
  /** Resolves when not much waits in our memory for a program that does not read. */
  write(bytes: Uint8Array): Promise<void>;
  /** The kernel tells the program by SIGWINCH when the size is a new one. */
  resize(cols: number, rows: number): void;
  signal(name: NodeJS.Signals): void;
}

/** After the program's end something it left behind may hold the terminal open: then its output is no longer waited for. */
const drainMs = 500;
const maxUnreadInputBytes = 1 << 20;

export function openPty(options: PtyOptions): Pty {
  const ended = Promise.withResolvers<void>();
  let unreadBytes = 0;
  let waiting: (() => void)[] = [];
  const onDrain = () => {
    unreadBytes = 0;
    for (const resume of waiting) resume();
    waiting = [];
  };
  const child = start(options, { onDrain, onEnd: () => ended.resolve() });
  const terminal = child.terminal as Bun.Terminal;
  const exited = (async (): Promise<ProcessExit> => {
    await child.exited;
    const limit = setTimeout(ended.resolve, drainMs);
    await ended.promise;
    clearTimeout(limit);
    if (!terminal.closed) terminal.close();
    onDrain();
    const signal = child.signalCode === null ? null : String(child.signalCode);
    return { code: signal === null ? child.exitCode : null, signal };
  })();
  return {
    pid: child.pid,
    startTime: processStartTime(child.pid),
    exited,
    async write(bytes) {
      if (terminal.closed) return;
      unreadBytes += bytes.length;
      terminal.write(bytes as Uint8Array<ArrayBuffer>);
      if (unreadBytes > maxUnreadInputBytes) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    resize(cols, rows) {
      if (!terminal.closed) terminal.resize(clampSize(cols), clampSize(rows));
    },
    signal(name) {
      child.kill(name);
    },
  };
}

function start(options: PtyOptions, events: { onDrain: () => void; onEnd: () => void }): Bun.Subprocess {
  try {
    return Bun.spawn([...options.argv], {
      cwd: options.cwd,
      env: Object.fromEntries(Object.entries(options.env).filter((entry) => entry[1] !== undefined)),
      terminal: {
        cols: clampSize(options.cols),
        rows: clampSize(options.rows),
        name: options.env["TERM"] || "xterm-256color",
        data: (_terminal, bytes) => options.onData(bytes),
        drain: events.onDrain,
        exit: events.onEnd,
      },
    });
  } catch (cause) {
    const message = `${options.argv[0] ?? "(nothing)"} could not be started in ${options.cwd}: ${(cause as Error).message}`;
    throw new AppError("spawn_failed", message, { cause });
  }
}

function clampSize(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(Math.trunc(value), 1), 4_096) : 80;
}
