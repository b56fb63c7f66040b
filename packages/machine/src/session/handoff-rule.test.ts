import { expect, test } from "bun:test";
import { BOUNDARY_WAIT_MS, decideHandoff, type HandoffSituation, type HandoffWish, QUIET_KEYBOARD_MS } from "./handoff-rule.ts";

const wish: HandoffWish = { to: "remote", since: 100_000, by: "prompt", now: false };
const idle: HandoffSituation = { now: 100_000, running: "local", busy: false, lastTypedAt: null };

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
