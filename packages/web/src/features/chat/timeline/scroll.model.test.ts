import { expect, test } from "bun:test";
import fc from "fast-check";
import { appendedCount, distanceToEnd, followsEnd, prependedCount, wantsOlder } from "./scroll.model.ts";

const rows = (...keys: string[]) => keys.map((key) => ({ key }));

test("growth, shrinking and measuring keep hold of the end; a person scrolling up lets go", () => {
  const end = { offset: 500, viewport: 500, size: 1000 };
  const move = (now: Partial<typeof end>, byPerson = true, follows = true) =>
    followsEnd(follows, { before: end, now: { ...end, ...now }, byPerson });
  expect(move({})).toBe(true);
  expect(move({ size: 1400 })).toBe(true);
  expect(move({ offset: 300 })).toBe(false);
  expect(move({ offset: 300 }, false)).toBe(true);
  expect(move({ offset: 100 }, false)).toBe(false);
  expect(move({ offset: 100, size: 900 }, false)).toBe(true);
  expect(move({ offset: 550, size: 1400 }, true, false)).toBe(false);
  expect(move({ offset: 480 }, true, false)).toBe(true);
  expect(distanceToEnd({ offset: 700, viewport: 500, size: 1000 })).toBe(0);
});

test("older pages are wanted before their place is reached", () => {
  expect(wantsOlder({ offset: 700, viewport: 500, size: 9000 })).toBe(true);
  expect(wantsOlder({ offset: 800, viewport: 500, size: 9000 })).toBe(false);
});

test("rows that came in front are counted, also when the border row was merged away", () => {
  expect(prependedCount(rows("c", "d"), rows("a", "b", "c", "d", "e"))).toBe(2);
  expect(prependedCount(rows("c", "d"), rows("c", "d", "e"))).toBe(0);
  expect(prependedCount(rows("c", "d", "e"), rows("a", "group:b", "d", "e"))).toBe(1);
  expect(prependedCount(rows("x"), rows("a", "b"))).toBe(0);
  expect(prependedCount([], rows("a"))).toBe(0);
});

test("both counts agree with how the list was made", () => {
  fc.assert(
    fc.property(fc.nat(20), fc.integer({ min: 1, max: 20 }), fc.nat(20), (before, middle, after) => {
      const keys = Array.from({ length: before + middle + after }, (_, at) => `k${at}`);
      const was = rows(...keys.slice(before, before + middle));
      expect(prependedCount(was, rows(...keys))).toBe(before);
      expect(appendedCount(was.at(-1)?.key, rows(...keys))).toBe(after);
    }),
  );
  expect(appendedCount(undefined, rows("a"))).toBe(0);
  expect(appendedCount("gone", rows("a"))).toBe(0);
});
