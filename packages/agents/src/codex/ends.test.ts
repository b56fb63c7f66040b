/** A server and its screen end together, and are told of in any order: only a screen that a person left says so. */
import { expect, test } from "bun:test";
import { openScripted, type Scripted } from "./scripted.case.ts";

const killed = { code: null, signal: "SIGKILL" };
const left = { code: 1, signal: null };
const told = ({ events }: Scripted) =>
  events.flatMap((event) =>
    event.type === "terminal-closed" ? [`closed ${event.expected}`] : event.type === "exited" ? [event.type] : [],
  );
const isAsked = ({ asked }: Scripted) => asked.some(({ method }) => method === "thread/loaded/list");

test("the screen of a server that was killed is told of first: it was not left", async () => {
  const codex = openScripted();
  await codex.conversation.adopt();
  codex.answers["thread/loaded/list"] = () => undefined;
  codex.screen.end(left);
  await codex.until(() => isAsked(codex));
  expect(told(codex)).toEqual([]);
  codex.wire.closed();
  codex.server.end(killed);
  await codex.until(() => told(codex).length === 2);
  expect(told(codex)).toEqual(["closed true", "exited"]);
});

test("the server that was killed is told of first: its screen was not left", async () => {
  const codex = openScripted();
  await codex.conversation.adopt();
  codex.server.end(killed);
  codex.screen.end(left);
  await codex.until(() => told(codex).length === 2);
  expect(told(codex)).toEqual(["closed true", "exited"]);
});

test("a server that answers lives: its screen was left", async () => {
  const codex = openScripted();
  await codex.conversation.adopt();
  codex.screen.end(left);
  await codex.until(() => told(codex).length === 1);
  expect(told(codex)).toEqual(["closed false"]);
  expect(codex.conversation.front).toBe("remote");
});

test("a server that says nothing and does not end is taken to live", async () => {
  const codex = openScripted();
  await codex.conversation.adopt();
  codex.answers["thread/loaded/list"] = () => undefined;
  codex.screen.end(left);
  await codex.until(() => isAsked(codex));
  await codex.clock.advance(5_000);
  expect(told(codex)).toEqual(["closed false"]);
});
