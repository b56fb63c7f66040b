import { expect, test } from "bun:test";
import fc from "fast-check";
import { firstUnseen, type Stretch, withSeen } from "./seen.model.ts";

const after = (...stretches: Stretch[]): readonly Stretch[] => stretches.reduce<readonly Stretch[]>(withSeen, []);

test("all of it was seen only when nothing is left between what was seen", () => {
  expect(firstUnseen([], 100)).toBe(0);
  expect(firstUnseen(after([0, 60]), 100)).toBe(60);
  expect(firstUnseen(after([0, 40], [60, 100]), 100)).toBe(40);
  expect(firstUnseen(after([60, 100]), 100)).toBe(0);
  expect(firstUnseen(after([60, 100], [0, 40], [39, 61]), 100)).toBeNull();
  // Longer than it was: lines that were folded are there now.
  expect(firstUnseen(after([0, 100]), 300)).toBe(100);
});

test("as if each px were ticked off", () => {
  const stretch = fc.tuple(fc.nat(30), fc.nat(30)).map(([from, length]): Stretch => [from * 10, from * 10 + length * 10]);
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 12 }), (stretches) => {
      const ticks = Array.from({ length: 30 }, (_, at) => stretches.some(([from, to]) => from <= at * 10 && to >= at * 10 + 10));
      const unseen = ticks.indexOf(false);
      expect(firstUnseen(after(...stretches), 300)).toBe(unseen < 0 ? null : unseen * 10);
    }),
  );
});
