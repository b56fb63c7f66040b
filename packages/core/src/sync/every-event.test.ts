/**
 * Applying events equals reading afresh, for every type of event there is. A small hub changes by chance and says so; what a client holds after
 * each event, and after reading again only what it itself asks for, is what somebody sees who just came.
 */
import { expect, test } from "bun:test";
import { type Machine, type Session, type SyncEvent, type SyncEventType, syncEventSchema } from "@hapi/protocol";
import fc from "fast-check";
import { sessionSummary } from "../summary.ts";
import { applyPage, applySyncEvent, openWindow } from "./apply-event.ts";
import { createModelHub, modelSession } from "./model-hub.case.ts";
import { plainSession } from "./session.case.ts";
import { withList, withMachines, withSession } from "./sessions.ts";
import { emptySyncState, type SyncState } from "./state.ts";

const OTHER = "s2";

const machine = (id: string, active: boolean): Machine => ({
  id,
  namespace: "default",
  seq: 1,
  createdAt: 1,
  updatedAt: 1,
  active,
  activeAt: 1,
  metadata: null,
  metadataVersion: 1,
  runnerState: null,
  runnerStateVersion: 1,
});

/** The messages' model, and around it sessions, machines and what is only said. */
function createWholeHub() {
  const messages = createModelHub();
  const sessions = new Map<string, Session>([[modelSession, plainSession({ id: modelSession })]]);
  const machines = new Map<string, Machine>();
  let time = 10_000;
  let said: SyncEvent[] = [];
  const say = (event: SyncEvent): void => void said.push(event);
  const change = (id: string, patch: Partial<Session>): void => {
    const known = sessions.get(id);
    if (known) sessions.set(id, { ...known, ...patch });
  };

  const acts: Record<SyncEventType, (n: number) => void> = {
    "connection-changed": (n) =>
      say({ type: "connection-changed", data: { status: "connected", subscriptionId: "x", resume: n % 2 === 0 ? "ok" : "gap" } }),
    "session-added"() {
      if (sessions.has(OTHER)) return;
      sessions.set(OTHER, plainSession({ id: OTHER }));
      say({ type: "session-added", sessionId: OTHER, data: plainSession({ id: OTHER }) });
    },
    "session-updated"(n) {
      time += 1;
      const thinking = n % 2 === 0;
      change(modelSession, { thinking, updatedAt: time });
      say({ type: "session-updated", sessionId: modelSession, data: { thinking, updatedAt: time } });
    },
    "session-removed"() {
      if (sessions.delete(OTHER)) say({ type: "session-removed", sessionId: OTHER });
    },
    "session-ended"() {
      change(modelSession, { active: false, thinking: false });
      say({ type: "session-ended", sessionId: modelSession });
    },
    "session-outcome"(n) {
      time += 1;
      const lastTurn = { outcome: n % 2 === 0 ? ("failed" as const) : ("completed" as const), at: time, localId: null };
      const { seenAt } = sessions.get(modelSession) ?? {};
      const next = n % 3 === 0 ? { lastTurn } : { lastTurn, seenAt: (seenAt ?? 0) + n };
      const { seenAt: _before, ...rest } = sessions.get(modelSession) ?? plainSession({ id: modelSession });
      sessions.set(modelSession, { ...rest, ...next });
      say({ type: "session-outcome", sessionId: modelSession, ...next });
    },
    "message-received": () => messages.agentSays("words"),
    "messages-consumed": (n) => messages.consume(`l${n % 4}`),
    "messages-indeterminate": (n) => messages.indeterminate(`l${n % 4}`),
    "messages-requeued": (n) => messages.requeue(`l${n % 4}`),
    "message-cancelled": (n) => messages.cancel(`l${n % 4}`),
    "messages-invalidated": () => messages.rewrite(),
    "message-stage": (n) => messages.stage(`l${n % 4}`, n % 2 === 0 ? "started" : "done"),
    "prompts-waiting": (n) => messages.waits(`l${n % 4}`),
    "scheduled-matured": () => say({ type: "scheduled-matured", sessionId: modelSession }),
    "machine-updated"(n) {
      const id = `m${n % 2}`;
      const next = machine(id, n % 3 !== 0);
      machines.set(id, next);
      say({ type: "machine-updated", machineId: id, data: next });
    },
    toast: () => say({ type: "toast", data: { title: "t", body: "b", sessionId: modelSession, url: "/" } }),
    heartbeat: () => say({ type: "heartbeat", data: { timestamp: time } }),
    stream: () => say({ type: "stream", sessionId: modelSession, itemId: "i", kind: "text", offset: 0, delta: "live" }),
    facts: () => say({ type: "facts", sessionId: modelSession, place: 1, at: 1, seq: 1, facts: [{ kind: "turn-started" }] }),
    "caught-up": () => say({ type: "caught-up" }),
    "sign-in": () => say({ type: "sign-in", data: { kind: "failed", at: 1, from: "203.0.113.1" } }),
  };

  return {
    acts,
    prompt: (n: number) => messages.prompt(`l${n % 4}`),
    takeEvents(): SyncEvent[] {
      const events = [...messages.takeEvents(), ...said];
      said = [];
      // A new row is news of its session; no event of its own says so.
      for (const event of events) {
        if (event.type !== "message-received") continue;
        const { localId, invokedAt, createdAt } = event.message;
        const at = localId === null ? (invokedAt ?? createdAt) : createdAt;
        change(modelSession, { updatedAt: Math.max(at, sessions.get(modelSession)?.updatedAt ?? 0) });
      }
      return events;
    },
    /** Reads what `wants` says, into it. */
    read(into: SyncState, wants: SyncState): SyncState {
      let state = into;
      if (wants.refetch.list)
        state = withList(
          state,
          [...sessions.values()].map((one) => sessionSummary(one)),
        );
      if (wants.refetch.machines) state = withMachines(state, [...machines.values()]);
      for (const id of Object.keys(wants.refetch.sessions)) {
        const found = sessions.get(id);
        if (found) state = withSession(state, found);
      }
      if (wants.windows[modelSession]?.stale !== false) state = applyPage(state, modelSession, messages.page(1_000));
      return state;
    },
  };
}

/** Live text is nobody's who comes later. */
function shown(state: SyncState): unknown {
  const window = state.windows[modelSession];
  return {
    sessions: state.sessions,
    summaries: state.summaries,
    machines: state.machines,
    window: window && { rows: window.rows, queued: window.queued, stale: window.stale, hasOlder: window.hasOlder },
  };
}

type Step = { type: SyncEventType; n: number };

/** Steps in an order in which every act has something to change: what chance leaves out is tried all the same. */
const EVERY_ACT: Step[] = (
  [
    ["connection-changed", 0],
    ["heartbeat", 0],
    ["toast", 0],
    ["stream", 0],
    ["caught-up", 0],
    ["sign-in", 0],
    ["facts", 0],
    ["scheduled-matured", 0],
    ["machine-updated", 1],
    ["session-added", 0],
    ["session-removed", 0],
    ["session-updated", 0],
    ["message-received", 0],
    ["prompts-waiting", 0],
    ["messages-indeterminate", 0],
    ["messages-requeued", 0],
    ["messages-consumed", 0],
    ["message-stage", 0],
    ["message-cancelled", 1],
    ["messages-invalidated", 0],
    ["session-ended", 0],
  ] as const
).map(([type, n]) => ({ type, n }));

test("applying events equals reading afresh, for every type of event", () => {
  const types = syncEventSchema.def.options.map((option) => option.def.shape.type.def.values[0] as SyncEventType);
  const heard = new Set<SyncEventType>();
  const wantAll = {
    ...openWindow(emptySyncState, modelSession),
    refetch: { list: true, machines: true, sessions: { [modelSession]: true, [OTHER]: true } },
  } as const;
  const step = fc.record({ type: fc.constantFrom(...types), n: fc.nat(11) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps: Step[]) => {
      const hub = createWholeHub();
      for (const n of [0, 1, 2, 3]) hub.prompt(n);
      hub.takeEvents();
      let state = hub.read(openWindow(emptySyncState, modelSession), wantAll);
      for (const { type, n } of steps) {
        hub.acts[type](n);
        for (const event of hub.takeEvents()) {
          heard.add(event.type);
          state = applySyncEvent(state, event);
        }
        state = hub.read(state, state);
        const fresh = hub.read(openWindow(emptySyncState, modelSession), wantAll);
        const known = { ...fresh, sessions: Object.fromEntries(Object.entries(fresh.sessions).filter(([id]) => state.sessions[id])) };
        expect(shown(state)).toEqual(shown(known));
      }
    }),
    { numRuns: 300, examples: [[EVERY_ACT]] },
  );
  // A type that nobody tries here is a type that nobody knows to be true.
  expect([...heard].toSorted()).toEqual(types.toSorted());
});
