import { describe, expect, test } from "bun:test";
import { type Control, handoffState, isHeldByPerson, newControl, nextStep, type Situation } from "./handoff-steps.ts";
import type { PromptEntry } from "./ledger-state.ts";

const prompt = (localId: string): PromptEntry => ({
  localId,
  messageId: localId,
  seq: 1,
  at: 0,
  text: "words",
  attachments: [],
  stage: "queued",
  row: "queued",
  wish: "run",
  stageAt: 0,
});
const control = (more: Partial<Control> = {}): Control => ({ ...newControl("remote"), ...more });
const situation = (more: Partial<Situation> = {}): Situation => ({
  now: 100_000,
  running: "remote",
  busy: false,
  isGiven: false,
  background: 0,
  remoteWhileLocal: "switch",
  isHanding: false,
  isQueueHeld: false,
  next: prompt("p1"),
  waiting: ["p1"],
  viewers: 1,
  ...more,
});
const byPrompt = { to: "remote", since: 0, by: "prompt", now: false } as const;
const byPerson = { to: "local", since: 100_000, by: "person", now: false } as const;

describe("what happens next with the queue", () => {
  test("a prompt is handed to an agent that is free, or is parked", () => {
    expect(nextStep(control(), situation())).toMatchObject({ do: "hand", prompt: { localId: "p1" } });
    expect(nextStep(control(), situation({ running: null, busy: true }))).toMatchObject({ do: "hand" });
  });

  test.each([
    ["while the agent works", control(), { busy: true }],
    ["while another one is handed", control(), { isHanding: true }],
    ["while a failed turn goes first", control(), { isQueueHeld: true }],
    ["while the session moves", control({ isSwitching: true }), {}],
    ["where nothing waits", control(), { next: null, waiting: [] }],
    [
      "in a terminal that only reads along",
      control({ front: "local" }),
      { running: "local" as const, remoteWhileLocal: "read-only" as const },
    ],
  ])("nothing happens %s", (_, at, more) => {
    expect(nextStep(at, situation(more))).toEqual({ do: "nothing" });
  });

  test("after a failed start it waits for its time", () => {
    expect(nextStep(control({ pausedUntil: 100_001 }), situation())).toEqual({ do: "pause", until: 100_001 });
    expect(nextStep(control({ pausedUntil: 100_000 }), situation())).toMatchObject({ do: "hand" });
  });

  test("in the terminal it wants the session remote, and waits as long as a person holds it", () => {
    const held = { prompts: new Set(["p1"]), since: 5 };
    expect(nextStep(control({ front: "local" }), situation({ running: "local" }))).toEqual({ do: "wish" });
    expect(nextStep(control({ front: "local", held }), situation({ running: "local" }))).toEqual({ do: "hold" });
  });
});

describe("what happens next with a wish", () => {
  test("where it is fulfilled already, it is settled", () => {
    expect(nextStep(control({ wish: byPrompt }), situation())).toEqual({ do: "settle" });
  });

  test("a turn, and a prompt that the agent has and has not begun, are waited for", () => {
    const at = control({ wish: byPerson });
    expect(nextStep(at, situation({ busy: true }))).toMatchObject({ do: "wait", decision: { for: "turn" } });
    expect(nextStep(at, situation({ isGiven: true }))).toMatchObject({ do: "wait", decision: { for: "turn" } });
    expect(nextStep(at, situation())).toEqual({ do: "move", to: "local", interrupt: false });
  });

  test("what would end with the agent is the person's to say; unsaid for long, the wish is dropped", () => {
    const at = control({ wish: byPerson });
    expect(nextStep(at, situation({ background: 1 }))).toMatchObject({ do: "wait", decision: { for: "background" } });
    expect(nextStep(at, situation({ background: 1, now: 200_000 }))).toEqual({ do: "drop" });
  });
});

describe("who holds the queue", () => {
  const held = control({ front: "local", held: { prompts: new Set(["p1"]), since: 5 } });

  test("a person at the terminal, until a newer prompt comes or nobody sits there", () => {
    expect(isHeldByPerson(held, { waiting: ["p1"], viewers: 1 })).toBe(true);
    expect(isHeldByPerson(held, { waiting: ["p1", "p2"], viewers: 1 })).toBe(false);
    expect(isHeldByPerson(held, { waiting: ["p1"], viewers: 0 })).toBe(false);
    expect(isHeldByPerson(held, { waiting: [], viewers: 1 })).toBe(false);
  });

  test("is shown, unless something else goes on", () => {
    const at = { waiting: ["p1"], viewers: 1 };
    expect(handoffState(held, at)).toEqual({ state: "held", since: 5 });
    expect(handoffState({ ...held, isSwitching: true }, at)).toEqual({ state: "switching" });
    expect(handoffState({ ...held, wish: byPrompt, waits: { kind: "wait", for: "keyboard", checkAt: 7 } }, at)).toEqual({
      state: "draining",
      to: "remote",
      waitsFor: "keyboard",
      since: 0,
    });
    expect(handoffState({ ...held, held: null }, at)).toEqual({ state: "local" });
  });
});
