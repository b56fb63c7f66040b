/** Words that were steered into a turn and that Codex has not put into the thread when the turn ends: a stop drops them (0.171.0), and somebody must say so. */
import { expect, test } from "bun:test";
import { openScripted, type Scripted, THREAD } from "./scripted.case.ts";
import { newTurn } from "./state.ts";

const running = () => ({ turn: { ...newTurn("t1", false), begun: true, localIds: ["p1"] } });
const stages = ({ events }: Scripted, localId: string) =>
  events.flatMap((event) => (event.type === "stage" && event.localId === localId ? [event.stage] : []));
const steer = (codex: Scripted) => codex.conversation.prompt({ localId: "p2", text: "rather this", attachments: [] });
const isAsked = (codex: Scripted, method: string) => codex.asked.findLast((asked) => asked.method === method);
const ends = (codex: Scripted, status: string, more: object = {}) =>
  codex.say("turn/completed", { threadId: THREAD, turn: { id: "t1", status, ...more } });
const shows = (codex: Scripted, turnId: string, clientId: string) =>
  codex.say("item/completed", { threadId: THREAD, turnId, item: { type: "userMessage", id: `m-${clientId}`, clientId, content: [] } });

/** A turn runs on a server that takes what it is given. */
async function open(): Promise<Scripted> {
  const codex = openScripted(running());
  codex.answers["thread/resume"] = () => ({ result: { model: "m", thread: { id: THREAD, status: { type: "active", activeFlags: [] } } } });
  codex.answers["turn/steer"] = () => ({ result: { turnId: "t1" } });
  codex.answers["turn/start"] = () => ({ result: { turn: { id: "t2" } } });
  await codex.conversation.adopt();
  return codex;
}

test("stopped before it took them: they are interrupted with it, once", async () => {
  const codex = await open();
  await steer(codex);
  expect(stages(codex, "p2")).toEqual(["handed"]);
  ends(codex, "interrupted");
  expect(stages(codex, "p2")).toEqual(["handed", "interrupted"]);
  codex.say("turn/started", { threadId: THREAD, turn: { id: "t2" } });
  codex.say("turn/completed", { threadId: THREAD, turn: { id: "t2", status: "interrupted" } });
  expect(stages(codex, "p2")).toEqual(["handed", "interrupted"]);
});

test("taken before it was stopped: part of it as before", async () => {
  const codex = await open();
  await steer(codex);
  shows(codex, "t1", "p2");
  ends(codex, "interrupted");
  expect(stages(codex, "p2")).toEqual(["handed", "in-transcript", "started", "interrupted"]);
});

test("a turn that failed without them: they failed with its reason; one that came to its end without them did nothing with them", async () => {
  const failed = await open();
  await steer(failed);
  ends(failed, "failed", { error: { message: "Selected model is at capacity", codexErrorInfo: "serverOverloaded" } });
  expect(failed.events.findLast((event) => event.type === "stage" && event.localId === "p2")).toMatchObject({
    stage: "failed",
    failure: { code: "overloaded", retryable: true },
  });
  const completed = await open();
  await steer(completed);
  ends(completed, "completed");
  expect(stages(completed, "p2")).toEqual(["handed", "interrupted"]);
});

test("the turn ends before the server has answered: taken, they are interrupted; refused, they begin a turn of their own", async () => {
  for (const answer of [{ result: { turnId: "t1" } }, { error: { code: -32600, message: "no active turn to steer" } }]) {
    const codex = await open();
    codex.answers["turn/steer"] = () => undefined;
    const handed = steer(codex);
    await codex.until(() => isAsked(codex, "turn/steer") !== undefined);
    ends(codex, "interrupted");
    expect(stages(codex, "p2")).toEqual([]);
    codex.wire.message(JSON.stringify({ id: isAsked(codex, "turn/steer")?.id, ...answer }));
    await handed;
    const isTaken = "result" in answer;
    expect(stages(codex, "p2")).toEqual(isTaken ? ["handed", "interrupted"] : ["handed"]);
    expect(isAsked(codex, "turn/start") === undefined).toBe(isTaken);
  }
});

test("a turn of their own that is told of before the one in front of it has ended is theirs", async () => {
  const codex = await open();
  codex.answers["turn/steer"] = () => ({ error: { code: -32600, message: "no active turn to steer" } });
  await steer(codex);
  ends(codex, "interrupted");
  expect(stages(codex, "p2")).toEqual(["handed"]);
  codex.say("turn/started", { threadId: THREAD, turn: { id: "t2" } });
  codex.say("turn/completed", { threadId: THREAD, turn: { id: "t2", status: "interrupted" } });
  expect(stages(codex, "p2")).toEqual(["handed", "interrupted"]);
});

test("stopped while no session process lived: its successor says so", async () => {
  const first = await open();
  await steer(first);
  const codex = openScripted(first.kept(), { "codex.handed": ["p1", "p2"] });
  codex.answers["thread/turns/list"] = () => ({
    result: { data: [{ id: "t1", status: "interrupted", completedAt: 5 }], nextCursor: null },
  });
  await codex.conversation.adopt();
  expect(stages(codex, "p2")).toEqual(["interrupted"]);
});

test("the server died with them: nothing is said of them here, for they are handed again where the record does not have them", async () => {
  const codex = await open();
  await steer(codex);
  codex.server.end({ code: null, signal: "SIGKILL" });
  await codex.until(() => codex.events.some((event) => event.type === "exited"));
  expect([stages(codex, "p1"), stages(codex, "p2")]).toEqual([["interrupted"], ["handed"]]);
  expect(codex.kept().given ?? {}).toEqual({});
});
