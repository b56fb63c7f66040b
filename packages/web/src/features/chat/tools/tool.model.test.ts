import { expect, test } from "bun:test";
import { toolOf } from "../gallery/story-items.ts";
import { objectOf, opensItself } from "./tool.model.ts";

test("a failed call opens itself, a good one stays one line", () => {
  expect(opensItself(toolOf("execute"))).toBe(true);
  expect(opensItself(toolOf("edit"))).toBe(false);
});

test("a picture that an agent shows opens itself, one that it reads does not", () => {
  const content = [{ type: "image" as const, mimeType: "image/png", data: "iVBORw0KGgo=" }];
  expect(opensItself({ ...toolOf("edit"), tool: "display_image", content })).toBe(true);
  expect(opensItself({ ...toolOf("edit"), tool: "Read", content })).toBe(false);
});

test("a search is named by its pattern", () => {
  expect(objectOf(toolOf("search"))).toBe("Math\\.round");
  expect(objectOf(toolOf("edit"))).toBe("src/total.ts");
});

test("a tool's own name never stands where its object does", () => {
  const call = { kind: "plan" as const, tool: "ExitPlanMode", input: {}, object: "ExitPlanMode" };
  expect(objectOf(call)).toBe("");
  expect(objectOf({ ...call, kind: "other", tool: "mcp__shop__send_refund", object: "mcp__shop__send_refund" })).toBe("send refund");
  expect(objectOf({ ...call, kind: "read", tool: "Read", object: "notes.md" })).toBe("notes.md");
});
