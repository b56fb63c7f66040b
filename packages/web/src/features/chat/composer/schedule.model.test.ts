import { expect, test } from "bun:test";
import { clockWords, fieldValue, presets, problemOf } from "./schedule.model.ts";

const at = (day: number, hour: number, minute = 0): number => new Date(2026, 10, day, hour, minute).getTime();
/** 20 November 2026 is a Friday. */
const friday = 20;

test("offers are in the future, in order, and never further than the hub takes", () => {
  for (let hour = 0; hour < 24 * 8; hour += 1) {
    const now = at(friday, hour, 13);
    const times = presets(now).map((preset) => preset.at);
    expect(times.length).toBeGreaterThanOrEqual(3);
    for (const time of times) expect(problemOf(time, now)).toBeNull();
  }
});

test("the evening is offered while it is ahead, Monday while it is not tomorrow", () => {
  const keys = (now: number) => presets(now).map((preset) => preset.key);
  expect(keys(at(friday, 10))).toEqual(["later.minutes", "later.hours", "later.evening", "later.tomorrow", "later.monday"]);
  expect(keys(at(friday, 19))).toEqual(["later.minutes", "later.hours", "later.tomorrow", "later.monday"]);
  expect(keys(at(22, 10))).toEqual(["later.minutes", "later.hours", "later.evening", "later.tomorrow"]);
  expect(presets(at(friday, 10)).at(-1)?.at).toBe(at(23, 9));
});

test("a time that has passed, is too far, or is none is refused", () => {
  const now = at(friday, 10);
  expect(problemOf(now, now)).toBe("later.past");
  expect(problemOf(Number.NaN, now)).toBe("later.past");
  expect(problemOf(now + 60_000, now)).toBeNull();
  expect(problemOf(at(friday + 7, 10, 1), now)).toBe("later.far");
});

test("a field's value reads back as the same minute", () => {
  expect(new Date(fieldValue(at(friday, 9, 5))).getTime()).toBe(at(friday, 9, 5));
});

test("a time says its day only when it is another one", () => {
  const now = at(friday, 10);
  expect(clockWords(at(friday, 14, 3), now, "en-GB")).toBe("14:03");
  expect(clockWords(at(friday + 1, 9), now, "en-GB")).toMatch(/^Sat,? 09:00$/);
  expect(clockWords(at(friday + 7, 9), now, "en-GB")).toMatch(/27 Nov.*09:00/);
});
