import { expect, test } from "bun:test";
import type { SessionStatus } from "@hapi/core";
import { fakeSession } from "../gallery/script.ts";
import { asksNothing, contextOf, cureOf, modeInForce, modelInForce } from "./header.model.ts";

test("where waiting cures nothing, what to do is known by the code", () => {
  const failed = (code: string | null, cure: boolean): SessionStatus => ({
    what: "failed",
    code,
    cure,
    message: null,
    since: 1,
    source: "agent",
    asOf: null,
    unread: true,
  });
  expect(cureOf(failed("auth", true))).toBe("header.cure.auth");
  expect(cureOf(failed("overloaded", false))).toBeNull();
  expect(cureOf(failed("toString", true))).toBeNull();
  expect(cureOf({ ...failed(null, true), what: "idle" })).toBeNull();
});

test("mode and model in force: what was chosen, else what was observed, else nothing is claimed", () => {
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0, model: "big-4" };
  expect(modeInForce(fakeSession({ permissionMode: "plan" }))).toBe("plan");
  expect(modelInForce(fakeSession({ model: "opus" }), usage)).toBe("opus");
  expect(modelInForce(fakeSession({ model: null }), usage)).toBe("big-4");
  expect(modelInForce(fakeSession({ model: null }), null)).toBeNull();
  expect(["bypassPermissions", "yolo", "always-proceed", "plan"].map(asksNothing)).toEqual([true, true, true, false]);
});

test("the gauge says what is known, and never leaves its ring", () => {
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 };
  expect(contextOf(null)).toBeNull();
  expect(contextOf({ ...usage, contextTokens: 10 })).toEqual({ used: 10, limit: null, share: null });
  expect(contextOf({ ...usage, contextWindow: 10 })).toBeNull();
  expect(contextOf({ ...usage, contextTokens: 300, contextWindow: 200 })).toEqual({ used: 300, limit: 200, share: 1 });
});
