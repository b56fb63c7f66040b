/**
 * JSON lines, written synchronously so that the last line before a crash is there. The first field is `event`, dotted and in the past
 * tense. Nothing secret gets in: values under secret-looking names and tokens inside strings are replaced before they are written.
 * A file is kept to two generations of `maxBytes`.
 */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import pino from "pino";
import { attempt } from "./ignore.ts";
import { ensurePrivateDir } from "./paths.ts";
import { redact } from "./redact.ts";

export type LogFields = Record<string, unknown>;
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}

export interface LoggerOptions {
  name: string;
  /** Appended to (0600). Absent: stderr. */
  file?: string;
  level?: LogLevel;
  /** Default 10 MiB; then the file moves to `<file>.1`. */
  maxBytes?: number;
}

export function createLogger(options: LoggerOptions): Logger {
  const target = options.file === undefined ? { write: writeToStderr } : rotatingFile(options.file, options.maxBytes ?? 10 << 20);
  const root = pino({ level: options.level ?? "info", base: { name: options.name, pid: process.pid }, messageKey: "text" }, target);
  return wrap(root);
}

/** Swallows everything. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

function wrap(logger: pino.Logger): Logger {
  const at = (level: "debug" | "info" | "warn" | "error") => (event: string, fields?: LogFields) => {
    if (!logger.isLevelEnabled(level)) return;
    logger[level]({ event, ...(redact(fields ?? {}) as LogFields) });
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => wrap(logger.child(redact(fields) as LogFields)),
  };
}

function writeToStderr(line: string): void {
  attempt(() => writeSync(2, line), "stderr may be closed; there is nowhere else to say it");
}

function rotatingFile(path: string, maxBytes: number): pino.DestinationStream {
  ensurePrivateDir(dirname(path));
  let fd = openSync(path, "a", 0o600);
  let size = fstatSync(fd).size;
  return {
    write(line) {
      if (size > maxBytes) {
        attempt(() => renameSync(path, `${path}.1`), "another process may have moved it just now");
        closeSync(fd);
        fd = openSync(path, "a", 0o600);
        size = fstatSync(fd).size;
      }
      size += attempt(() => writeSync(fd, line), "a full disk must not stop the work that is being logged") ?? 0;
    },
  };
}
