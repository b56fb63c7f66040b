/** Words of an agent as lines of a terminal: broken at spaces where they can be, and nothing in them that steers. */
import { type Cell, cellsOf, cleanText } from "@hapi/platform";

function wrapLine(line: string, width: number): string[] {
  const rows: string[] = [];
  let row: Cell[] = [];
  let used = 0;
  for (const cell of cellsOf(line)) {
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
