/** What a sub-agent asks comes on a thread of its own: it is asked here, and ends here. */
import { expect, test } from "bun:test";
import { openScripted, type Scripted } from "./scripted.case.ts";

const CHILD = "thread-2";
const ask = (codex: Scripted) =>
  codex.say("item/commandExecution/requestApproval", { threadId: CHILD, turnId: "t9", itemId: "c1", command: "ls" }, 7);
const closed = ({ events }: Scripted) =>
  events.flatMap((event) => (event.type === "request-closed" ? [[event.outcome, event.by, event.certain ?? true]] : []));

test("answered elsewhere, it is closed for certain", async () => {
  const codex = openScripted();
  await codex.conversation.adopt();
  ask(codex);
  codex.say("serverRequest/resolved", { threadId: CHILD, requestId: 7 });
  expect(closed(codex)).toEqual([["resolved", "terminal", true]]);
});

test("answered here, it is closed as it was answered", async () => {
  const codex = openScripted();
  await codex.conversation.adopt();
  ask(codex);
  const request = codex.events.find((event) => event.type === "request")?.request;
  const answering = codex.conversation.answer(request?.id ?? "", { behavior: "allow" });
  await codex.until(() => codex.replies.length > 0);
  codex.say("serverRequest/resolved", { threadId: CHILD, requestId: 7 });
  expect(await answering).toBe("applied");
  expect(closed(codex)).toEqual([["approved", "remote", true]]);
});

test("it is still open after the line to the server broke, though the session's own thread waits for nothing", async () => {
  const codex = openScripted();
  await codex.conversation.adopt();
  ask(codex);
  codex.wire.closed();
  await codex.until(() => codex.asked.filter(({ method }) => method === "thread/turns/list").length === 2);
  ask(codex);
  await codex.until(() => codex.events.filter(({ type }) => type === "request").length === 2);
  expect(closed(codex)).toEqual([]);
});

test("it ends with the server, also where no turn runs", async () => {
  const codex = openScripted();
  await codex.conversation.adopt();
  ask(codex);
  codex.server.end({ code: null, signal: "SIGKILL" });
  await codex.until(() => codex.events.some(({ type }) => type === "exited"));
  expect(closed(codex)).toEqual([["canceled", "agent", true]]);
  expect(codex.kept().requests).toEqual({});
});
