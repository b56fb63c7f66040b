import { expect, test } from "bun:test";
import { toolOf } from "../gallery/story-items.ts";
import { objectOf, opensItself } from "./tool.model.ts";

test("a failed call opens itself, a good one stays one line", () => {
  expect(opensItself(toolOf("execute"))).toBe(true);
  expect(opensItself(toolOf("edit"))).toBe(false);
});

test("a search is named by its pattern", () => {
  expect(objectOf(toolOf("search"))).toBe("Math\\.round");
  expect(objectOf(toolOf("edit"))).toBe("src/total.ts");
});
