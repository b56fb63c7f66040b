/**
 * The one way to cut text that people read: never within a grapheme, so no half emoji, no lost accent, no flag of another country. Lengths are
 * UTF-16 units, as everywhere on the wire; a display that counts columns cuts with `fit` of the terminal.
 */

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** Longer graphemes exist only to be tried: they are cut between characters. */
const LONGEST = 256;
const PLAIN = /^[\u0020-\u007e]*$/;

/** Is there a character boundary before this unit? */
function isWhole(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  const before = text.charCodeAt(at - 1);
  return !(unit >= 0xdc00 && unit <= 0xdfff && before >= 0xd800 && before <= 0xdbff);
}

/** The nearest place at or before `at` that is within no grapheme. */
function boundaryBefore(text: string, at: number): number {
  if (at <= 0) return 0;
  if (at >= text.length) return text.length;
  if (PLAIN.test(text.slice(at - 1, at + 1))) return at;
  const from = Math.max(0, at - LONGEST);
  const start = isWhole(text, from) ? from : from + 1;
  const window = text.slice(start, at + LONGEST);
  let boundary = start;
  for (const { index } of segmenter.segment(window)) {
    if (start + index > at) break;
    boundary = start + index;
  }
  if (boundary > start || from === 0) return boundary;
  return isWhole(text, at) ? at : at - 1;
}

/** The beginning, of at most `max` units. */
export function cutText(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, boundaryBefore(text, max));
}

/** The end, of at most `max` units. */
export function cutTextStart(text: string, max: number): string {
  if (text.length <= max) return text;
  const from = text.length - max;
  const before = boundaryBefore(text, from);
  if (before === from) return text.slice(from);
  // The grapheme that begins before does not fit: behind it.
  const [first] = segmenter.segment(text.slice(before, before + 2 * LONGEST));
  const behind = before + (first?.segment.length ?? 0);
  if (behind >= from) return text.slice(behind);
  return text.slice(isWhole(text, from) ? from : from + 1);
}

/** At most `max` units, an ellipsis among them where something was left out. */
export function shortText(text: string, max: number): string {
  return text.length <= max ? text : `${cutText(text, max - 1).trimEnd()}…`;
}

/** Head and tail with what `between` says about the units left out. */
export function withoutMiddle(text: string, keep: { head: number; tail: number }, between: (left: number) => string): string {
  if (text.length <= keep.head + keep.tail) return text;
  const head = cutText(text, keep.head);
  const tail = cutTextStart(text, keep.tail);
  return head + between(text.length - head.length - tail.length) + tail;
}

/** The first grapheme in capitals, the rest as it is. */
export function capitalized(text: string): string {
  const [first] = segmenter.segment(text);
  return first ? first.segment.toLocaleUpperCase() + text.slice(first.segment.length) : text;
}
