import { expect, test } from "bun:test";
import { ago, counted } from "./words.ts";

test.each([
  [0, "0 sessions"],
  [1, "1 session"],
  [2, "2 sessions"],
])("%p of something", (count, words) => expect(counted(count, "session")).toBe(words));

test.each([
  [999, "just now"],
  [1_000, "1 s ago"],
  [3_600_000, "1 h ago"],
])("%p milliseconds later", (passed, words) => expect(ago(5_000, 5_000 + passed)).toBe(words));
