import { expect, test } from "bun:test";
import { createTimeline } from "@hapi/core";
import { failure, fakeSession, requests, rowsOf, story } from "./gallery/script.ts";
import { canSwitch, contextOf, controlOf, costWords, modesOf, statusOf, titleOf, tokenWords } from "./session.model.ts";

const idle = createTimeline().update({ messages: rowsOf(story) });
const asked = createTimeline().update({ messages: [], agentState: { requests } });
const failed = createTimeline().update({ messages: rowsOf([...story, ...failure]) });

test("what waits for a person comes before everything else, and a dead session never works", () => {
  expect(statusOf(fakeSession({ thinking: true }), asked)).toBe("waiting");
  expect(statusOf(fakeSession({ thinking: true }), idle)).toBe("working");
  expect(statusOf(fakeSession(), idle)).toBe("idle");
  expect(statusOf(fakeSession(), failed)).toBe("failed");
  expect(statusOf(fakeSession({ active: false, thinking: true }), idle)).toBe("offline");
  const ended = fakeSession({ active: false });
  expect(statusOf({ ...ended, metadata: { ...ended.metadata!, lifecycleState: "completed" } }, idle)).toBe("idle");
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

test("the gauge needs both numbers and never leaves its ring", () => {
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 };
  expect(contextOf(null)).toBeNull();
  expect(contextOf({ ...usage, contextTokens: 10 })).toBeNull();
  expect(contextOf({ ...usage, contextTokens: 300, contextWindow: 200 })).toEqual({ used: 300, limit: 200, share: 1 });
});

test("numbers are read as magnitudes", () => {
  expect(tokenWords(12_340, "en")).toBe("12.3K");
  expect(costWords(0.0432, "en")).toBe("$0.043");
  expect(costWords(12, "en")).toBe("$12.00");
});
