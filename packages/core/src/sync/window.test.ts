import { describe, expect, test } from "bun:test";
import type { SyncEvent } from "@hapi/protocol";
import fc from "fast-check";
import { applyPage, applySyncEvent, openWindow, withoutDoubtful } from "./apply-event.ts";
import { createModelHub, modelSession } from "./model-hub.case.ts";
import { emptySyncState, type MessageWindow, type SyncState } from "./state.ts";
import { joinsWindow } from "./window.ts";

type Hub = ReturnType<typeof createModelHub>;

const localIds = ["l1", "l2", "l3", "l4"];
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("says" as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("prompt", "consume", "requeue", "cancel", "stage", "done"),
      id: fc.constantFrom(...localIds),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("gap" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("older" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("twice" as const) }) },
);
type Act = { kind: string; id?: string };

function perform(hub: Hub, step: Act): void {
  const id = step.id ?? "l1";
  if (step.kind === "says") hub.agentSays("x");
  if (step.kind === "prompt") hub.prompt(id);
  if (step.kind === "consume") hub.consume(id);
  if (step.kind === "requeue") hub.requeue(id);
  if (step.kind === "cancel") hub.cancel(id);
  if (step.kind === "stage") hub.stage(id, "started");
  if (step.kind === "done") hub.stage(id, "done");
}

const windowOf = (state: SyncState): MessageWindow => state.windows[modelSession]!;
const applyAll = (state: SyncState, events: readonly SyncEvent[]): SyncState => events.reduce(applySyncEvent, state);

/** What the engine does: newest page; where it does not reach back, pages after what is known. */
function catchUp(hub: Hub, state: SyncState, limit: number): SyncState {
  let next = state;
  const window = windowOf(next);
  const latest = hub.page(limit);
  if (!joinsWindow(window, latest) && window.syncedTo && window.epoch === latest.page.epoch) {
    next = withoutDoubtful(next, modelSession, latest);
    for (let more = true; more;) {
      const after = windowOf(next).syncedTo;
      if (!after) break;
      const page = hub.page(limit, { after, epoch: windowOf(next).epoch ?? 0 });
      next = applyPage(next, modelSession, page, { after });
      more = page.page.hasMore;
    }
  }
  return applyPage(next, modelSession, hub.page(limit), {});
}

function expectTruth(hub: Hub, window: MessageWindow): void {
  const placed = hub.placed();
  expect(window.rows).toEqual(window.hasOlder ? placed.slice(placed.length - window.rows.length) : placed);
  expect(window.queued).toEqual(hub.queued());
}

describe("a window of messages", () => {
  test("equals the hub's history after any mix of events, pages, gaps and repeats", () => {
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 60 }),
        fc.array(act, { maxLength: 20 }),
        fc.integer({ min: 1, max: 6 }),
        (before, steps, limit) => {
          const hub = createModelHub();
          for (const step of before) perform(hub, step);
          hub.takeEvents();
          let state = openWindow(emptySyncState, modelSession);
          state = catchUp(hub, state, limit);
          for (const step of steps) {
            perform(hub, step);
            const events = hub.takeEvents();
            if (step.kind === "gap") {
              perform(hub, { kind: "says" });
              perform(hub, { kind: "prompt", id: "l1" });
              perform(hub, { kind: "consume", id: "l2" });
              perform(hub, { kind: "done", id: "l3" });
              hub.takeEvents();
              state = applySyncEvent(state, {
                type: "connection-changed",
                data: { status: "connected", subscriptionId: "x", resume: "gap" },
              });
              state = catchUp(hub, state, limit);
            } else if (step.kind === "older") {
              const oldest = windowOf(state).oldest;
              if (oldest && windowOf(state).hasOlder)
                state = applyPage(state, modelSession, hub.page(limit, { before: oldest }), { before: oldest });
            } else {
              state = applyAll(state, events);
              if (step.kind === "twice") state = applyAll(state, events);
            }
            if (windowOf(state).stale) state = catchUp(hub, state, limit);
          }
          expectTruth(hub, windowOf(state));
        },
      ),
      { numRuns: 400 },
    );
  });

  test("events that arrive while a page is on its way are applied again after it", () => {
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 20 }),
        fc.array(act, { maxLength: 10 }),
        fc.array(act, { maxLength: 10 }),
        (before, early, late) => {
          const hub = createModelHub();
          for (const step of before) perform(hub, step);
          hub.takeEvents();
          let state = openWindow(emptySyncState, modelSession);
          for (const step of early) perform(hub, step);
          const page = hub.page(100);
          for (const step of late) perform(hub, step);
          const meanwhile = hub.takeEvents();
          state = applyAll(state, meanwhile);
          state = applyAll(applyPage(state, modelSession, page), meanwhile);
          expectTruth(hub, windowOf(state));
        },
      ),
      { numRuns: 300 },
    );
  });

  for (const [missed, limit] of [
    [1, 2],
    [5, 2],
  ] as const) {
    test(`a prompt that went on unheard is not shown as it was: ${missed} rows missed, pages of ${limit}`, () => {
      const hub = createModelHub();
      hub.agentSays("before");
      hub.prompt("l1");
      hub.consume("l1");
      hub.stage("l1", "started");
      for (let n = 0; n < 3; n++) hub.agentSays("after");
      hub.takeEvents();
      let state = catchUp(hub, openWindow(emptySyncState, modelSession), 100);
      hub.stage("l1", "done");
      for (let n = 0; n < missed; n++) hub.agentSays("unheard");
      state = applySyncEvent(state, { type: "connection-changed", data: { status: "connected", subscriptionId: "x", resume: "gap" } });
      state = catchUp(hub, state, limit);
      expectTruth(hub, windowOf(state));
      // And it is there again for who scrolls back.
      const before = windowOf(state).oldest;
      expect(windowOf(state).hasOlder && before).toBeTruthy();
      state = applyPage(state, modelSession, hub.page(100, { before: before! }), { before: before! });
      expect(windowOf(state).rows).toEqual(hub.placed());
    });
  }

  test("applying the same event again gives the same object", () => {
    const hub = createModelHub();
    hub.prompt("l1");
    hub.agentSays("x");
    hub.consume("l1");
    hub.stage("l1", "done");
    const events = hub.takeEvents();
    const once = applyAll(openWindow(emptySyncState, modelSession), events);
    expect(applyAll(once, events)).toBe(once);
  });
});

describe("live text", () => {
  const delta = (offset: number, text: string, more: object = {}): SyncEvent => ({
    type: "stream",
    sessionId: modelSession,
    itemId: "i",
    kind: "text",
    offset,
    delta: text,
    ...more,
  });
  const open = openWindow(emptySyncState, modelSession);
  const streamOf = (state: SyncState) => windowOf(state).streams.i;

  test("grows by offset, whatever is said twice", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.array(fc.tuple(fc.nat(40), fc.nat(40))), (text, cuts) => {
        let heard = 0;
        let state = open;
        for (const [a, b] of [...cuts, [0, text.length] as const]) {
          const from = Math.min(a, heard);
          const to = Math.min(text.length, from + b);
          state = applySyncEvent(state, delta(from, text.slice(from, to)));
          heard = Math.max(heard, to);
        }
        expect(streamOf(state)).toEqual({ itemId: "i", kind: "text", text, end: text.length, gap: false, done: false });
      }),
    );
  });

  test("a missed delta is marked and what follows is still shown", () => {
    const state = applyAll(open, [delta(0, "ab"), delta(5, "fg"), delta(7, "h")]);
    expect(streamOf(state)).toMatchObject({ text: "ab…fgh", gap: true });
    expect(streamOf(applySyncEvent(state, delta(0, "abcdefgh")))).toMatchObject({ text: "abcdefgh", gap: false });
  });

  test("goes when the stored item, or the end of the turn, arrives", () => {
    const streaming = applyAll(open, [delta(0, "ab"), delta(0, "sub", { itemId: "j", parent: "task" })]);
    const row = (content: unknown, id: string): SyncEvent => ({
      type: "message-received",
      sessionId: modelSession,
      message: { id, seq: 1, localId: null, createdAt: 1, content: { role: "agent", content } },
    });
    const stored = applySyncEvent(streaming, row({ type: "codex", data: { type: "message", id: "i", message: "ab" } }, "m"));
    expect(Object.keys(windowOf(stored).streams)).toEqual(["j"]);
    const ended = applySyncEvent(streaming, row({ type: "event", id: "e", data: { type: "ready" } }, "m"));
    expect(Object.keys(windowOf(ended).streams)).toEqual(["j"]);
  });
});

test("an uncertain prompt that is sent again begins anew: its next stage is heard", () => {
  const row = {
    id: "m",
    seq: 1,
    localId: "l1",
    content: {},
    createdAt: 1,
    invokedAt: null,
    stage: "unknown" as const,
    deliveryState: "indeterminate",
  };
  const forSession = { sessionId: modelSession };
  const stageAfter = (...events: SyncEvent[]): unknown[] => {
    const [prompt] = windowOf(applyAll(openWindow(emptySyncState, modelSession), events)).queued;
    return [prompt?.stage, prompt?.deliveryState, prompt?.stageDetail];
  };
  const uncertain: SyncEvent[] = [
    { ...forSession, type: "message-received", message: { ...row, stageDetail: { message: "the agent died" } } },
    { ...forSession, type: "messages-requeued", localIds: ["l1"] },
  ];
  expect(stageAfter(...uncertain)).toEqual(["accepted", undefined, undefined]);
  expect(stageAfter(...uncertain, { ...forSession, type: "message-stage", localId: "l1", stage: "handed", at: 2 })[0]).toBe("handed");
});
