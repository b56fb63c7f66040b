/**
 * Terminal output as spans: the eight colours and weight of SGR become classes of the theme, every other escape sequence is dropped, and a
 * carriage return rewrites its line as a terminal would (progress bars end as their last state). Pure.
 */
export interface AnsiSpan {
  text: string;
  className: string;
}

interface Style {
  color: number | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
}

const COLORS = [
  "text-quiet",
  "text-failed",
  "text-done",
  "text-waiting",
  "text-working",
  "text-code-keyword",
  "text-code-type",
  "text-ink",
] as const;

const plain = (): Style => ({ color: null, bold: false, dim: false, italic: false, underline: false });

const SEQUENCE =
  // oxlint-disable-next-line no-control-regex -- escape sequences are what this file is about
  /\x1b\[([0-9;:?<=>]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]/g;

/** Text without any escape sequence, for copying and for one-line summaries. */
export function stripAnsi(text: string): string {
  return text.includes("\x1b") || text.includes("\r") || text.includes("\b")
    ? parseAnsi(text)
        .map((span) => span.text)
        .join("")
    : text;
}

export function parseAnsi(text: string): AnsiSpan[] {
  const spans: AnsiSpan[] = [];
  let style = plain();
  let at = 0;
  const push = (piece: string) => {
    if (piece === "") return;
    const className = classOf(style);
    const last = spans.at(-1);
    if (last && last.className === className) last.text += piece;
    else spans.push({ text: piece, className });
  };
  const source = settleLines(text);
  for (const match of source.matchAll(SEQUENCE)) {
    push(source.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[2] === "m") style = applySgr(style, match[1] ?? "");
  }
  push(source.slice(at));
  return spans;
}

/** What a line looks like after its carriage returns and backspaces. Rough on purpose: escape sequences count as no width. */
function settleLines(text: string): string {
  if (!text.includes("\r") && !text.includes("\b")) return text;
  return text
    .replace(/\r+\n/g, "\n")
    .split("\n")
    .map((line) => {
      const redrawn = line.includes("\r") ? (line.split("\r").findLast((part) => part !== "") ?? "") : line;
      return redrawn.includes("\b") ? eraseBack(redrawn) : redrawn;
    })
    .join("\n");
}

function eraseBack(line: string): string {
  const kept: string[] = [];
  for (const char of line) {
    if (char === "\b") kept.pop();
    else kept.push(char);
  }
  return kept.join("");
}

function applySgr(before: Style, codes: string): Style {
  const style = { ...before };
  const list = codes.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  for (let at = 0; at < list.length; at += 1) {
    const code = list[at] ?? 0;
    if (code === 0) Object.assign(style, plain());
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if (code >= 30 && code <= 37) style.color = code - 30;
    else if (code >= 90 && code <= 97) style.color = code - 90;
    else if (code === 39) style.color = null;
    // 256 and true colours: their numbers are skipped, the words stay in ink (contrast is ours to keep)
    else if (code === 38 || code === 48) at += list[at + 1] === 5 ? 2 : list[at + 1] === 2 ? 4 : 0;
  }
  return style;
}

function classOf(style: Style): string {
  const color = style.color === null ? (style.dim ? "text-quiet" : "") : (COLORS[style.color] ?? "");
  return [color, style.bold && "font-strong", style.italic && "italic", style.underline && "underline"].filter(Boolean).join(" ");
}
