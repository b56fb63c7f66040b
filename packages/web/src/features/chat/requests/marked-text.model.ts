/**
 * What a person is asked to allow, so that nothing of it hides: signs that can't be seen or that turn the reading direction are named, and runs
 * of blank lines or spaces that would push the rest out of sight are folded to their number. Pure.
 */

export type Piece =
  | { kind: "text"; text: string }
  /** Of code point `code`, such as U+202E. */
  | { kind: "sign"; code: string }
  | { kind: "blank-lines"; count: number }
  | { kind: "spaces"; count: number };

/** So many are formatting. */
const BLANK_LINES = 3;
const SPACES = 40;

/** Controls, invisible signs, directional ones, spaces that are none for a shell, and the tags of the last plane. Line feed and tab are themselves. */
const HIDDEN =
  // oxlint-disable-next-line no-misleading-character-class -- each stands for itself: none of them is shown
  /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u;
const RUN = new RegExp(
  `(?<join>(?<=\\p{Extended_Pictographic}\\ufe0f?)\\u200d(?=\\p{Extended_Pictographic}))|(?<lines>\\n(?:[^\\S\\n]*\\n){${BLANK_LINES},})|(?<spaces>[ \\t]{${SPACES},})|(?<sign>${HIDDEN.source})`,
  "gu",
);

export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const plain = (to: number): void => {
    if (to > from) pieces.push({ kind: "text", text: text.slice(from, to) });
  };
  for (const found of text.matchAll(RUN)) {
    const { lines, spaces, sign } = found.groups ?? {};
    // What joins two emoji into one hides nothing.
    if (lines === undefined && spaces === undefined && sign === undefined) continue;
    plain(found.index);
    if (lines !== undefined) pieces.push({ kind: "blank-lines", count: lines.split("\n").length - 2 });
    else if (spaces !== undefined) pieces.push({ kind: "spaces", count: spaces.length });
    else pieces.push({ kind: "sign", code: `U+${(sign?.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}` });
    from = found.index + found[0].length;
  }
  plain(text.length);
  return pieces;
}
