import { expect, test } from "bun:test";
import { testSummary } from "../test-summary.ts";
import { agentName, shortPath, titleOf, toolName } from "./names.model.ts";

test("a person's name beats the agent's title; blank ones don't count", () => {
  const summary = testSummary({ title: "From the agent" });
  expect(titleOf(summary)).toBe("From the agent");
  summary.metadata = { path: "/", name: "  ", summary: { text: "x" } };
  expect(titleOf(summary)).toBe("x");
  expect(titleOf({ ...summary, metadata: null })).toBeNull();
});

test.each([
  ["/home/ada/shop", undefined, "~/shop"],
  ["/Users/ada", undefined, "~"],
  ["/home/adam/x", "/home/ada", "/home/adam/x"],
  ["/srv/x", undefined, "/srv/x"],
  ["C:\\work", undefined, "C:\\work"],
])("%s is short", (path, home, short) => {
  expect(shortPath(path, home)).toBe(short);
});

test("wire names become words", () => {
  expect(agentName("open-code")).toBe("Open Code");
  expect(agentName(null)).toBe("");
  expect(toolName("mcp__github__create_issue")).toBe("create issue");
  expect(toolName("Bash")).toBe("Bash");
  expect(toolName("SendUserFile")).toBe("send user file");
  expect(toolName("apply_patch")).toBe("apply patch");
});
