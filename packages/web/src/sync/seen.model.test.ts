import { expect, test } from "bun:test";
import { isUntold } from "./seen.model.ts";

test.each([
  ["a look the hub has not heard of", { at: 5 }, undefined, true],
  ["a look at what came since", { at: 5 }, 4, true],
  ["the hub knows", { at: 5 }, 5, false],
  ["another device has seen more", { at: 5 }, 9, false],
  ["made unread, and the hub does not know", { at: 5, back: true }, 9, true],
  ["made unread, and the hub knows", { at: 5, back: true }, 5, false],
])("%s", (_name, mark, known, untold) => {
  expect(isUntold(mark, known)).toBe(untold);
});
