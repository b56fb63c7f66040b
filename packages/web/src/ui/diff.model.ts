/**
 * A change as rows: lines with their numbers, gaps between hunks, and in a changed line the words that differ. Work is bounded: past a
 * limit the old text counts as removed and the new one as added, which is true and cheap. Pure.
 */
import { diffWordsWithSpace, structuredPatch } from "diff";

export interface DiffPart {
  text: string;
  changed: boolean;
}

export type DiffRow =
  | { kind: "context" | "added" | "removed"; oldLine: number | null; newLine: number | null; parts: readonly DiffPart[] }
  | { kind: "gap"; skipped: number | null };

export interface DiffSummary {
  rows: readonly DiffRow[];
  added: number;
  removed: number;
}

const CONTEXT_LINES = 3;
const MAX_CHARS = 400_000;
/** About a tenth of a second at most. By count, never by the clock: a busy device shows the same picture as an idle one. */
const MAX_EDITS = 1_000;
const MAX_WORD_CHARS = 600;
/** Below this share of common text a pair of lines is two different lines, and word marks would only be noise. */
const MIN_ALIKE = 0.35;

type Line = { kind: "context" | "added" | "removed"; text: string; oldLine: number | null; newLine: number | null };

/** A piece of a file: where it begins there. */
export interface Place {
  oldStart?: number | undefined;
  newStart?: number | undefined;
}

/** `place`: where the texts begin in their file; without it they are the file. */
export function diffTexts(oldText: string | null, newText: string, place: Place = {}): DiffSummary {
  const summary = compare(oldText, newText);
  const by = { old: (place.oldStart ?? 1) - 1, fresh: (place.newStart ?? place.oldStart ?? 1) - 1 };
  if (by.old === 0 && by.fresh === 0) return summary;
  const moved = (line: number | null, lines: number): number | null => (line === null ? null : line + lines);
  const rows = summary.rows.map((row): DiffRow =>
    row.kind === "gap" ? row : { ...row, oldLine: moved(row.oldLine, by.old), newLine: moved(row.newLine, by.fresh) },
  );
  return { ...summary, rows };
}

function compare(oldText: string | null, newText: string): DiffSummary {
  const before = oldText ?? "";
  if (before === newText) return { rows: [], added: 0, removed: 0 };
  if (before === "") return wholeText(newText, "added");
  if (newText === "") return wholeText(before, "removed");
  const patch =
    before.length + newText.length > MAX_CHARS
      ? undefined
      : structuredPatch("a", "b", before, newText, undefined, undefined, {
          context: CONTEXT_LINES,
          maxEditLength: MAX_EDITS,
        });
  if (!patch) {
    const gone = wholeText(before, "removed");
    const come = wholeText(newText, "added");
    return { rows: [...gone.rows, ...come.rows], added: come.added, removed: gone.removed };
  }
  return summarise(patch.hunks);
}

interface Hunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  lines: string[];
}

function summarise(hunks: readonly Hunk[]): DiffSummary {
  const rows: DiffRow[] = [];
  let covered = 0;
  let added = 0;
  let removed = 0;
  for (const hunk of hunks) {
    const skipped = hunk.oldStart - 1 - covered;
    if (skipped > 0) rows.push({ kind: "gap", skipped });
    covered = hunk.oldStart - 1 + hunk.oldLines;
    const lines = numberLines(hunk);
    added += lines.filter((line) => line.kind === "added").length;
    removed += lines.filter((line) => line.kind === "removed").length;
    rows.push(...markWords(lines));
  }
  return { rows, added, removed };
}

function numberLines(hunk: Hunk): Line[] {
  let oldLine = hunk.oldStart;
  let newLine = hunk.newStart;
  return hunk.lines.flatMap((raw): Line[] => {
    const text = raw.slice(1);
    if (raw.startsWith("+")) return [{ kind: "added", text, oldLine: null, newLine: newLine++ }];
    if (raw.startsWith("-")) return [{ kind: "removed", text, oldLine: oldLine++, newLine: null }];
    if (raw.startsWith("\\")) return [];
    return [{ kind: "context", text, oldLine: oldLine++, newLine: newLine++ }];
  });
}

/** Removed lines directly followed by added ones: those most alike are pairs, in order. */
function markWords(lines: readonly Line[]): DiffRow[] {
  const rows: DiffRow[] = [];
  let at = 0;
  while (at < lines.length) {
    const gone = runOf(lines, at, "removed");
    const come = runOf(lines, at + gone.length, "added");
    if (gone.length === 0 && come.length === 0) {
      const line = lines[at];
      if (line) rows.push(plainRow(line));
      at += 1;
      continue;
    }
    const before = new Map<Line, DiffPart[]>();
    const after = new Map<Line, DiffPart[]>();
    for (const [old, fresh] of pairLines(gone, come)) {
      const parts = wordParts(old.text, fresh.text);
      if (!parts) continue;
      before.set(old, parts.before);
      after.set(fresh, parts.after);
    }
    for (const line of gone) rows.push({ ...rowOf(line), parts: before.get(line) ?? [{ text: line.text, changed: false }] });
    for (const line of come) rows.push({ ...rowOf(line), parts: after.get(line) ?? [{ text: line.text, changed: false }] });
    at += gone.length + come.length;
  }
  return rows;
}

function runOf(lines: readonly Line[], from: number, kind: Line["kind"]): Line[] {
  let end = from;
  while (lines[end]?.kind === kind) end += 1;
  return lines.slice(from, end);
}

/** Longer runs are paired first with first: the search below is quadratic. */
const MAX_SEARCHED = 40;

/** The pairing, in order, whose lines have the most words in common. */
function pairLines(gone: readonly Line[], come: readonly Line[]): [Line, Line][] {
  const inOrder = (): [Line, Line][] => gone.slice(0, come.length).map((line, at) => [line, come[at] ?? line]);
  if (gone.length === come.length || gone.length > MAX_SEARCHED || come.length > MAX_SEARCHED) return inOrder();
  const words = (line: Line): ReadonlySet<string> => new Set(line.text.match(/\w+|[^\s\w]+/g) ?? []);
  const oldWords = gone.map(words);
  const newWords = come.map(words);
  const alike = (one: ReadonlySet<string>, other: ReadonlySet<string>): number => {
    let common = 0;
    for (const word of one) if (other.has(word)) common += word.length;
    return common;
  };
  const best = Array.from({ length: gone.length + 1 }, () => Array.from(come, () => 0).concat(0));
  const at = (row: number, column: number): number => best[row]?.[column] ?? 0;
  for (let row = gone.length - 1; row >= 0; row -= 1) {
    for (let column = come.length - 1; column >= 0; column -= 1) {
      const paired = alike(oldWords[row] ?? new Set(), newWords[column] ?? new Set()) + at(row + 1, column + 1);
      const line = best[row];
      if (line) line[column] = Math.max(paired, at(row + 1, column), at(row, column + 1));
    }
  }
  const pairs: [Line, Line][] = [];
  for (let row = 0, column = 0; row < gone.length && column < come.length;) {
    const [old, fresh] = [gone[row], come[column]];
    if (at(row, column) === at(row + 1, column)) row += 1;
    else if (at(row, column) === at(row, column + 1)) column += 1;
    else {
      if (old && fresh) pairs.push([old, fresh]);
      row += 1;
      column += 1;
    }
  }
  return pairs;
}

const rowOf = ({ kind, oldLine, newLine }: Line) => ({ kind, oldLine, newLine });
const plainRow = (line: Line): DiffRow => ({ ...rowOf(line), parts: [{ text: line.text, changed: false }] });

function wordParts(before: string, after: string): { before: DiffPart[]; after: DiffPart[] } | null {
  if (before.length > MAX_WORD_CHARS || after.length > MAX_WORD_CHARS) return null;
  const changes = diffWordsWithSpace(before, after);
  const common = changes.reduce((sum, change) => (change.added || change.removed ? sum : sum + change.value.trim().length), 0);
  if (common < MIN_ALIKE * Math.max(before.trim().length, after.trim().length)) return null;
  const side = (skip: "added" | "removed"): DiffPart[] =>
    changes.filter((change) => !change[skip]).map((change) => ({ text: change.value, changed: Boolean(change.added || change.removed) }));
  return { before: side("added"), after: side("removed") };
}

function wholeText(text: string, kind: "added" | "removed"): DiffSummary {
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  const rows = lines.map((line, at): DiffRow => ({
    kind,
    oldLine: kind === "removed" ? at + 1 : null,
    newLine: kind === "added" ? at + 1 : null,
    parts: [{ text: line, changed: false }],
  }));
  return { rows, added: kind === "added" ? lines.length : 0, removed: kind === "removed" ? lines.length : 0 };
}

/** Reads a unified diff as tools print it; null when it is none. File headers are dropped: the card names the file. */
export function parseUnified(text: string): DiffSummary | null {
  const hunks: Hunk[] = [];
  let hunk: Hunk | null = null;
  for (const line of text.split("\n")) {
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (head) {
      hunk = { oldStart: Number(head[1]), oldLines: Number(head[2] ?? 1), newStart: Number(head[3]), lines: [] };
      hunks.push(hunk);
    } else if (hunk && /^[ +\-\\]/.test(line) && !/^(?:---|\+\+\+) /.test(line)) hunk.lines.push(line);
    else if (hunk && line === "") hunk.lines.push(" ");
    else hunk = null;
  }
  if (hunks.length === 0) return null;
  for (const each of hunks) while (each.lines.at(-1) === " ") each.lines.pop();
  return summarise(hunks);
}

/** Cuts coloured tokens at the borders of changed words, so that both marks can be drawn on one line. */
export function weave<Token extends readonly [string, string]>(
  parts: readonly DiffPart[],
  tokens: readonly Token[],
): { text: string; className: string; changed: boolean }[] {
  const woven: { text: string; className: string; changed: boolean }[] = [];
  let token = 0;
  let used = 0;
  for (const part of parts) {
    let left = part.text;
    while (left.length > 0) {
      const [text, className] = tokens[token] ?? [left.padEnd(used + left.length), ""];
      const piece = left.slice(0, text.length - used);
      if (piece !== "") woven.push({ text: piece, className, changed: part.changed });
      left = left.slice(piece.length);
      used += piece.length;
      if (used >= text.length) {
        token += 1;
        used = 0;
      }
    }
  }
  return woven;
}
