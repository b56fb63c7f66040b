import { expect, test } from "bun:test";
import { counted } from "./words.ts";

test.each([
  [0, "0 sessions"],
  [1, "1 session"],
  [2, "2 sessions"],
])("%p of something", (count, words) => expect(counted(count, "session")).toBe(words));
