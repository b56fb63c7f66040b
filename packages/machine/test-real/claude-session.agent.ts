/** Real Claude Code against the scripted model, through every process of a session: terminal, phone, approvals, handoff, kill -9. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { decodeContent } from "@hapi/core";
import { processStartTime } from "@hapi/platform";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import { createProcessWorld, type ProcessWorld } from "../test/processes/process-world.ts";

const VERSION = "2.1.329";
const KEY = "sk-test";
const BANNER = "Remote mode - waiting for input";

let models: FakeModels;
beforeAll(async () => {
  models = await startFakeModels();
});
afterAll(() => models.close());

function claudePath(): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const path = join(cache, "hapi-agents", `claude-${VERSION}`, "node_modules/.bin/claude");
  if (!existsSync(path)) throw new Error(`Claude Code ${VERSION} is not installed; run: npm run test:agents`);
  return path;
}

function claudeWorld(startingMode: "local" | "remote"): Promise<ProcessWorld> {
  return createProcessWorld({
    session: { flavor: "claude", startedBy: "terminal", startingMode },
    prepare({ root, cwd }) {
      const onboarding = { hasCompletedOnboarding: true, lastOnboardingVersion: VERSION, theme: "dark" };
      const projects = { [cwd]: { hasTrustDialogAccepted: true } };
      writeFileSync(join(root, ".claude.json"), JSON.stringify({ ...onboarding, customApiKeyResponses: { approved: [KEY], rejected: [] }, projects }));
      return {
        HAPI_CLAUDE_PATH: claudePath(),
        ANTHROPIC_BASE_URL: models.url,
        ANTHROPIC_API_KEY: KEY,
        DISABLE_AUTOUPDATER: "1",
        DISABLE_TELEMETRY: "1",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        CLAUDE_CODE_MAX_RETRIES: "0",
        LANG: "C.UTF-8",
        SHELL: "/bin/bash",
      };
    },
  });
}

/** Claude's own list of its living processes. */
function running(world: ProcessWorld): number {
  const names = readdirSync(join(world.root, ".claude", "sessions")).filter((name) => /^\d+\.json$/.test(name));
  return names.filter((name) => processStartTime(Number.parseInt(name)) !== null).length;
}
const session = (world: ProcessWorld) => world.api.sessions.get(world.sessionId);
const isDone = (world: ProcessWorld, localId: string) => world.until(async () => (await world.row(localId))?.stage === "done", `${localId} done`);
const openRequest = (world: ProcessWorld) => world.until(async () => Object.keys((await session(world)).agentState?.requests ?? {})[0], "a request");
async function shown(world: ProcessWorld): Promise<string[]> {
  return (await world.rows()).flatMap((row) =>
    decodeContent(row.content, { id: row.id }).flatMap((event) => {
      if (event.type === "user-message") return row.localId ? [] : [`> ${event.text}`];
      return event.type === "agent-message" ? [event.text] : event.type === "tool-result" ? [`[${event.status}]`] : [];
    }),
  );
}

test("remote: a prompt, a permission approved after the session process was killed, another denied with a reason", async () => {
  await using world = await claudeWorld("remote");
  await world.until(async () => (await session(world)).metadata?.lifecycleState === "running", "running");
  const pid = await world.agentPid();
  const first = await world.send("run: touch one.txt");
  const request = await openRequest(world);
  await world.killSession();
  expect(["applied", "pending"]).toContain((await world.api.permissions.approve(world.sessionId, request, { decision: "approved" })).status);
  await isDone(world, first);
  expect(await world.agentPid()).toBe(pid);
  const second = await world.send("run: touch two.txt");
  const other = await world.until(async () => Object.keys((await session(world)).agentState?.requests ?? {}).find((id) => id !== request), "the second request");
  await world.api.permissions.deny(world.sessionId, other, { reason: "not that one" });
  await isDone(world, second);
  const { completedRequests } = (await session(world)).agentState!;
  expect(completedRequests?.[request]).toMatchObject({ status: "approved" });
  expect(completedRequests?.[other]).toMatchObject({ status: "denied", reason: "not that one" });
  expect((await shown(world)).filter((line) => line.startsWith("["))).toEqual(["[completed]", "[denied]"]);
}, 90_000);

test("local: the TUI, the phone takes over, space twice brings the TUI back with everything; one Claude at a time", async () => {
  await using world = await claudeWorld("local");
  const terminal = world.view({ cols: 100, rows: 30 });
  await terminal.until((screen) => /\? for shortcuts|Try "|❯/.test(screen), "Claude's own screen");
  await world.until(async () => (await session(world)).metadata?.lifecycleState === "paused", "paused");
  terminal.type("say: typed at the desk");
  terminal.type("\r");
  await world.until(async () => (await shown(world)).some((line) => line.startsWith("> ") && line.includes("typed at the desk")), "the local turn on the web");
  await world.until(async () => !(await session(world)).thinking, "idle");
  const threadId = await world.until(async () => (await session(world)).metadata?.claudeSessionId, "thread");
  expect(running(world)).toBe(1);

  const localId = await world.send("say: sent from the phone");
  await terminal.until((screen) => screen.includes(BANNER), "the banner");
  await isDone(world, localId);
  expect(running(world)).toBe(1);
  terminal.type(" ");
  terminal.type(" ");
  await terminal.until((screen) => !screen.includes(BANNER) && screen.includes("sent from the phone"), "the TUI shows what happened");
  expect((await session(world)).metadata?.claudeSessionId).toBe(threadId);
  await world.until(async () => running(world) === 1, "one Claude");
  const switches = (await world.rows()).flatMap((row) => decodeContent(row.content, { id: row.id })).flatMap((event) => (event.type === "switch" ? [event.mode] : []));
  expect(switches).toEqual(["remote", "local"]);
}, 120_000);

test("local: a permission is answered from the phone while the dialog is up, also across a kill of the session process", async () => {
  await using world = await claudeWorld("local");
  const terminal = world.view({ cols: 100, rows: 30 });
  await terminal.until((screen) => /\? for shortcuts|Try "|❯/.test(screen), "Claude's own screen");
  await world.until(async () => (await session(world)).metadata?.lifecycleState === "paused", "paused");
  terminal.type("run: touch approved.txt");
  terminal.type("\r");
  const request = await openRequest(world);
  await terminal.until((screen) => /Do you want|proceed/i.test(screen), "the dialog");
  await world.killSession();
  await world.until(async () => (await world.facts()).session.pid !== null, "restarted");
  await world.api.permissions.approve(world.sessionId, request, { decision: "approved" });
  await world.until(async () => existsSync(join(world.root, readdirSync(world.root).find((name) => name.startsWith("work-"))!, "approved.txt")), "it ran");
  await world.until(async () => (await session(world)).agentState?.completedRequests?.[request]?.status === "approved", "closed");
}, 90_000);
