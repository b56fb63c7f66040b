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

export interface ScrollMove {
  before: ScrollFacts;
  now: ScrollFacts;
  /** A wheel, a finger, a key or a scroll bar moved it just now; otherwise sizes settled, or a script did. */
  byPerson: boolean;
}

/**
 * Does the list go on following its end? Only a person's move upwards lets go of it; arriving at the end takes hold again. The list moves
 * by itself while rows are measured: that is no wish to leave. A jump of half a screen is (search in the page, focus going up).
 */
export function followsEnd(follows: boolean, { before, now, byPerson }: ScrollMove): boolean {
  if (distanceToEnd(now) <= END_SLACK_PX) return true;
  const up = before.offset - now.offset;
  if (byPerson) return follows && up <= 1;
  return follows && (now.size !== before.size || up <= now.viewport / 2);
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
