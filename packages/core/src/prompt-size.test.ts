import { expect, test } from "bun:test";
import { checkPromptSize, isPromptTooLong, MAX_PROMPT_BYTES } from "./prompt-size.ts";

test.each([
  ["a", 1],
  ["é", 2],
  ["旅", 3],
  ["🙂", 4],
])("counted as it goes over the wire: %s", (letter, bytes) => {
  const fits = letter.repeat(Math.floor(MAX_PROMPT_BYTES / bytes));
  expect(isPromptTooLong(fits)).toBe(false);
  expect(isPromptTooLong(fits + letter)).toBe(true);
  expect(() => checkPromptSize(fits + letter)).toThrow("1 MB");
});
