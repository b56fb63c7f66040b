/** The limits of `limits.ts` are kept, and their list of exceptions shrinks only. */
import { expect, test } from "bun:test";
import { grown, overLimits, recordedLimits } from "./limits.ts";

const now = overLimits();

test("nothing grew beyond the limits", () => {
  expect(grown(now, recordedLimits())).toEqual([]);
});

test("what became smaller is smaller in the list, too (npm run docs)", () => {
  expect(grown(recordedLimits(), now)).toEqual([]);
});

test("it sees a function that grew, one more of a kind, and a new file; and none where something shrank", () => {
  const recorded = { "a.ts": { complexity: [14, 13] } };
  expect(grown({ "a.ts": { complexity: [15, 13] } }, recorded)).toEqual(["a.ts: complexity 15"]);
  expect(grown({ "a.ts": { complexity: [14, 13, 13] } }, recorded)).toEqual(["a.ts: complexity 13"]);
  expect(grown({ "b.ts": { "max-lines": [301] } }, recorded)).toEqual(["b.ts: max-lines 301"]);
  expect(grown({ "a.ts": { complexity: [13] } }, recorded)).toEqual([]);
  expect(Object.keys(now).length).toBeGreaterThan(0);
});
