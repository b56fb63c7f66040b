/**
 * A program of ours that is started before it is known what for: it loads while its starter still thinks, then waits to be told one line. When
 * nobody tells it anything it ends with its starter, without a trace.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { attempt, ignore } from "./ignore.ts";
import { cleanEnv, guarded, saysReady, type SpawnEnv } from "./spawn.ts";

export interface WaitingProcess {
  /** Tells it the line, and waits until it says `readyLine`. False when it has ended or stays silent; then it is killed. Once. */
  begin(line: string, options: { readyLine: string; timeoutMs: number }): Promise<boolean>;
  /** There is nothing for it to do. */
  dismiss(): void;
}

/** Survives us once it was told something. */
export function spawnWaiting(argv: readonly string[], options: { cwd: string; env: SpawnEnv }): WaitingProcess {
  const child = guarded(argv, options.cwd, () =>
    Bun.spawn([...argv], {
      cwd: options.cwd,
      env: cleanEnv(options.env),
      detached: true,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    }),
  );
  child.unref();
  const close = (): void => {
    attempt(() => ignore(Promise.resolve(child.stdin.end()), "it has ended already"), "it was told already");
  };
  return {
    begin(line, { readyLine, timeoutMs }) {
      const ended = "it has ended; its stdout says so";
      attempt(() => ignore(Promise.resolve(child.stdin.write(`${line}\n`)), ended), ended);
      close();
      return saysReady(child, readyLine, timeoutMs);
    },
    dismiss: close,
  };
}

const maxLineBytes = 32 << 20;
const pauseMs = 5;

/** In such a program: the line, or null when its starter is gone. Nothing else happens meanwhile. */
export function readToldLine(): string | null {
  const parts: Buffer[] = [];
  for (let size = 0; size < maxLineBytes;) {
    const part = Buffer.alloc(64 << 10);
    const read = readSome(part);
    if (read === null) continue;
    if (read === 0) return null;
    size += read;
    const end = part.subarray(0, read).indexOf(10);
    parts.push(part.subarray(0, end < 0 ? read : end));
    if (end >= 0) return Buffer.concat(parts).toString("utf8");
  }
  return null;
}

/** Null: nothing is there yet. 0: nothing will come. */
function readSome(into: Buffer): number | null {
  try {
    return readSync(0, into);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EAGAIN" && code !== "EINTR") return 0;
    Bun.sleepSync(pauseMs);
    return null;
  }
}

/** What it writes to its stderr from now on is appended here, and nothing comes from its stdin any more. */
export function settleStreams(logFile: string): void {
  // The lowest free number is given to the next file that is opened.
  attempt(() => closeSync(0), "it may be closed already");
  attempt(() => openSync("/dev/null", "r"), "a system without it has no terminals either");
  attempt(() => closeSync(2), "it may be closed already");
  attempt(() => openSync(logFile, "a", 0o600), "then what goes wrong is said to nobody");
}
