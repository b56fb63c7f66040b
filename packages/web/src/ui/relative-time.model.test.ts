import { expect, test } from "bun:test";
import fc from "fast-check";
import { durationWords, relativeWords } from "./relative-time.model.ts";

test("relative times say when they stop being true", () => {
  const now = Date.UTC(2026, 0, 10, 12);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6 * 86_400_000 }), (age) => {
      const words = relativeWords(now - age, now, "en");
      expect(words.changesInMs).toBeGreaterThan(0);
      const before = relativeWords(now - age, now + (words.changesInMs ?? 0) - 1, "en");
      const after = relativeWords(now - age, now + (words.changesInMs ?? 0), "en");
      expect(before.text).toBe(words.text);
      expect(after.text).not.toBe(words.text);
    }),
  );
});

test("lengths of time have at most two units", () => {
  expect(durationWords(850, "en")).toBe("0.9 sec");
  expect(durationWords(84_000, "en")).toBe("1 min 24 sec");
  expect(durationWords(7_500_000, "en")).toBe("2 hr 5 min");
  expect(durationWords(3_600_000, "en")).toBe("1 hr");
});
