/** Which parts of a thing have been on the screen: stretches of its height, in px from its top, apart and in order. Pure. */
export type Stretch = readonly [from: number, to: number];

/** Layout is in fractions of a px, and a border is no content. */
const SLACK_PX = 4;

export function withSeen(seen: readonly Stretch[], [from, to]: Stretch): readonly Stretch[] {
  if (to <= from) return seen;
  const apart = seen.filter((one) => one[1] < from - SLACK_PX || one[0] > to + SLACK_PX);
  const touching = seen.filter((one) => !apart.includes(one));
  const joined: Stretch = [Math.min(from, ...touching.map((one) => one[0])), Math.max(to, ...touching.map((one) => one[1]))];
  return [...apart, joined].sort((a, b) => a[0] - b[0]);
}

/** Where the first part begins that nobody has seen; null: all of it was seen. */
export function firstUnseen(seen: readonly Stretch[], height: number): number | null {
  const [first] = seen;
  if (height <= SLACK_PX) return null;
  if (!first || first[0] > SLACK_PX) return 0;
  return first[1] >= height - SLACK_PX ? null : first[1];
}
