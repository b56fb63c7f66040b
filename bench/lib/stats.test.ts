import { expect, test } from "bun:test";
import { median, percentile, summarize } from "./stats.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test("a percentile is the smallest value that so many don't exceed", () => {
  expect(percentile(upTo(1000), 50)).toBe(500);
  expect(percentile(upTo(1000), 99)).toBe(990);
  expect(percentile(upTo(1000), 99.95)).toBe(1000);
  expect(percentile([7], 1)).toBe(7);
  expect(percentile([], 50)).toBeNaN();
});

test("a summary sorts by number and leaves its input as it is", () => {
  const values = [100, 9, 20];
  expect(summarize(values)).toEqual({ n: 3, p50: 20, p90: 100, p99: 100, max: 100 });
  expect(values).toEqual([100, 9, 20]);
});

test("the median ignores what is not a number, and of two takes the lower", () => {
  expect(median([3, Number.NaN, 1, Number.POSITIVE_INFINITY, 2])).toBe(2);
  expect(median([10, 20])).toBe(10);
  expect(median([Number.NaN])).toBeNaN();
});
