/** One picture of the remote screen as bytes for a terminal of `cols` × `rows`. Pure: the same input draws the same picture. */
import { fit } from "@hapi/platform";
import { withoutMarkup } from "./screen-markdown.ts";
import { wrapText } from "./screen-text.ts";
import type { ScreenLine } from "./screen-model.ts";

/** What it waits for; the words of the first are those of the described system. */
const TITLES = {
  input: "Remote mode - waiting for input",
  answer: "Remote mode - waiting for an answer",
  nothing: "Remote mode - working",
} as const;
export type WaitsFor = keyof typeof TITLES;
const REGAIN = "Press space twice to regain control";
/** For an agent that has no screen of its own. */
const NO_REGAIN = "Press Ctrl-C twice to end the session";
const BANNER_WIDTH = 47;
/** Narrower, the frame is left away and the words stand alone. */
const MIN_BOX_WIDTH = 16;
const MAX_READING_WIDTH = 100;

export interface FrameInput {
  canRegain: boolean;
  waitsFor: WaitsFor;
  cols: number;
  rows: number;
  lines: readonly ScreenLine[];
  /** What goes on, in a few words. */
  status: string;
  busy: boolean;
  /** Shown in place of the status until it is settled: a request, or a hint about keys. */
  alert: string | null;
}

const dim = (text: string): string => `\x1b[2m${text}\x1b[22m`;
const bold = (text: string): string => `\x1b[1m${text}\x1b[22m`;

export function bannerLines(
  cols: number,
  { canRegain = true, waitsFor = "input" }: { canRegain?: boolean; waitsFor?: WaitsFor } = {},
): string[] {
  const words = [TITLES[waitsFor], canRegain ? REGAIN : NO_REGAIN];
  const width = Math.min(BANNER_WIDTH, cols);
  if (width < MIN_BOX_WIDTH) return words.flatMap((line) => wrapText(line, cols));
  const inner = width - 4;
  const edge = "─".repeat(width - 2);
  const body = words.flatMap((line) => wrapText(line, inner)).map((line) => `│ ${line.padEnd(inner)} │`);
  return [`┌${edge}┐`, ...body, `└${edge}┘`];
}

const MARKS: Record<ScreenLine["role"], string> = { person: "> ", agent: "", tool: "• ", note: "! " };

function bodyLines(lines: readonly ScreenLine[], cols: number, room: number): string[] {
  const width = Math.min(cols, MAX_READING_WIDTH);
  const rows: string[] = [];
  // Newest first, until the screen is full.
  for (let at = lines.length - 1; at >= 0 && rows.length < room; at--) {
    const line = lines[at]!;
    const mark = width < 8 ? "" : MARKS[line.role];
    const text = line.role === "agent" ? withoutMarkup(line.text) : line.text;
    const wrapped = wrapText(text.trim(), width - mark.length).map((text, row) => (row === 0 ? mark : " ".repeat(mark.length)) + text);
    const shown = line.role === "tool" ? wrapped.slice(0, 1) : wrapped;
    const styled = shown.map((text) => (line.role === "person" ? bold(text) : line.role === "agent" ? text : dim(text)));
    const gap = line.role === "person" || line.role === "agent" ? [""] : [];
    rows.unshift(...gap, ...styled);
  }
  return rows.slice(-room);
}

export function drawFrame(input: FrameInput): string {
  const cols = Math.max(1, input.cols);
  const rows = Math.max(1, input.rows);
  const banner = bannerLines(cols, input);
  const words = input.alert ?? input.status;
  const status = words === "" ? [] : ["", input.alert ? bold(fit(words, cols)) : dim(fit(`${input.busy ? "● " : ""}${words}`, cols))];
  const room = rows - banner.length - status.length;
  const body = room > 0 ? bodyLines(input.lines, cols, room) : [];
  const picture = [...banner, ...body, ...status].slice(0, rows);
  // Each line is cleared behind its text, and the rest below: no flicker, and nothing of the former picture stays.
  return `\x1b[?2026h\x1b[H${picture.map((line) => `\x1b[0m${line}\x1b[K`).join("\r\n")}\x1b[0m\x1b[J\x1b[?2026l`;
}

/** Before the first picture: own screen, no cursor, nothing left over from the agent's own front end. */
export const ENTER_SCREEN = "\x1b[0m\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H";
export const LEAVE_SCREEN = "\x1b[0m\x1b[?25h\x1b[?1049l";
