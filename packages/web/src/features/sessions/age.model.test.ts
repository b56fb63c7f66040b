import { expect, test } from "bun:test";
import { ageWords } from "./age.model.ts";

const NOW = Date.UTC(2026, 10, 20, 12);
const MINUTE = 60_000;

test.each([
  [0, "now"],
  [59_999, "now"],
  [MINUTE, "1m"],
  [59 * MINUTE + 59_999, "59m"],
  [60 * MINUTE, "1h"],
  [36 * 60 * MINUTE, "1d"],
  [10 * 24 * 60 * MINUTE, "10 Nov"],
])("%p ms ago", (age, text) => {
  expect(ageWords(NOW - age, NOW, "en-GB").text).toBe(text);
});

test("a clock ahead of ours is now, never the future", () => {
  expect(ageWords(NOW + 90 * MINUTE, NOW, "en").text).toBe("now");
});

test("the words stay true until the moment they say they change", () => {
  for (const age of [10_000, 5 * MINUTE + 1, 3 * 60 * MINUTE, 2 * 24 * 60 * MINUTE]) {
    const { text, changesInMs } = ageWords(NOW - age, NOW, "en");
    expect(ageWords(NOW - age, NOW + (changesInMs ?? 0) - 1, "en").text).toBe(text);
    expect(ageWords(NOW - age, NOW + (changesInMs ?? 0), "en").text).not.toBe(text);
  }
});
