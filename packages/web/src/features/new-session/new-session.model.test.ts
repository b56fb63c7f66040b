import { describe, expect, test } from "bun:test";
import { NOW, testSummary } from "../../test-summary.ts";
import {
  childOf,
  choiceOf,
  firstAgent,
  fullPath,
  installedFirst,
  parentOf,
  problemOf,
  recentDirectories,
  recipeFor,
} from "./new-session.model.ts";

describe("directories", () => {
  test.each([
    ["~/shop/", "/home/ada/shop"],
    ["~", "/home/ada"],
    ["  /srv/x  ", "/srv/x"],
    ["/", "/"],
    ["~other", "~other"],
  ])("%s", (typed, full) => {
    expect(fullPath(typed, "/home/ada")).toBe(full);
  });

  test("up and down again", () => {
    expect(parentOf("/home/ada/shop")).toBe("/home/ada");
    expect(parentOf("/home")).toBe("/");
    expect(parentOf("/")).toBeNull();
    expect(childOf("/", "home")).toBe("/home");
    expect(childOf("/home", "ada")).toBe("/home/ada");
  });

  test("recent ones: latest first, each once, of this machine", () => {
    const sessions = [
      testSummary({ id: "1", path: "/a", updatedAt: NOW - 3 }),
      testSummary({ id: "2", path: "/b", updatedAt: NOW - 2 }),
      testSummary({ id: "3", path: "/a", updatedAt: NOW - 1 }),
      testSummary({ id: "4", path: "/c", machineId: "other" }),
    ];
    expect(recentDirectories(sessions, "m1")).toEqual(["/a", "/b"]);
  });
});

describe("the form", () => {
  const form = { machineId: "m", directory: "/a", agent: "demo", modes: [], mode: "", model: "" };
  test("says what is missing first", () => {
    expect(problemOf(form)).toBeNull();
    expect(problemOf({ ...form, machineId: "" })).toBe("machine");
    expect(problemOf({ ...form, directory: " " })).toBe("directory");
    expect(problemOf({ ...form, directory: "shop" })).toBe("relative");
    expect(problemOf({ ...form, agent: "" })).toBe("agent");
  });

  test("prefers the agent used last, never one that is not there", () => {
    const agents = [
      { agent: "demo", available: true },
      { agent: "x", available: false },
      { agent: "y", available: true },
    ];
    expect(firstAgent(agents, "y")?.agent).toBe("y");
    expect(firstAgent(agents, "x")?.agent).toBe("demo");
    expect(firstAgent([], "y")).toBeUndefined();
    expect(installedFirst(agents).map(({ agent }) => agent)).toEqual(["demo", "y", "x"]);
  });

  test("the modes on offer are the agent's own; where a machine says nothing of them, those of its flavor", () => {
    const own = { agent: "codex", available: true, capabilities: { permissionModes: ["ask", "free"] } };
    expect(choiceOf(own)).toEqual({ agent: "codex", modes: ["ask", "free"], mode: "ask", model: "" });
    expect(choiceOf({ agent: "claude", available: true }).modes).toContain("bypassPermissions");
    expect(choiceOf(undefined)).toEqual({ agent: "", modes: [], mode: "", model: "" });
  });
});

test.each([
  ["https://hapi.example.org", "npm install -g hapi-agents\nhapi auth login --url https://hapi.example.org && hapi runner start"],
  ["http://192.168.1.4:3006", "npm install -g hapi-agents\nhapi auth login --url http://192.168.1.4:3006 && hapi runner start"],
  ["http://localhost:3006", null],
  ["http://127.0.0.1:3006", null],
  ["http://[::1]:3006", null],
])("a recipe for another machine, from %s", (address, recipe) => expect(recipeFor(new URL(address))).toBe(recipe));
