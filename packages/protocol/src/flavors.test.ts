import { expect, test } from "bun:test";
import { normalizePermissionMode, permissionModesOf } from "./flavors.ts";

test("every mode that Claude's own help names is taken, under the name the protocol has for it", () => {
  const help = ["acceptEdits", "auto", "bypassPermissions", "manual", "dontAsk", "plan"];
  expect(help.map((mode) => normalizePermissionMode("claude", mode))).toEqual([
    "acceptEdits",
    "auto",
    "bypassPermissions",
    "default",
    "dontAsk",
    "plan",
  ]);
  expect(permissionModesOf("claude")[0]).toBe("default");
});

test("a mode of another agent is none of this one's", () => {
  expect(normalizePermissionMode("demo", "manual")).toBeNull();
  expect(normalizePermissionMode("claude", "constructor")).toBeNull();
  expect(normalizePermissionMode("claude", "yolo")).toBe("bypassPermissions");
});
