import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  BACKGROUND_ANSWER_MS,
  BOUNDARY_WAIT_MS,
  decideHandoff,
  type HandoffSituation,
  type HandoffWish,
  QUIET_KEYBOARD_MS,
} from "./handoff.ts";

const wish: HandoffWish = { to: "remote", since: 100_000, by: "prompt", now: false };
const idle: HandoffSituation = { now: 100_000, running: "local", busy: false, background: 0, lastTypedAt: null };

test("an idle terminal is handed over at once; a parked agent too", () => {
  expect(decideHandoff(wish, idle)).toEqual({ kind: "go", interrupt: false });
  expect(decideHandoff(wish, { ...idle, running: null, busy: true })).toEqual({ kind: "go", interrupt: false });
});

test("a prompt waits for the end of the turn, however long, and for a quiet keyboard", () => {
  expect(decideHandoff(wish, { ...idle, busy: true, now: 100_000 + 60 * 60_000 })).toEqual({ kind: "wait", for: "turn", checkAt: null });
  const typing = { ...idle, lastTypedAt: 99_000 };
  expect(decideHandoff(wish, typing)).toEqual({ kind: "wait", for: "keyboard", checkAt: 99_000 + QUIET_KEYBOARD_MS });
  expect(decideHandoff(wish, { ...typing, now: 99_000 + QUIET_KEYBOARD_MS })).toEqual({ kind: "go", interrupt: false });
});

test("a person waits ten seconds at most, and not for the keyboard; now means now", () => {
  const person: HandoffWish = { ...wish, by: "person" };
  const busy = { ...idle, busy: true };
  expect(decideHandoff(person, busy)).toEqual({ kind: "wait", for: "turn", checkAt: 100_000 + BOUNDARY_WAIT_MS });
  expect(decideHandoff(person, { ...busy, now: 100_000 + BOUNDARY_WAIT_MS })).toEqual({ kind: "go", interrupt: true });
  expect(decideHandoff(person, { ...idle, lastTypedAt: 100_000 })).toEqual({ kind: "go", interrupt: false });
  expect(decideHandoff({ ...wish, now: true }, { ...busy, lastTypedAt: 100_000 })).toEqual({ kind: "go", interrupt: true });
});

test("what runs in the background is ended by nobody who was not told: a prompt waits, a person says now or lets it be", () => {
  const working = { ...idle, background: 1 };
  expect(decideHandoff(wish, { ...working, now: 100_000 + 60 * 60_000 })).toEqual({ kind: "wait", for: "background", checkAt: null });
  const person: HandoffWish = { ...wish, by: "person", to: "local" };
  const until = 100_000 + BACKGROUND_ANSWER_MS;
  expect(decideHandoff(person, working)).toEqual({ kind: "wait", for: "background", checkAt: until });
  expect(decideHandoff(person, { ...working, busy: true, now: 100_000 + BOUNDARY_WAIT_MS })).toEqual({
    kind: "wait",
    for: "background",
    checkAt: until,
  });
  expect(decideHandoff(person, { ...working, now: until })).toEqual({ kind: "drop" });
  expect(decideHandoff({ ...person, now: true }, working)).toEqual({ kind: "go", interrupt: false });
  expect(decideHandoff(wish, { ...working, running: null })).toEqual({ kind: "go", interrupt: false });
});

const front = fc.constantFrom("local" as const, "remote" as const);
const anyWish = fc.record({
  to: front,
  since: fc.integer({ min: 0, max: 100_000 }),
  by: fc.constantFrom("prompt" as const, "person" as const),
  now: fc.boolean(),
});
const anySituation = fc.record({
  now: fc.integer({ min: 0, max: 200_000 }),
  running: fc.option(front),
  busy: fc.boolean(),
  background: fc.nat(2),
  lastTypedAt: fc.option(fc.integer({ min: 0, max: 200_000 })),
});

test("a prompt never interrupts by itself; waiting always names a moment or an event; what waits goes on once its moment is there", () => {
  fc.assert(
    fc.property(anyWish, anySituation, (some, situation) => {
      const decision = decideHandoff(some, situation);
      if (decision.kind === "go") {
        if (decision.interrupt) expect(some.now || (some.by === "person" && situation.now - some.since >= BOUNDARY_WAIT_MS)).toBe(true);
        return;
      }
      expect(situation.running).not.toBeNull();
      if (decision.kind === "drop") return expect(some.by === "person" && !some.now && situation.background > 0).toBe(true);
      if (decision.checkAt === null) return expect(["turn", "background"]).toContain(decision.for);
      expect(decision.checkAt).toBeGreaterThan(situation.now);
      const next = decideHandoff(some, { ...situation, now: decision.checkAt });
      // Once its moment is there it is over with, or a person is asked about the background.
      if (situation.background === 0) expect(next.kind).toBe("go");
      else
        expect(decision.for === "background" ? next.kind : next).toEqual(
          decision.for === "background" ? "drop" : expect.objectContaining({ for: "background" }),
        );
    }),
  );
});
