import { expect, test } from "bun:test";
import { createTimeline, type TimelineRequest } from "@hapi/core";
import { requests } from "../gallery/script.ts";
import { commandOf } from "../tools/body.model.ts";
import {
  answersOf,
  askable,
  choose,
  chooseOther,
  EMPTY_ANSWER,
  isComplete,
  modesAfterPlan,
  noteOf,
  wishOf,
  closedWords,
  readQuestionDrafts,
  serverAsks,
} from "./request.model.ts";
import { acceptsTap, GUARD_MS } from "./tap-guard.ts";

const open = createTimeline().update({ messages: [], agentState: { requests }, root: "/home/ada/shop" }).requests;
const request = (id: string): TimelineRequest => {
  const found = open.find((each) => each.id === id);
  if (!found) throw new Error(`no request ${id}`);
  return found;
};

test("each kind of call has its own sentence", () => {
  expect(wishOf(request("run"), "~/shop")).toBe("commandIn");
  expect(wishOf(request("run"), "")).toBe("command");
  expect(wishOf(request("edit"), "~/shop")).toBe("edit");
  expect(wishOf(request("strange"), "~/shop")).toBe("tool");
  expect(wishOf({ ...request("edit"), diffs: [{ path: "a", oldText: null, newText: "b" }] }, "")).toBe("create");
});

test("a command is a command whatever its tool is called, and is not said twice", () => {
  const run = { ...request("run"), tool: "shell_v9", toolKind: "other" as const };
  expect(wishOf(run, "~/shop")).toBe("commandIn");
  expect(noteOf({ ...run, title: "git push" })).toBe("git push");
  expect(noteOf({ ...run, title: String(commandOf(run.input)) })).toBeNull();
  expect(noteOf({ ...request("edit"), title: "Edit src/total.ts" })).toBeNull();
  expect(noteOf(request("strange"))).toBe("Refund order 4711");
});

test("answers are keyed by question and keep the order in which they were offered", () => {
  const { questions } = request("ask");
  const one = choose(EMPTY_ANSWER, "Half even", false);
  let many = choose(choose(EMPTY_ANSWER, "Reports", true), "Invoices", true);
  expect(isComplete(questions, { "0": one })).toBe(false);
  expect(answersOf(questions, { "0": one, "1": many })).toEqual({ "0": ["Half even"], "1": ["Invoices", "Reports"] });
  many = { ...chooseOther(choose(many, "Reports", true), true), text: "  Tax forms " };
  expect(answersOf(questions, { "0": one, "1": many })).toEqual({ "0": ["Half even"], "1": ["Invoices", "Tax forms"] });
});

test("half an answer that was kept is read back; what is no answer is nothing", () => {
  const draft = { chosen: ["Blue"], text: "or green", other: true };
  expect(readQuestionDrafts(JSON.parse(JSON.stringify({ "0": draft })))).toEqual({ "0": draft });
  expect(readQuestionDrafts({ "0": { chosen: "Blue" }, "1": 7 })).toEqual({});
  for (const nothing of [null, "words", 3, []]) expect(readQuestionDrafts(nothing)).toBeNull();
});

test("with one choice, own words and an option exclude each other", () => {
  const { questions } = request("ask");
  const own = { ...chooseOther(choose(EMPTY_ANSWER, "Half up", false), false), text: "Down" };
  expect(answersOf(questions.slice(0, 1), { "0": own })).toEqual({ "0": ["Down"] });
  expect(answersOf(questions.slice(0, 1), { "0": choose(own, "Half up", false) })).toEqual({ "0": ["Half up"] });
  expect(isComplete(questions.slice(0, 1), { "0": { ...own, text: " " } })).toBe(false);
});

test("what may be left out is no reason to wait, and is not said as empty", () => {
  const [first, ...rest] = request("ask").questions;
  if (!first) throw new Error("there is no question");
  const asked = [first, ...rest.map((question) => ({ ...question, isOptional: true as const }))];
  const one = { "0": choose(EMPTY_ANSWER, "Half up", false) };
  expect([isComplete(asked, {}), isComplete(asked, one)]).toEqual([false, true]);
  expect(answersOf(asked, one)).toEqual({ "0": ["Half up"] });
});

test("an MCP server is not taken for the agent, and says once what it is about", () => {
  const { questions } = request("ask");
  const asked = (input: unknown) => serverAsks({ input, questions });
  expect(asked({ server: "shop", message: "Before I deploy" })).toEqual({ server: "shop", about: "Before I deploy" });
  expect(asked({ server: "shop", message: questions[0]?.question })).toEqual({ server: "shop", about: null });
  for (const input of [{}, null, "words", { server: 7, message: [] }]) expect(asked(input)).toEqual({ server: null, about: null });
});

test("a question nobody can read still takes words", () => {
  const strange = { ...request("ask"), questions: [] };
  expect(askable(strange)).toHaveLength(1);
  expect(answersOf(askable(strange), { "0": { ...EMPTY_ANSWER, text: "yes" } })).toEqual({ "0": ["yes"] });
});

test("who answers too late is told what happened, and where", () => {
  expect(closedWords({ outcome: "approved", by: "terminal" })).toBe("request.closed.approved.terminal");
  expect(closedWords({ outcome: "denied", by: "person" })).toBe("request.closed.denied");
  expect(closedWords({ outcome: "sent", by: "person" })).toBe("request.closed.sent");
  expect(closedWords({ outcome: "canceled" })).toBe("request.closed.over");
  expect(closedWords({ outcome: null })).toBe("request.closed.over");
});

test("planning is no mode to go on with", () => {
  expect(modesAfterPlan(["default", "plan", "acceptEdits"])).toEqual(["default", "acceptEdits"]);
});

test("a tap right after the card appeared or the list moved does nothing; keys only wait for the card", () => {
  const calm = { now: 10_000, appearedAt: 0, scrolledAt: 0, pointer: true };
  expect(acceptsTap(calm)).toBe(true);
  expect(acceptsTap({ ...calm, appearedAt: 10_000 - GUARD_MS + 1 })).toBe(false);
  expect(acceptsTap({ ...calm, scrolledAt: 10_000 - GUARD_MS + 1 })).toBe(false);
  expect(acceptsTap({ ...calm, scrolledAt: 9_999, pointer: false })).toBe(true);
  expect(acceptsTap({ ...calm, appearedAt: 9_999, pointer: false })).toBe(false);
});
