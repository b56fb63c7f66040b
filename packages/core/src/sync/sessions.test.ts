import { describe, expect, test } from "bun:test";
import type { Session, SessionPatch, SyncEvent } from "@hapi/protocol";
import fc from "fast-check";
import { sessionSummary } from "../summary.ts";
import { applySyncEvent } from "./apply-event.ts";
import { plainSession } from "./session.case.ts";
import { withList, withSession } from "./sessions.ts";
import { emptySyncState } from "./state.ts";

const base = plainSession({ active: false });
const updated = (data?: SessionPatch | Session): SyncEvent => ({ type: "session-updated", sessionId: "s", data });
const known = withSession(withList(emptySyncState, [sessionSummary(base)]), base);

const patch: fc.Arbitrary<SessionPatch> = fc.record(
  {
    active: fc.boolean(),
    thinking: fc.boolean(),
    model: fc.option(fc.constantFrom("a", "b")),
    permissionMode: fc.constantFrom("default", "plan"),
    activeAt: fc.nat(100),
    metadata: fc.record({ version: fc.nat(5), value: fc.record({ path: fc.constantFrom("/a", "/b"), host: fc.constant("h") }) }),
    todos: fc.record({
      version: fc.nat(5),
      value: fc.array(
        fc.record({
          id: fc.constant("t"),
          content: fc.constant("c"),
          status: fc.constantFrom("pending" as const, "completed" as const),
          priority: fc.constant("medium" as const),
        }),
        { maxLength: 2 },
      ),
    }),
  },
  { requiredKeys: [] },
);

describe("sessions", () => {
  test("the list entry always says what the session says", () => {
    fc.assert(
      fc.property(fc.array(patch), (patches) => {
        const state = patches.reduce((current, data) => applySyncEvent(current, updated(data)), known);
        expect(state.summaries.s).toEqual(sessionSummary(state.sessions.s!));
      }),
    );
  });

  test("a list entry without its session follows the same patches", () => {
    fc.assert(
      fc.property(fc.array(patch), (patches) => {
        const listOnly = withList(emptySyncState, [sessionSummary(base)]);
        const full = patches.reduce((current, data) => applySyncEvent(current, updated(data)), known);
        const list = patches.reduce((current, data) => applySyncEvent(current, updated(data)), listOnly);
        expect(list.summaries.s).toEqual(full.summaries.s!);
      }),
    );
  });

  test("versioned values never go back, updatedAt only grows, flat fields follow the last word", () => {
    const newer = applySyncEvent(
      known,
      updated({ metadata: { version: 3, value: { path: "/3", host: "h" } }, updatedAt: 9, thinking: true }),
    );
    const older = applySyncEvent(
      newer,
      updated({ metadata: { version: 2, value: { path: "/2", host: "h" } }, updatedAt: 4, thinking: false }),
    );
    expect(older.sessions.s).toMatchObject({ metadataVersion: 3, metadata: { path: "/3" }, updatedAt: 9, thinking: false });
    expect(withSession(older, base).sessions.s).toMatchObject({ metadataVersion: 3, updatedAt: 9 });
  });

  test("no data, or a session never heard of, asks for a read", () => {
    expect(applySyncEvent(known, updated()).refetch.sessions).toEqual({ s: true });
    expect(applySyncEvent({ ...emptySyncState }, updated({ active: true })).refetch.sessions).toEqual({ s: true });
    expect(withSession(applySyncEvent(known, updated()), base).refetch.sessions).toEqual({});
  });

  test("nothing changed is the same object", () => {
    expect(applySyncEvent(known, updated({ active: false }))).toBe(known);
    expect(applySyncEvent(known, { type: "heartbeat", data: { timestamp: 1 } })).toBe(known);
  });

  test("removed sessions and those missing from the list are gone", () => {
    expect(applySyncEvent(known, { type: "session-removed", sessionId: "s" }).sessions).toEqual({});
    expect(withList(known, []).sessions).toEqual({});
  });

  test("a gap keeps what is shown and asks for everything", () => {
    const gap = applySyncEvent(known, { type: "connection-changed", data: { status: "connected", subscriptionId: "x", resume: "gap" } });
    expect(gap.sessions).toBe(known.sessions);
    expect(gap.refetch).toEqual({ list: true, machines: true, sessions: { s: true } });
  });
});
