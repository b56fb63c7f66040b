import { expect, test } from "bun:test";
import { languageOf, TextCache } from "./highlight.model.ts";

test("a language comes from a fence word or a path", () => {
  expect(languageOf("ts")).toBe("typescript");
  expect(languageOf("/home/ada/shop/src/app.TSX")).toBe("tsx");
  expect(languageOf("diff {1,2}")).toBe("diff");
  expect(languageOf("constructor")).toBeNull();
  expect(languageOf("Makefile")).toBeNull();
  expect(languageOf("")).toBeNull();
});

test("the cache of coloured code stays within its limit and forgets the least used", () => {
  const cache = new TextCache<number>(10);
  cache.set("aaaa", 1);
  cache.set("bbbb", 2);
  expect(cache.get("aaaa")).toBe(1);
  cache.set("cccc", 3);
  expect(cache.get("bbbb")).toBeUndefined();
  expect(cache.get("aaaa")).toBe(1);
  expect(cache.size).toBeLessThanOrEqual(10);
});
