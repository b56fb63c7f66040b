import { describe, expect, test } from "bun:test";
import type { Message, MessagesResponse } from "@hapi/protocol";
import fc from "fast-check";
import { afterFailure, doubtSession, dueReads, leavesGap, wantList, wantMachines, wantSession } from "./due.ts";
import { emptySyncState, emptyWindow, type MessageWindow, type SyncState } from "./state.ts";

const read: SyncState = { ...emptySyncState, refetch: { list: false, machines: false, sessions: {} } };
const fresh: MessageWindow = { ...emptyWindow, epoch: 3, stale: false };

test("what is due, in the order in which it is begun; nothing is due of what is known", () => {
  expect(dueReads(emptySyncState)).toEqual([["list"], ["machines"]]);
  const windows = { a: { ...fresh, stale: true }, b: fresh };
  expect(dueReads({ ...wantSession(wantMachines(wantList(read)), "a"), windows })).toEqual([
    ["list"],
    ["machines"],
    ["session", "a"],
    ["messages", "a"],
  ]);
  expect(dueReads({ ...read, windows: { b: fresh } })).toEqual([]);
});

test("what is wanted already changes nothing", () => {
  const wanted = wantList(wantSession(read, "a"));
  expect(wantList(wanted)).toBe(wanted);
  expect(wantSession(wanted, "a")).toBe(wanted);
  expect(wantList(wantList(read), false)).toEqual(read);
});

test("an event that could not be read doubts the session, and its rows where they are held", () => {
  expect(dueReads(doubtSession(read, "a"))).toEqual([["session", "a"]]);
  const held = { ...read, windows: { a: fresh, b: fresh } };
  expect(dueReads(doubtSession(held, "a"))).toEqual([
    ["session", "a"],
    ["messages", "a"],
  ]);
});

test("a session that is not there is no failure of the hub; a refused sign-in is not tried again", () => {
  for (const kind of ["session", "messages"] as const) {
    expect([404, 403, 401, 500, 503].map((status) => afterFailure([kind, "a"], status))).toEqual([
      "gone",
      "gone",
      "signed-out",
      "later",
      "later",
    ]);
  }
  expect([404, 403, 401, 500].map((status) => afterFailure(["list"], status))).toEqual(["later", "later", "signed-out", "later"]);
});

describe("a gap before the newest page", () => {
  const rowAt = (at: number): Message => ({ id: `m${at}`, seq: at, localId: null, createdAt: at, invokedAt: at, content: {} });
  /** The newest `limit` of rows 1 … `last`. */
  function newestPage(last: number, limit: number, epoch = 3): MessagesResponse {
    const from = Math.max(1, last - limit + 1);
    const messages = Array.from({ length: last - from + 1 }, (_, index) => rowAt(from + index));
    const nothing = { nextBeforeSeq: null, nextBeforeAt: null, nextAfterSeq: null, nextAfterAt: null };
    const page = {
      direction: "latest" as const,
      limit,
      epoch,
      reset: false,
      hasMore: from > 1,
      snapshotHeadSeq: last,
      snapshotHeadAt: last,
    };
    return { messages, page: { ...nothing, ...page } };
  }
  const syncedAt = (at: number): MessageWindow => ({ ...fresh, syncedTo: { at, seq: at } });

  test("is there exactly when the page begins behind the last known row", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (known, more, limit) => {
          const page = newestPage(known + more, limit);
          const first = page.messages[0]?.seq ?? 0;
          expect(leavesGap(syncedAt(known), page)).toBe(page.page.hasMore && first > known);
        },
      ),
    );
  });

  test("is none where nothing is known yet, or the numbering is another: then the page replaces", () => {
    const far = newestPage(50, 5);
    expect(leavesGap(syncedAt(3), far)).toBe(true);
    expect(leavesGap(undefined, far)).toBe(false);
    expect(leavesGap(fresh, far)).toBe(false);
    expect(leavesGap(syncedAt(3), newestPage(50, 5, 4))).toBe(false);
  });
});
