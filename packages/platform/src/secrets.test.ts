import { expect, test } from "bun:test";
import { randomToken } from "./secrets.ts";

test("a token is a word that no command takes for a flag, and is never shorter for it", () => {
  const tokens = Array.from({ length: 5_000 }, () => randomToken(6));
  expect(tokens.filter((token) => !/^[\w][\w-]{7}$/.test(token))).toEqual([]);
  expect(new Set(tokens).size).toBe(tokens.length);
});
