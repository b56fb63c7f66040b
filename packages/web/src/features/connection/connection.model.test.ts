import { expect, test } from "bun:test";
import { noticeDueIn, noticeOf } from "./connection.model.ts";
import { QUIET_MS } from "../../sync/silence.ts";

const lost = { phase: "reconnecting", since: 500 } as const;

test("a short interruption is not mentioned", () => {
  expect(noticeOf(lost, 1_000, 1_000 + QUIET_MS - 1, true)).toBeNull();
  expect(noticeDueIn(lost, 1_000, 1_500)).toBe(QUIET_MS - 500);
  expect(noticeOf(lost, 1_000, 1_000 + QUIET_MS, true)).toEqual({ kind: "reconnecting", since: 500 });
});

test("offline is said at once, with how old everything is", () => {
  expect(noticeOf({ phase: "offline", since: 7 }, 1_000, 1_000, true)).toEqual({ kind: "offline", since: 7 });
});

test("connecting is only worth a word while there is nothing to look at", () => {
  expect(noticeOf({ phase: "connecting" }, 0, 10_000, true)).toBeNull();
  expect(noticeOf({ phase: "connecting" }, 0, 10_000, false)).toEqual({ kind: "connecting" });
});

test("online says nothing and waits for nothing", () => {
  expect(noticeOf({ phase: "online", since: 1 }, 0, 10_000, true)).toBeNull();
  expect(noticeDueIn({ phase: "online", since: 1 }, 0, 0)).toBeNull();
});
