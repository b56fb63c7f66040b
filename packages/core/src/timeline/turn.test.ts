import { expect, test } from "bun:test";
import type { AgentEvent, TokenUsage } from "@hapi/protocol";
import { NO_TURN, TURN_OVER, type Turn, turnAfter, turnEndItem, withContext, withWindow } from "./turn.ts";

const usage = (more: Partial<TokenUsage> = {}): TokenUsage => ({
  inputTokens: 1,
  outputTokens: 2,
  cacheReadTokens: 3,
  cacheCreationTokens: 4,
  ...more,
});
const after = (turn: Turn, ...events: AgentEvent[]): Turn => events.reduce((so, event, at) => turnAfter(so, event, at + 1), turn);
const said = (text: string): AgentEvent => ({ type: "agent-message", id: text, text });
const entry = { id: "1", content: "a", status: "pending", priority: "medium" } as const;

test("work begins a turn; a prompt, tokens and the end of a plan do not", () => {
  expect(after(NO_TURN, said("a")).running).toBe(true);
  expect(after(NO_TURN, { type: "plan", id: "p", entries: [entry] }).running).toBe(true);
  expect(after(NO_TURN, { type: "plan", id: "p", entries: [] }).running).toBe(false);
  expect(after(NO_TURN, { type: "usage", id: "u", usage: usage() }).running).toBe(false);
  expect(after(NO_TURN, { type: "user-message", id: "m", text: "x", origin: "remote" }).running).toBe(false);
});

test("an end stays open for another word on it until somebody does something", () => {
  expect(TURN_OVER).toMatchObject({ running: false, isEndOpen: true });
  expect(after(TURN_OVER, { type: "usage", id: "u", usage: usage() }).isEndOpen).toBe(true);
  expect(after(TURN_OVER, { type: "plan", id: "p", entries: [] }).isEndOpen).toBe(true);
  expect(after(TURN_OVER, said("a")).isEndOpen).toBe(false);
  expect(after(TURN_OVER, { type: "user-message", id: "m", text: "x", origin: "remote" }).isEndOpen).toBe(false);
});

test("the end says how long it took and what its requests came to, where it does not say so itself", () => {
  const cost = { type: "usage", id: "u", usage: usage({ costUsd: 1 }) } as const;
  const turn = after(NO_TURN, { type: "turn-started", id: "s" }, cost, { ...cost, usage: usage({ contextTokens: 9 }) });
  const end = turnEndItem({ type: "turn-ended", id: "e", outcome: "completed" }, 11, { turn, before: null });
  expect(end).toEqual({
    type: "turn-end",
    key: "turn-end:e",
    at: 11,
    outcome: "completed",
    durationMs: 10,
    usage: { inputTokens: 2, outputTokens: 4, cacheReadTokens: 6, cacheCreationTokens: 8, costUsd: 1, contextTokens: 9 },
    failure: null,
  });
  const told = { type: "turn-ended", id: "e", outcome: "completed", durationMs: 3, usage: usage() } as const;
  expect(turnEndItem(told, 11, { turn, before: null })).toMatchObject({ durationMs: 3, usage: usage() });
  expect(turnEndItem(told, 0, { turn: { ...turn, startedAt: 5 }, before: null }).durationMs).toBe(3);
});

test("two words on one end: the worse outcome, and what either knows", () => {
  const failure = { code: "network", message: "gone", retryable: true } as const;
  const first = turnEndItem({ type: "turn-ended", id: "a", outcome: "failed", failure, durationMs: 7 }, 1, { turn: NO_TURN, before: null });
  const second = turnEndItem({ type: "turn-ended", id: "b", outcome: "completed", usage: usage() }, 2, { turn: TURN_OVER, before: first });
  expect(second).toEqual({ ...first, usage: usage() });
  const worse = turnEndItem({ type: "turn-ended", id: "c", outcome: "interrupted" }, 3, {
    turn: TURN_OVER,
    before: { ...first, outcome: "completed", failure: null },
  });
  expect(worse).toMatchObject({ key: "turn-end:a", at: 1, outcome: "interrupted", durationMs: 7 });
});

test("the window stays known; a turn's end says what the context holds, or how much fits where something is known", () => {
  expect(withWindow(usage(), usage({ contextWindow: 200 }))).toEqual(usage({ contextWindow: 200 }));
  expect(withWindow(usage({ contextWindow: 1_000 }), usage({ contextWindow: 200 }))).toEqual(usage({ contextWindow: 1_000 }));
  expect(withWindow(usage(), null)).toEqual(usage());
  const known = usage({ contextTokens: 50, contextWindow: 200 });
  expect(withContext(known, usage({ inputTokens: 99 }))).toBe(known);
  expect(withContext(known, usage({ inputTokens: 99, contextTokens: 60 }))).toEqual({ ...known, contextTokens: 60 });
  expect(withContext(known, usage({ inputTokens: 99, contextWindow: 300 }))).toEqual({ ...known, contextWindow: 300 });
  expect(withContext(null, usage({ contextWindow: 300 }))).toBeNull();
  expect(withContext(null, usage({ contextTokens: 5 }))).toEqual(usage({ contextTokens: 5 }));
});
