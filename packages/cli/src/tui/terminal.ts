/** What the CLI prints: aligned, coloured by meaning, readable without colour. The only place that writes to the person's terminal. */
import { fitPainted, textWidth } from "@hapi/platform/lean";
import { type AppError, type ErrorCode, toAppError } from "@hapi/protocol/errors";

export interface Terminal {
  readonly isInteractive: boolean;
  readonly columns: number;
  out(text: string): void;
  /** Remarks for the person; never part of what a script reads. */
  note(text: string): void;
  json(value: unknown): void;
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

export function createTerminal(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Terminal {
  return {
    isInteractive: stdout.isTTY === true,
    // What goes into a file or a pipe is not cut.
    columns: stdout.columns ?? (stdout.isTTY ? 80 : Number.POSITIVE_INFINITY),
    out: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    json: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
  };
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
  const failure: AppError = toAppError(error);
  const hint =
    failure.code === "internal" && failure.cause instanceof Error ? ` (${failure.cause.message})` : (nextStep[failure.code] ?? "");
  return { sentence: `hapi: ${failure.message}${hint}`, exitCode: failure.code === "agent_not_installed" ? 127 : 1 };
}
