/** A session with real processes: hub, host, session process, demo agent. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { decodeContent } from "@hapi/core";
import { checkHistory } from "@hapi/testkit";
import { socketPath } from "@hapi/platform";
import { endSession } from "../../src/runner/living-sessions.ts";
import { createProcessWorld, type ProcessWorld } from "./process-world.ts";

test("a prompt, live stages, a permission approved, done: the history is what the agent recorded", async () => {
  await using world = await createProcessWorld();
  const localId = await world.send("say: before\nwrite notes.md: hello\nsay: after");
  const request = await world.until(
    async () => Object.keys((await world.api.sessions.get(world.sessionId)).agentState?.requests ?? {})[0],
    "a request",
  );
  // `sent`: an agent that goes on only after some seconds, on a busy machine.
  expect(["applied", "sent"]).toContain((await world.api.permissions.approve(world.sessionId, request, { decision: "approved" })).status);
  await world.until(async () => (await world.row(localId))?.stage === "done", "done");
  const session = await world.until(async () => {
    const found = await world.api.sessions.get(world.sessionId);
    return found.agentState?.completedRequests?.[request] && !found.thinking ? found : null;
  }, "closed");
  expect(session.agentState?.requests).toEqual({});
  expect(session.agentState?.completedRequests?.[request]).toMatchObject({ status: "approved", decision: "approved" });
  expect(session.metadata).toMatchObject({
    flavor: "demo",
    lifecycleState: "running",
    startedBy: "runner",
    demoSessionId: expect.any(String),
  });
  expect(
    checkHistory({
      rows: await world.rows(),
      accepted: [{ localId, text: "say: before\nwrite notes.md: hello\nsay: after" }],
      agent: world.agentRecord(),
    }),
  ).toEqual([]);
  const types = (await world.rows()).flatMap((row) => decodeContent(row.content, { id: row.id })).map((event) => event.type);
  expect(types).toContain("tool-call");
  expect(types.at(-1)).toBe("turn-ended");
}, 120_000);

function sockets(world: ProcessWorld): string[] {
  const home = join(world.root, "home");
  const folder = join(socketPath(home, "x"), "..");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== "x.sock") : [];
}

test("a session that ended leaves no socket behind, by whatever way it ended", async () => {
  await using world = await createProcessWorld();
  expect(sockets(world)).toHaveLength(2);
  await world.api.sessions.end(world.sessionId);
  await world.until(async () => sockets(world).length === 0, "no socket is left after End session");
  await using forced = await createProcessWorld();
  expect(await endSession(join(forced.root, "home"), forced.sessionId)).toBe("stopped");
  await forced.until(async () => sockets(forced).length === 0, "no socket is left after a forced end");
}, 120_000);

test("prompts that wait when the session ends: one is taken back at once and never runs, the other runs when the session is started again", async () => {
  await using world = await createProcessWorld();
  await world.startRunner();
  const first = await world.send("slow 400 50");
  await world.until(async () => (await world.row(first))?.stage === "started", "a turn runs");
  const unwanted = await world.send("say: never");
  const wanted = await world.send("say: later");
  await world.until(async () => world.log().split("prompt.received").length > 3, "both wait in the session");
  await world.api.sessions.end(world.sessionId);
  await world.until(async () => !(await world.api.sessions.get(world.sessionId)).active, "ended");
  expect(await world.api.messages.cancel(world.sessionId, unwanted)).toMatchObject({ status: "cancelled" });
  await world.api.sessions.resume(world.sessionId);
  await world.until(async () => (await world.row(wanted))?.stage === "done", "done");
  expect(world.agentRecord().ran).toEqual(["slow 400 50", "say: later"]);
}, 120_000);
