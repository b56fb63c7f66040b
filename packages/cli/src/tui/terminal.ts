/** What the CLI prints: aligned, coloured by meaning, readable without colour. The only place that writes to the person's terminal. */
import { cleanPainted, fitPainted, isTerminal, terminalSize, textWidth } from "@hapi/platform/lean";
import { type AppError, type ErrorCode, isFullDisk, toAppError } from "@hapi/protocol/errors";

export interface Terminal {
  readonly isInteractive: boolean;
  readonly columns: number;
  out(text: string): void;
  /** Remarks for the person; never part of what a script reads. */
  note(text: string): void;
  json(value: unknown): void;
  /** When everything has reached whoever reads; what of it could not be written, null: nothing. A reader that went away wanted no more. */
  written(): Promise<string | null>;
}

export type Paint = (text: string) => string;

export interface Palette {
  bold: Paint;
  dim: Paint;
  good: Paint;
  busy: Paint;
  waiting: Paint;
  bad: Paint;
}

/** The streams are made when something is said: that takes longer than all that is done before an agent's first paint. */
export function createTerminal(): Terminal {
  let waiting = Promise.resolve();
  let lost: string | null = null;
  let streams: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream } | null = null;
  const open = () => {
    if (streams) return streams;
    const { stdout, stderr } = process;
    // Said by `written`; unheard it would end the process with a stack trace.
    stdout.on("error", (cause) => (isReaderGone(cause) ? null : (lost ??= whyLost(cause))));
    stderr.on("error", () => null);
    return (streams = { stdout, stderr });
  };
  /** Whoever's words these are: on a person's terminal they colour, and do nothing else. */
  const say = (name: "stdout" | "stderr", text: string): void =>
    write(name, `${isTerminal(name === "stdout" ? 1 : 2) ? cleanPainted(text) : text}\n`);
  const write = (name: "stdout" | "stderr", text: string): void => {
    const done = Promise.withResolvers<void>();
    waiting = Promise.all([waiting, done.promise]).then(() => undefined);
    open()[name].write(text, (cause) => {
      if (cause && name === "stdout" && !isReaderGone(cause)) lost ??= whyLost(cause);
      done.resolve();
    });
  };
  return {
    isInteractive: isTerminal(1),
    // What goes into a file or a pipe is not cut.
    get columns() {
      return isTerminal(1) ? (terminalSize()?.cols ?? 80) : Number.POSITIVE_INFINITY;
    },
    out: (text) => say("stdout", text),
    note: (text) => say("stderr", text),
    json: (value) => write("stdout", `${JSON.stringify(value, null, 2)}\n`),
    async written() {
      await waiting;
      return lost;
    },
  };
}

const isReaderGone = (cause: Error): boolean => "code" in cause && cause.code === "EPIPE";

function whyLost(cause: Error): string {
  const why = isFullDisk(cause) ? "there is no room on its disk" : cause.message;
  return `What was asked for could not be written to standard output: ${why}.`;
}

export function palette(env: Readonly<Record<string, string | undefined>>, isInteractive: boolean): Palette {
  const isPlain = !isInteractive || env.NO_COLOR !== undefined || env.TERM === "dumb";
  const paint = (code: string): Paint => (isPlain ? (text) => text : (text) => `\u001b[${code}m${text}\u001b[0m`);
  return { bold: paint("1"), dim: paint("2"), good: paint("32"), busy: paint("34"), waiting: paint("33"), bad: paint("31") };
}

/** Columns as wide as their widest cell; the last one is cut to the terminal. What strangers wrote is cleaned before it comes here (`cleanLine`). */
export function table(rows: readonly (readonly string[])[], columns: number): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, textWidth(cell))));
  const last = widths.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0);
  return rows
    .map((row) =>
      row
        .map((cell, index) =>
          index === last ? fitPainted(cell, Math.max(12, columns - before)) : cell + " ".repeat((widths[index] ?? 0) - textWidth(cell) + 2),
        )
        .join("")
        .trimEnd(),
    )
    .join("\n");
}

const wrongToken = ". The hub does not take this machine's token; give it another with: hapi auth login";
/** Behind the hub's own words, which can't know what a person at a terminal can do. */
const nextStep: Partial<Record<ErrorCode, string>> = { invalid_token: wrongToken, invalid_access_token: wrongToken };

/** One plain sentence for whatever went wrong, and the exit code. Details go to the log, never a stack trace to the screen. */
export function explain(error: unknown): { sentence: string; exitCode: number } {
  return { sentence: `hapi: ${sentenceOf(error)}`, exitCode: toAppError(error).code === "agent_not_installed" ? 127 : 1 };
}

/** The same without the program's name. */
export function sentenceOf(error: unknown): string {
  const { code, message, cause }: AppError = toAppError(error);
  if (code === "internal") return noAccess(cause) ?? (cause instanceof Error ? `${message} (${cause.message})` : message);
  // What has an end of its own says the next step itself.
  return /[.!?]$/.test(message) ? message : `${message}${nextStep[code] ?? ""}`;
}

/** Files that the person's system does not let us have. */
const NO_ACCESS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "its disk is read-only",
  ENOTDIR: "a part of its path is not a folder",
};

function noAccess(cause: unknown): string | null {
  if (!(cause instanceof Error)) return null;
  const { code, path } = cause as NodeJS.ErrnoException;
  const why = code !== undefined && path !== undefined && Object.hasOwn(NO_ACCESS, code) ? NO_ACCESS[code] : undefined;
  return why === undefined ? null : `HAPI can't use ${path}: ${why}. Mend that, or set HAPI_HOME to another folder.`;
}
