import { expect, test } from "bun:test";
import type { SessionStatus } from "@hapi/core";
import { fakeSession } from "./gallery/script.ts";
import {
  asksNothing,
  canSwitch,
  contextOf,
  controlOf,
  costWords,
  cureOf,
  modeInForce,
  modelInForce,
  modesOf,
  titleOf,
  tokenWords,
} from "./session.model.ts";

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

test("control follows capabilities, and who holds it", () => {
  expect(controlOf(fakeSession())).toBe("here");
  expect(controlOf(fakeSession({}, { controlledByUser: true }))).toBe("terminal");
  const shared = fakeSession();
  const metadata = { ...shared.metadata!, capabilities: { control: "shared" } };
  expect(controlOf({ ...shared, metadata })).toBe("both");
  expect(canSwitch({ ...shared, metadata })).toBe(false);
  expect(canSwitch(fakeSession())).toBe(true);
  expect(canSwitch(fakeSession({ active: false }))).toBe(false);
});

test("modes come from capabilities, else from the flavor's table", () => {
  expect(modesOf(fakeSession())).toEqual(["default", "read-only", "safe-yolo", "yolo"]);
  const own = fakeSession();
  expect(modesOf({ ...own, metadata: { ...own.metadata!, capabilities: { permissionModes: ["a"] } } })).toEqual(["a"]);
  expect(titleOf(fakeSession({ metadata: null }))).toBeNull();
});

test("the gauge says what is known, and never leaves its ring", () => {
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 };
  expect(contextOf(null)).toBeNull();
  expect(contextOf({ ...usage, contextTokens: 10 })).toEqual({ used: 10, limit: null, share: null });
  expect(contextOf({ ...usage, contextWindow: 10 })).toBeNull();
  expect(contextOf({ ...usage, contextTokens: 300, contextWindow: 200 })).toEqual({ used: 300, limit: 200, share: 1 });
});

test("numbers are read as magnitudes", () => {
  expect(tokenWords(12_340, "en")).toBe("12.3K");
  expect(costWords(0.0432, "en")).toBe("$0.043");
  expect(costWords(12, "en")).toBe("$12.00");
});
