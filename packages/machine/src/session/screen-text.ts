/**
 * Text for a terminal of a known width: no control characters get through (an agent's words must not steer the person's terminal), wide
 * characters count two columns, and lines break at spaces where they can.
 */

const WIDE =
  /[\p{Emoji_Presentation}\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{a960}-\u{a97c}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]|\ufe0f/u;
const MARKS_ONLY = /^[\p{M}\p{Cf}]+$/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
// Escape sequences first as a whole, then every control character that is left, bidi overrides included.
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-_])/g;
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f]/g;

export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(/\t/g, "  ").replace(SEQUENCES, "").replace(CONTROLS, "");
}

interface Cell {
  text: string;
  width: number;
}

function cells(line: string): Cell[] {
  // The common case without the cost of segmentation.
  if (/^[\x20-\x7e]*$/.test(line)) return [...line].map((text) => ({ text, width: 1 }));
  return [...segmenter.segment(line)].map(({ segment }) => ({
    text: segment,
    width: MARKS_ONLY.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1,
  }));
}

export function textWidth(text: string): number {
  return cells(text).reduce((sum, cell) => sum + cell.width, 0);
}

/** One line of at most `width` columns; what does not fit ends in an ellipsis. */
export function fit(text: string, width: number): string {
  const line = cleanText(text).replace(/\n/g, " ");
  if (textWidth(line) <= width) return line;
  let taken = "";
  let used = 0;
  for (const cell of cells(line)) {
    if (used + cell.width > width - 1) break;
    taken += cell.text;
    used += cell.width;
  }
  return width > 0 ? `${taken}…` : "";
}

function wrapLine(line: string, width: number): string[] {
  const rows: string[] = [];
  let row: Cell[] = [];
  let used = 0;
  for (const cell of cells(line)) {
    if (used + cell.width > width && row.length > 0) {
      const space = row.findLastIndex((one) => one.text === " ");
      const keep = cell.text !== " " && space > 0 ? row.splice(space + 1) : [];
      rows.push(
        row
          .map((one) => one.text)
          .join("")
          .trimEnd(),
      );
      row = keep;
      used = row.reduce((sum, one) => sum + one.width, 0);
      if (row.length === 0 && cell.text === " ") continue;
    }
    row.push(cell);
    used += cell.width;
  }
  rows.push(
    row
      .map((one) => one.text)
      .join("")
      .trimEnd(),
  );
  return rows;
}

export function wrapText(text: string, width: number): string[] {
  return cleanText(text)
    .split("\n")
    .flatMap((line) => wrapLine(line, Math.max(1, width)));
}
