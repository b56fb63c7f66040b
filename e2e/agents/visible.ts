/**
 * What can be seen of a captured screen. The terminal notes for every cell with which colours it was written, also where nothing shows of them:
 * blanks keep only their background, and how a line was cleared does not count.
 */

interface Look {
  foreground: string;
  background: string;
  flags: ReadonlySet<number>;
}

const PLAIN: Look = { foreground: "", background: "", flags: new Set() };
/** Underline, inverse and crossed out show on blanks too. */
const ON_BLANKS = new Set([4, 7, 9]);
const OFF: Readonly<Record<number, readonly number[]>> = { 22: [1, 2], 23: [3], 24: [4], 25: [5], 27: [7], 28: [8], 29: [9] };

/** The lines with their looks in braces where they change, without what can't be seen. */
export function visible(screen: string): string {
  let look = PLAIN;
  return screen
    .split("\n")
    .map((line) => {
      const cells: { text: string; look: string | null }[] = [];
      for (const [piece] of line.matchAll(/\u001b\[([0-9;:]*)m|[^\u001b]/gu)) {
        if (piece.startsWith("\u001b")) look = applied(look, piece.slice(2, -1));
        else cells.push({ text: piece, look: piece === " " ? onBlank(look) : named(look) });
      }
      while (cells.at(-1)?.look === null) cells.pop();
      let last = "";
      return cells
        .map((cell) => {
          if (cell.look === null || cell.look === last) return cell.text;
          last = cell.look;
          return `{${last}}${cell.text}`;
        })
        .join("");
    })
    .join("\n");
}

function named({ foreground, background, flags }: Look): string {
  return [foreground, background, [...flags].toSorted((a, b) => a - b).join(",")].join(" ").trim();
}

/** null: nothing of it shows. */
function onBlank({ foreground, background, flags }: Look): string | null {
  const seen = new Set([...flags].filter((flag) => ON_BLANKS.has(flag)));
  if (seen.size === 0 && background === "") return null;
  return named({ foreground: seen.size === 0 ? "" : foreground, background, flags: seen });
}

function applied(look: Look, text: string): Look {
  const codes = text.split(/[;:]/).map(Number);
  let next = look;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const length = codes[at + 1] === 5 ? 3 : 5;
      next = { ...next, [code === 38 ? "foreground" : "background"]: codes.slice(at, at + length).join(";") };
      at += length - 1;
    } else next = withCode(next, code);
  }
  return next;
}

const isForeground = (code: number): boolean => (code >= 30 && code <= 37) || code === 39 || (code >= 90 && code <= 97);
const isBackground = (code: number): boolean => (code >= 40 && code <= 47) || code === 49 || (code >= 100 && code <= 107);

function withCode(look: Look, code: number): Look {
  if (code === 0) return PLAIN;
  if (isForeground(code)) return { ...look, foreground: code === 39 ? "" : String(code) };
  if (isBackground(code)) return { ...look, background: code === 49 ? "" : String(code) };
  const flags = new Set(look.flags);
  if (code < 10) flags.add(code);
  for (const flag of OFF[code] ?? []) flags.delete(flag);
  return { ...look, flags };
}
