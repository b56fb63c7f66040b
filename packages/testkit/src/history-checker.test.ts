/** A checker that finds nothing is only worth something when it finds what was planted. */
import { expect, test } from "bun:test";
import { encodeEvent, promptContent } from "@hapi/core";
import type { PromptStage } from "@hapi/protocol";
import { checkHistory, type History, type HistoryRow } from "./history-checker.ts";

const said = (seq: number, text: string): HistoryRow => ({
  id: `r${seq}`,
  seq,
  localId: null,
  content: encodeEvent({ type: "agent-message", id: `a-${text}`, text }),
});
const prompt = (seq: number, localId: string, stage: PromptStage): HistoryRow => ({
  id: `r${seq}`,
  seq,
  localId,
  stage,
  content: promptContent({ text: `text ${localId}` }),
});

function sound(): History & { rows: HistoryRow[] } {
  return {
    rows: [prompt(1, "p1", "done"), said(2, "one"), said(3, "two"), prompt(4, "p2", "interrupted"), said(5, "three")],
    accepted: [
      { localId: "p1", text: "text p1" },
      { localId: "p2", text: "text p2" },
      { localId: "p3", text: "text p3", canceled: true },
    ],
    agent: { ran: ["text p1", "text p2"], said: ["one", "two", "three"] },
    stages: new Map([["p1", ["handed", "handed", "in-transcript", "started", "done"] satisfies PromptStage[]]]),
  };
}
const kinds = (history: History): string[] => checkHistory(history).map((violation) => violation.kind);

test("a sound history is sound", () => {
  expect(checkHistory(sound())).toEqual([]);
});

test("planted: acknowledged before it was stored, and then killed", () => {
  const history = sound();
  expect(kinds({ ...history, rows: history.rows.filter((row) => row.localId !== "p2") })).toEqual(["prompt-lost"]);
});

test("planted: a repeated key is stored again", () => {
  const history = sound();
  history.rows.push({ ...said(6, "three"), id: "r6" });
  expect(kinds(history)).toEqual(["event-doubled", "output-doubled"]);
});

test("planted: a read offset that is off by one, both ways", () => {
  const history = sound();
  expect(kinds({ ...history, rows: history.rows.filter((row) => row.seq !== 3) })).toEqual(["output-lost"]);
  const again = sound();
  again.rows.push({ ...said(6, "one"), content: encodeEvent({ type: "agent-message", id: "other", text: "one" }) });
  expect(kinds(again)).toEqual(["output-doubled", "output-out-of-order"]);
});

test("planted: a prompt of unknown fate is sent again by itself", () => {
  const history = sound();
  expect(kinds({ ...history, agent: { ...history.agent, ran: ["text p1", "text p2", "text p2"] } })).toEqual(["prompt-ran-twice"]);
});

test("planted: order, cancellation, stages that lie or run backwards, prompts that hang", () => {
  const swapped = sound();
  [swapped.rows[1], swapped.rows[2]] = [said(2, "two"), said(3, "one")];
  expect(kinds(swapped)).toEqual(["output-out-of-order"]);
  const history = sound();
  expect(kinds({ ...history, agent: { ...history.agent, ran: [...history.agent.ran, "text p3"] } })).toEqual(["prompt-ran-after-cancel"]);
  expect(kinds({ ...history, rows: [prompt(1, "p1", "unknown"), ...history.rows.slice(1)] })).toEqual(["stage-untrue"]);
  expect(kinds({ ...history, agent: { ...history.agent, ran: ["text p2"] } })).toEqual(["stage-untrue"]);
  expect(kinds({ ...history, rows: [prompt(1, "p1", "started"), ...history.rows.slice(1)] })).toEqual(["prompt-not-settled"]);
  expect(kinds({ ...history, running: ["p1"], rows: [prompt(1, "p1", "started"), ...history.rows.slice(1)] })).toEqual([]);
  expect(kinds({ ...history, stages: new Map([["p1", ["started", "handed"] satisfies PromptStage[]]]) })).toEqual(["stage-backwards"]);
  expect(kinds({ ...history, rows: history.rows.toReversed() })).toContain("seq-not-increasing");
});

test("planted: prompts that ran in another order than the hub took them", () => {
  const history = sound();
  const ran = ["text p2", "text p1"];
  expect(kinds({ ...history, agent: { ...history.agent, ran } })).toEqual(["prompt-out-of-order"]);
  const later = history.accepted.map((one) => ({ ...one, scheduled: one.localId === "p1" }));
  expect(kinds({ ...history, accepted: later, agent: { ...history.agent, ran } })).toEqual([]);
  const overtook = history.accepted.map((one) => ({ ...one, steered: one.localId === "p2" }));
  expect(kinds({ ...history, accepted: overtook, agent: { ...history.agent, ran } })).toEqual([]);
});

test("planted: an answer that reaches the agent twice", () => {
  const history = sound();
  const given = (...answers: string[]): History => ({ ...history, agent: { ...history.agent, answers: new Map([["r1", answers]]) } });
  expect(kinds(given("allow"))).toEqual([]);
  expect(kinds(given("allow", "deny"))).toEqual(["approval-doubled"]);
});

test("planted: a client that shows something else than the hub has", () => {
  const history = sound();
  const shows = (rows: HistoryRow[]): string[] => kinds({ ...history, views: [{ who: "ada", rows }] });
  expect(shows(history.rows)).toEqual([]);
  expect(shows(history.rows.slice(0, -1))).toEqual(["view-differs"]);
  expect(shows([...history.rows, said(6, "four")])).toEqual(["view-differs"]);
  expect(shows(history.rows.map((row) => (row.localId === "p1" ? { ...row, stage: "started" as const } : row)))).toEqual(["view-differs"]);
});

test("what the record can tell decides whether unknown is true, and sent again by a person is no fault", () => {
  const history = sound();
  const unknown = [prompt(1, "p1", "unknown"), ...history.rows.slice(1)];
  const never: History["agent"] = { ran: ["text p2"], said: ["one", "two", "three"] };
  expect(kinds({ ...history, rows: unknown, agent: { ...never, tells: "always" } })).toEqual(["stage-untrue"]);
  expect(kinds({ ...history, rows: unknown, agent: { ...history.agent, tells: "never" } })).toEqual([]);
  const interrupted = [prompt(1, "p1", "interrupted"), ...history.rows.slice(1)];
  expect(kinds({ ...history, rows: interrupted, agent: { ...never, tells: "always" } })).toEqual(["prompt-not-run"]);
  const twice = { ...history.agent, ran: ["text p1", "text p2", "text p1"] };
  expect(kinds({ ...history, agent: twice })).toEqual(["prompt-ran-twice"]);
  const again = history.accepted.map((one) => ({ ...one, again: one.localId === "p1" ? 1 : 0 }));
  expect(kinds({ ...history, accepted: again, agent: twice })).toEqual([]);
});

test("what nobody could tell the sender, and what died with its host, may be either way, but not twice and not hidden", () => {
  const history = sound();
  const unclear = history.accepted.map((one) => (one.localId === "p2" ? { ...one, canceled: "unclear" as const } : one));
  const gone = history.rows.filter((row) => row.localId !== "p2");
  expect(kinds({ ...history, accepted: unclear, rows: gone, agent: { ...history.agent, ran: ["text p1"] } })).toEqual([]);
  expect(kinds({ ...history, accepted: unclear, rows: gone })).toEqual(["prompt-lost"]);
  // Its row stays where it was shown as handed before.
  expect(kinds({ ...history, accepted: unclear, agent: { ...history.agent, ran: ["text p1"], tells: "always" } })).toEqual([]);
  const silent = history.rows.filter((row) => row.seq !== 5);
  expect(kinds({ ...history, rows: silent, agent: { ...history.agent, unheard: ["three"] } })).toEqual([]);
});
