/** The hub is away and the session's backlog is full: what Codex says meanwhile waits, within a bound, and nothing of it is lost. */
import { expect, test } from "bun:test";
import { fields } from "../shared/read.ts";
import { openScripted, type Scripted, THREAD } from "./scripted.case.ts";

const message = (id: string, text = id) => ({ type: "agentMessage", id, text });
const says = (codex: Scripted, item: object) => codex.say("item/completed", { threadId: THREAD, turnId: "t1", item });
const told = ({ events }: Scripted) =>
  events.flatMap((event) => (event.type === "record" && event.event.type === "agent-message" ? [event.event.id] : []));
const ends = (codex: Scripted) => codex.say("turn/completed", { threadId: THREAD, turn: { id: "t1", status: "completed" } });

interface Full extends Scripted {
  /** The backlog has room again. */
  drain(): void;
}

/** With room for what the first words make, and no more. */
async function open(): Promise<Full> {
  const codex = openScripted();
  const room = Promise.withResolvers<void>();
  codex.room = () => room.promise;
  await codex.conversation.adopt();
  codex.say("turn/started", { threadId: THREAD, turn: { id: "t1" } });
  return Object.assign(codex, { drain: () => room.resolve() });
}

test("what is said without room for it waits, and is told in its order once there is room", async () => {
  const codex = await open();
  for (const id of ["a", "b", "c"]) says(codex, message(id));
  ends(codex);
  expect(told(codex)).toEqual(["a"]);
  codex.drain();
  await codex.until(() => codex.kept().toldTurn === "t1");
  expect(told(codex)).toEqual(["a", "b", "c"]);
  expect(codex.asked.some(({ method }) => method === "thread/items/list")).toBe(false);
});

test("more than can wait is read from the thread once there is room, and asked for only then; meanwhile the server takes orders", async () => {
  const codex = await open();
  const items = Array.from({ length: 40 }, (_, at) => message(`m${at}`, "x".repeat(256 * 1024)));
  for (const item of items) says(codex, item);
  ends(codex);
  codex.answers["turn/interrupt"] = () => ({ result: {} });
  await codex.conversation.interrupt();
  expect(told(codex)).toEqual(["m0"]);
  expect(codex.asked.filter(({ method }) => method === "thread/resume")).toHaveLength(1);
  codex.answers["thread/turns/list"] = () => ({ result: { data: [{ id: "t1", status: "completed", completedAt: 5 }], nextCursor: null } });
  codex.answers["thread/items/list"] = () => ({ result: { data: items.map((item) => ({ item })), nextCursor: null } });
  codex.drain();
  await codex.until(() => codex.kept().toldTurn === "t1");
  expect([...new Set(told(codex))]).toEqual(items.map(({ id }) => id));
  expect(codex.warnings).toContain("codex.too_much_waits");
  expect(codex.asked.filter(({ method }) => method === "thread/resume")).toHaveLength(2);
  codex.say("turn/started", { threadId: THREAD, turn: { id: "t2" } });
  expect(codex.conversation.busy).toBe(true);
});

test("the server ends while its words wait: they are told, and the turn that came to its end was not interrupted", async () => {
  const codex = await open();
  for (const id of ["a", "b"]) says(codex, message(id));
  ends(codex);
  codex.server.end({ code: 0, signal: null });
  await codex.until(() => codex.events.some((event) => event.type === "exited"));
  expect(told(codex)).toEqual(["a", "b"]);
  const end = codex.events.findLast((event) => event.type === "record" && event.event.type === "turn-ended");
  expect(fields(fields(end)["event"])["outcome"]).toBe("completed");
});

test("a session process that stops listening tells nothing of what waits", async () => {
  const codex = await open();
  for (const id of ["a", "b"]) says(codex, message(id));
  const before = codex.events.length;
  await codex.conversation[Symbol.asyncDispose]();
  codex.drain();
  await codex.room?.();
  expect(codex.events.slice(before)).toEqual([]);
});

test("taking up a thread, more is said than can wait for room: joined once more, it is all told", async () => {
  const codex = openScripted();
  const room = Promise.withResolvers<void>();
  codex.room = () => room.promise;
  const items = Array.from({ length: 40 }, (_, at) => message(`m${at}`, "x".repeat(256 * 1024)));
  codex.answers["thread/turns/list"] = () => ({ result: { data: [{ id: "t1", status: "completed", completedAt: 5 }], nextCursor: null } });
  let known = items.slice(0, 1);
  codex.answers["thread/items/list"] = () => ({ result: { data: known.map((item) => ({ item })), nextCursor: null } });
  const adopted = codex.conversation.adopt();
  await codex.until(() => told(codex).length === 1);
  for (const item of items) codex.say("item/completed", { threadId: THREAD, turnId: "t2", item });
  codex.answers["thread/turns/list"] = () => ({
    result: {
      data: [
        { id: "t2", status: "completed", completedAt: 6 },
        { id: "t1", status: "completed" },
      ],
      nextCursor: null,
    },
  });
  known = items;
  room.resolve();
  expect(await adopted).toBe("remote");
  await codex.until(() => codex.kept().toldTurn === "t2");
  expect([...new Set(told(codex))]).toEqual(items.map(({ id }) => id));
});
