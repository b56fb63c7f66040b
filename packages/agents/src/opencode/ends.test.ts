/** A server and its screen end together, and are told of in any order: only a screen that a person left says so. */
import { expect, test } from "bun:test";
import { openScripted, type Scripted } from "./scripted.case.ts";

const killed = { code: null, signal: "SIGKILL" };
const left = { code: 1, signal: null };
const closings = ({ events }: Scripted) => events.flatMap((event) => (event.type === "terminal-closed" ? [event.expected] : []));
const isOver = ({ events }: Scripted) => events.some(({ type }) => type === "exited");
const asked = ({ calls }: Scripted) => calls.filter(({ path }) => path === "/session/status").length;

test("the screen of a server that was killed is told of first: it was not left", async () => {
  await using opencode = await openScripted({});
  await opencode.conversation.adopt();
  const before = asked(opencode);
  opencode.fails = () => "cut";
  opencode.screen.end(left);
  await opencode.until(() => asked(opencode) > before);
  expect(closings(opencode)).toEqual([]);
  opencode.server.end(killed);
  await opencode.until(() => isOver(opencode) && closings(opencode).length > 0);
  expect(closings(opencode)).toEqual([true]);
});

test("the server that was killed is told of first: its screen was not left", async () => {
  await using opencode = await openScripted({});
  await opencode.conversation.adopt();
  opencode.server.end(killed);
  opencode.screen.end(left);
  await opencode.until(() => isOver(opencode) && closings(opencode).length > 0);
  expect(closings(opencode)).toEqual([true]);
});

test("a server that answers lives: its screen was left", async () => {
  await using opencode = await openScripted({});
  await opencode.conversation.adopt();
  opencode.screen.end(left);
  await opencode.until(() => closings(opencode).length > 0);
  expect(closings(opencode)).toEqual([false]);
  expect(opencode.conversation.front).toBe("remote");
});
