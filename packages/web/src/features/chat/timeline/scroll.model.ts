/** Where the list stands and what that means. Pure numbers and keys; the component only carries them out. */

/** This close to the end counts as being there. */
export const END_SLACK_PX = 32;
/** Older pages are asked for this many screens before their place is reached. */
const AHEAD_SCREENS = 1.5;

export interface ScrollFacts {
  offset: number;
  viewport: number;
  size: number;
}

export const distanceToEnd = ({ offset, viewport, size }: ScrollFacts): number => Math.max(0, size - viewport - offset);

/** Does the list go on following its end? Only a move upwards by the person lets go of it; arriving at the end takes hold again. */
export function followsEnd(before: boolean, previousOffset: number, now: ScrollFacts): boolean {
  if (distanceToEnd(now) <= END_SLACK_PX) return true;
  return before && now.offset >= previousOffset - 1;
}

export const wantsOlder = ({ offset, viewport }: ScrollFacts): boolean => offset < viewport * AHEAD_SCREENS;

/** How many rows came in before the ones that were there. Rows at the border may have been merged into a group, so a few keys are tried. */
export function prependedCount(before: readonly { key: string }[], after: readonly { key: string }[]): number {
  for (const [was, row] of before.slice(0, 8).entries()) {
    const is = after.findIndex((candidate) => candidate.key === row.key);
    if (is >= 0) return Math.max(0, is - was);
  }
  return 0;
}

/** Rows after the last one that was there: what "new messages" counts. */
export function appendedCount(lastSeen: string | undefined, rows: readonly { key: string }[]): number {
  if (lastSeen === undefined) return 0;
  const at = rows.findLastIndex((row) => row.key === lastSeen);
  return at < 0 ? 0 : rows.length - 1 - at;
}
