/** Real Claude Code against the scripted model, through every process of a session: terminal, phone, approvals, handoff, kill -9. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import { claudeWorld, historyOf, isDone, isLocal, livingClaudes, openRequest, REMOTE_BANNER, sessionOf } from "./claude-world.ts";

let models: FakeModels;
beforeAll(async () => {
  models = await startFakeModels();
});
afterAll(() => models.close());

test("remote: a prompt, a permission approved after the session process was killed, another denied with a reason", async () => {
  await using world = await claudeWorld(models, "remote");
  await world.until(async () => (await sessionOf(world)).metadata?.lifecycleState === "running", "running");
  const pid = await world.agentPid();
  const first = await world.send("run: touch one.txt");
  const request = await openRequest(world);
  await world.killSession();
  expect(["applied", "pending"]).toContain(
    (await world.api.permissions.approve(world.sessionId, request, { decision: "approved" })).status,
  );
  await isDone(world, first);
  expect(await world.agentPid()).toBe(pid);
  const second = await world.send("run: touch two.txt");
  const other = await world.until(
    async () => Object.keys((await sessionOf(world)).agentState?.requests ?? {}).find((id) => id !== request),
    "the second request",
  );
  await world.api.permissions.deny(world.sessionId, other, { reason: "not that one" });
  await isDone(world, second);
  const { completedRequests } = (await sessionOf(world)).agentState!;
  expect(completedRequests?.[request]).toMatchObject({ status: "approved" });
  expect(completedRequests?.[other]).toMatchObject({ status: "denied", reason: "not that one" });
  expect((await historyOf(world)).flatMap(({ event }) => (event.type === "tool-result" ? [event.status] : []))).toEqual([
    "completed",
    "denied",
  ]);
}, 480_000);

test("local: the TUI, the phone takes over, space twice brings the TUI back with everything; one Claude at a time", async () => {
  await using world = await claudeWorld(models, "local");
  const terminal = world.view({ cols: 100, rows: 30 });
  await terminal.until((screen) => /\? for shortcuts|Try "|❯/.test(screen), "Claude's own screen");
  await world.until(async () => isLocal(world), "paused");
  terminal.type("say: typed at the desk");
  terminal.type("\r");
  await world.until(
    async () => (await historyOf(world)).some(({ event }) => event.type === "user-message" && event.text.includes("typed at the desk")),
    "the local turn on the web",
  );
  await world.until(async () => !(await sessionOf(world)).thinking, "idle");
  const threadId = await world.until(async () => (await sessionOf(world)).metadata?.claudeSessionId, "thread");
  expect(livingClaudes(world)).toBe(1);

  const localId = await world.send("say: sent from the phone");
  await terminal.until((screen) => screen.includes(REMOTE_BANNER), "the banner");
  await isDone(world, localId);
  expect(livingClaudes(world)).toBe(1);
  terminal.type(" ");
  terminal.type(" ");
  await terminal.until(
    (screen) => !screen.includes(REMOTE_BANNER) && screen.includes("sent from the phone"),
    "the TUI shows what happened",
  );
  expect((await sessionOf(world)).metadata?.claudeSessionId).toBe(threadId);
  await world.until(async () => livingClaudes(world) === 1, "one Claude");
  const switches = (await historyOf(world)).flatMap(({ event }) => (event.type === "switch" ? [event.mode] : []));
  expect(switches).toEqual(["remote", "local"]);
}, 480_000);

test("local: a permission is answered from the phone while the dialog is up, also across a kill of the session process", async () => {
  await using world = await claudeWorld(models, "local");
  const terminal = world.view({ cols: 100, rows: 30 });
  await terminal.until((screen) => /\? for shortcuts|Try "|❯/.test(screen), "Claude's own screen");
  await world.until(async () => isLocal(world), "paused");
  terminal.type("run: touch approved.txt");
  terminal.type("\r");
  const request = await openRequest(world);
  await terminal.until((screen) => /Do you want|proceed/i.test(screen), "the dialog");
  await world.killSession();
  await world.until(async () => (await world.facts()).session.pid !== null, "restarted");
  await world.api.permissions.approve(world.sessionId, request, { decision: "approved" });
  await world.until(
    async () =>
      existsSync(
        join(
          world.root,
          readdirSync(world.root).find((name) => name.startsWith("work-"))!,
          "approved.txt",
        ),
      ),
    "it ran",
  );
  await world.until(async () => (await sessionOf(world)).agentState?.completedRequests?.[request]?.status === "approved", "closed");
}, 480_000);
