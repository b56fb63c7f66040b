import { describe, expect, test } from "bun:test";
import { matchPath, paths, PATTERNS } from "./match.ts";

describe("addresses", () => {
  test.each([
    ["/", "sessions", {}],
    ["/inbox/", "inbox", {}],
    ["/sessions/abc", "session", { sessionId: "abc" }],
    ["/sessions/a%2Fb%20c", "session", { sessionId: "a/b c" }],
    ["/sessions/100%", "session", { sessionId: "100%" }],
  ])("%s", (path, id, params) => {
    expect(matchPath(PATTERNS, path)).toEqual({ id: id as "inbox", params });
  });

  test("what is written can be read", () => {
    const id = "ünï/code?#&";
    expect(matchPath(PATTERNS, paths.session(id))?.params).toEqual({ sessionId: id });
    const preset = new URL(paths.newSession({ machine: "m 1", directory: "/a&b" }), "http://x").searchParams;
    expect([preset.get("machine"), preset.get("directory")]).toEqual(["m 1", "/a&b"]);
    expect(paths.newSession()).toBe("/new");
    expect(paths.login("/")).toBe("/login");
    expect(new URL(paths.login("/sessions/a?x=1"), "http://x").searchParams.get("next")).toBe("/sessions/a?x=1");
  });

  test("anything else leads nowhere", () => {
    expect(matchPath(PATTERNS, "/sessions")).toBeNull();
    expect(matchPath(PATTERNS, "/nope")).toBeNull();
  });
});
