import { describe, expect, test } from "bun:test";
import { AppError } from "@hapi/protocol";
import { asksFor, NOW, testSummary } from "../test-summary.ts";
import { connectionOf, isAway, settledSummaries } from "./bridge.model.ts";

describe("the list that is shown", () => {
  const shown = { a: testSummary({ id: "a" }), b: testSummary({ id: "b" }) };

  test("stays the same object through signs of life", () => {
    const next = { ...shown, a: { ...shown.a, activeAt: NOW + 10_000 } };
    expect(settledSummaries(shown, next)).toBe(shown);
  });

  test.each([
    ["a sign of life after a long silence", { ...shown, a: { ...shown.a, activeAt: NOW + 120_000 } }],
    ["a change", { ...shown, a: { ...shown.a, thinking: true } }],
    ["a request", { ...shown, a: { ...shown.a, ...asksFor("Bash", NOW) } }],
    ["one more", { ...shown, c: testSummary({ id: "c" }) }],
    ["one less", { a: shown.a }],
    ["another one", { a: shown.a, c: testSummary({ id: "c" }) }],
  ])("%s is news", (_what, next) => {
    expect(settledSummaries(shown, next)).toBe(next);
  });
});

describe("the connection", () => {
  const error = new AppError("hub_unreachable");
  test("a first attempt is connecting; any later one is reconnecting with the age of the last word", () => {
    expect(connectionOf({ phase: "connecting", attempt: 1 }, null, true)).toEqual({ phase: "connecting" });
    expect(connectionOf({ phase: "connecting", attempt: 1 }, 5, true)).toEqual({ phase: "reconnecting", since: 5 });
    expect(connectionOf({ phase: "waiting", attempt: 3, retryAt: 9, error }, 5, true)).toEqual({ phase: "reconnecting", since: 5 });
  });

  test("a device without a network is offline, whatever the stream tries", () => {
    expect(connectionOf({ phase: "waiting", attempt: 1, retryAt: null, error: null }, 5, false)).toEqual({ phase: "offline", since: 5 });
    expect(connectionOf({ phase: "connecting", attempt: 1 }, null, false)).toEqual({ phase: "offline", since: null });
  });

  test("a stream that is up is online even if the device says otherwise", () => {
    expect(connectionOf({ phase: "online", since: 7, subscriptionId: "s" }, 5, false)).toEqual({ phase: "online", since: 7 });
  });
});

test.each([
  [false, { phase: "stopped" }],
  [false, { phase: "connecting", attempt: 1 }],
  [false, { phase: "online", since: NOW, subscriptionId: "s" }],
  [true, { phase: "connecting", attempt: 2 }],
  [true, { phase: "waiting", attempt: 0, retryAt: null, error: null }],
] as const)("away is %p for %p", (away, status) => {
  expect(isAway(status)).toBe(away);
});
