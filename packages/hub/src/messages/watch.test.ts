/** A prompt that waits for nothing is poked, and where that does not help, said. */
import { expect, test } from "bun:test";
import { type QueuedPromptFacts, SILENT_AFTER_MS } from "@hapi/core";
import { silentLogger } from "@hapi/platform";
import type { Session } from "@hapi/protocol";
import { createManualClock } from "@hapi/testkit";
import { createBus } from "../events/bus.ts";
import { alarmAfterMs, PromptWatch, repairAfterMs } from "./watch.ts";

const living = {
  active: true,
  archived: false,
  ended: false,
  tellsGiven: true,
  starting: false,
  thinking: false,
  agentState: null,
  readOnlyWhileLocal: false,
};

function watched() {
  const clock = createManualClock(1_000_000);
  let heardAt: number | null = null;
  // It gives a sign of life all the time, unless a test silences it.
  const session = { id: "s", namespace: "n", active: true, metadata: null } as unknown as Session;
  Object.defineProperty(session, "activeAt", { get: () => heardAt ?? clock.now() });
  const facts: ReturnType<Awaited<ReturnType<ConstructorParameters<typeof PromptWatch>[0]["facts"]>>> = {
    session: living,
    connected: true,
    unconfirmed: false,
    diskFull: false,
    start: null,
    machine: "ready",
  };
  const rows: { localId: string; acceptedAt: number; scheduledAt: null; wakes: boolean }[] = [];
  const handed: { localId: string; acceptedAt: number; scheduledAt: null; wakes: boolean; handedAt: number }[] = [];
  const alarms: unknown[] = [];
  const warned: string[] = [];
  const repairs: number[] = [];
  const watch = new PromptWatch({
    store: {
      waitingRows: async () => rows,
      handedRows: async (_, until) => handed.filter((row) => row.handedAt <= until),
      sessionsWithQueue: async () => (rows.length + handed.length > 0 ? ["s"] : []),
    },
    session: async () => session,
    facts: async () => () => facts,
    repair: () => void repairs.push(clock.now()),
    lookAgain: () => undefined,
    bus: createBus(silentLogger),
    clock,
    log: { ...silentLogger, warn: (event) => void warned.push(event), error: (event, fields) => void alarms.push([event, fields]) },
  });
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 1_000) await clock.advance(1_000);
  };
  const silence = (): void => {
    heardAt = clock.now();
  };
  return { watch, clock, facts, rows, handed, alarms, warned, repairs, pass, silence };
}

const prompt = (acceptedAt: number) => ({ localId: "p", acceptedAt, scheduledAt: null, wakes: true });

test("first what should move is poked, then there is one alarm", async () => {
  const { watch, clock, rows, alarms, repairs, pass } = watched();
  // Accepted long ago, by a hub before this one: that is no reason for an alarm.
  rows.push(prompt(1));
  watch.start();
  await pass(repairAfterMs - 2_000);
  expect([repairs.length, alarms.length]).toEqual([0, 0]);
  await pass(5_000);
  expect([repairs.length, alarms.length]).toEqual([1, 0]);
  await pass(2 * alarmAfterMs);
  expect(alarms).toEqual([["prompt.waits_for_nothing", expect.objectContaining({ sessionId: "s", localIds: ["p"], active: true })]]);
  expect(repairs.length).toBeGreaterThan(3);
  expect(watch.waiting("n")).toMatchObject({ alarms: 1, prompts: [{ localId: "p", waiting: { for: "nothing" } }] });
  expect(watch.waiting("other").prompts).toEqual([]);
  rows.splice(0);
  await clock.advance(6_000);
  expect(watch.waiting("n").prompts).toEqual([]);
  watch.stop();
});

test("the repair helped: no alarm, and the reason that holds now has a beginning of its own", async () => {
  const { watch, facts, rows, alarms, repairs, pass, clock } = watched();
  rows.push(prompt(clock.now()));
  watch.start();
  await pass(repairAfterMs + 4_000);
  expect(repairs.length).toBeGreaterThan(0);
  facts.session = { ...living, thinking: true } satisfies QueuedPromptFacts["session"];
  await pass(3 * alarmAfterMs);
  expect(alarms).toEqual([]);
  const [known] = watch.waiting("n").prompts;
  expect(known?.waiting.for).toBe("turn");
  expect(known?.waiting.since).toBeGreaterThan(1_000_000 + repairAfterMs);
  watch.stop();
});

test("a clock that is set back or ahead raises no alarm for what waits for something", async () => {
  const { watch, facts, rows, alarms, pass, clock } = watched();
  facts.connected = false;
  rows.push(prompt(clock.now()));
  watch.start();
  await pass(10_000);
  await clock.advance(24 * 3600_000);
  await pass(10_000);
  expect(alarms).toEqual([]);
  expect(watch.waiting("n").prompts[0]?.waiting.for).toBe("connection");
  watch.stop();
});

test("a session of which nothing is heard any more is not poked: its line or its lease ends that", async () => {
  const { watch, rows, alarms, repairs, pass, clock, silence } = watched();
  silence();
  rows.push(prompt(clock.now()));
  watch.start();
  await pass(3 * alarmAfterMs);
  expect([repairs, alarms]).toEqual([[], []]);
  watch.stop();
});

test("what an agent has and does not begin with is told, since when; where its session knows nothing of it that is an alarm", async () => {
  const { watch, clock, handed, facts, alarms, pass } = watched();
  handed.push({ ...prompt(clock.now()), handedAt: clock.now() });
  const given = { for: "uptake", since: clock.now(), localIds: ["p"] };
  facts.session = { ...living, agentState: { given } };
  watch.start();
  await pass(4_000);
  // It begins in a moment, as a rule.
  expect(watch.waiting("n").prompts).toEqual([]);
  await pass(6_000);
  expect(watch.waiting("n").prompts).toMatchObject([{ localId: "p", waiting: { for: "uptake", since: given.since } }]);
  await pass(3 * alarmAfterMs);
  expect(alarms).toEqual([]);
  facts.session = living;
  await pass(2 * alarmAfterMs);
  expect(alarms).toMatchObject([["prompt.waits_for_nothing", { localIds: ["p"] }]]);
  handed.splice(0);
  await pass(6_000);
  expect(watch.waiting("n").prompts).toEqual([]);
  watch.stop();
});

test("what an agent has and says nothing of is told as that after minutes, once in the log, until it begins", async () => {
  const { watch, clock, handed, facts, alarms, warned, pass } = watched();
  handed.push({ ...prompt(clock.now()), handedAt: clock.now() });
  const given = { for: "uptake", since: clock.now(), localIds: ["p"] };
  facts.session = { ...living, thinking: true, agentState: { given } };
  watch.start();
  await pass(SILENT_AFTER_MS - 5_000);
  expect([watch.waiting("n").prompts[0]?.waiting.for, warned]).toEqual(["uptake", []]);
  await pass(30_000);
  expect(watch.waiting("n").prompts).toMatchObject([{ localId: "p", waiting: { for: "silence", since: given.since } }]);
  expect([warned, alarms]).toEqual([["prompt.agent_silent"], []]);
  handed.splice(0);
  await pass(6_000);
  expect(watch.waiting("n").prompts).toEqual([]);
  watch.stop();
});
