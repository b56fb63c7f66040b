/**
 * Text for a terminal: how many columns it takes, what of it fits, and nothing in it that steers (an agent's words must not move the person's
 * cursor). Cut by grapheme, so that no half emoji or bare accent is left. The widths are those of the runtime.
 */

/** Made when it is needed: it costs a start more than all the rest of this file. */
let segmenter: Intl.Segmenter | undefined;
const graphemes = (text: string): Intl.Segments => (segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" })).segment(text);
// Escape sequences first as a whole, then every control character that is left, bidi overrides included.
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-_])/g;
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f]/g;
/** Colours: they take no room, and are kept where text is cut. */
// oxlint-disable-next-line no-control-regex -- colour codes are made of one
const COLOURS = /(\x1b\[[0-9;]*m)/;

export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(/\t/g, "  ").replace(SEQUENCES, "").replace(CONTROLS, "");
}

/** Text of ours with strangers' words in it: colours stay, nothing else steers. */
export const cleanPainted = (text: string): string =>
  text
    .split(COLOURS)
    .map((part, at) => (at % 2 === 1 ? part : cleanText(part)))
    .join("");

/** What a stranger wrote, on one line. */
export const cleanLine = (text: string): string => cleanText(text).replace(/\s*\n\s*/g, " ");

export interface Cell {
  text: string;
  width: number;
}

/** The graphemes of a line that was cleaned, each with its columns. */
export function cellsOf(line: string): Cell[] {
  // The common case without the cost of segmentation.
  if (/^[\x20-\x7e]*$/.test(line)) return [...line].map((text) => ({ text, width: 1 }));
  return [...graphemes(line)].map(({ segment }) => ({ text: segment, width: Bun.stringWidth(segment) }));
}

/** In columns; colours take none. */
export function textWidth(text: string): number {
  return text
    .split(COLOURS)
    .reduce((sum, part, at) => (at % 2 === 1 ? sum : sum + cellsOf(part).reduce((used, cell) => used + cell.width, 0)), 0);
}

/** One line of at most `width` columns with its colours; what does not fit ends in an ellipsis. */
export function fitPainted(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let taken = "";
  let used = 0;
  let isFull = width <= 0;
  for (const [at, part] of text.split(COLOURS).entries()) {
    if (at % 2 === 1) {
      taken += part;
      continue;
    }
    if (isFull) continue;
    for (const cell of cellsOf(part)) {
      isFull = used + cell.width > width - 1;
      if (isFull) break;
      taken += cell.text;
      used += cell.width;
    }
    if (isFull) taken += "…";
  }
  return taken;
}

/** A stranger's words on one line of at most `width` columns. */
export const fit = (text: string, width: number): string => fitPainted(cleanLine(text), width);
