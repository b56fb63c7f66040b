import { expect, test } from "bun:test";
import { createFolds } from "./fold-store.ts";

test("choices are remembered, told, and bounded", () => {
  const folds = createFolds(2);
  let told = 0;
  const seen: (boolean | undefined)[] = [];
  folds.onChange(() => seen.push(folds.get("a")));
  const stop = folds.subscribe(() => (told += 1));
  expect(folds.get("a")).toBeUndefined();
  folds.set("a", true);
  folds.set("b", false);
  folds.set("c", true);
  stop();
  folds.set("c", false);
  expect([folds.get("a"), folds.get("b"), folds.get("c")]).toEqual([undefined, false, false]);
  expect(told).toBe(3);
  expect(seen[0]).toBeUndefined();
});
