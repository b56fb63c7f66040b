/** From the phone alone, with a runner on the machine: Claude is started, woken after its end, and branched off. The agent learns no secret of HAPI. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { machineCalls } from "@hapi/client";
import { atPrompt, BANNER, enter, quit, shows } from "./tui.ts";
import { webSession } from "./web.ts";
import { createWorld } from "./world.ts";

test("a session that was quit in the terminal is woken by a prompt, on the same conversation", async () => {
  await using world = await createWorld();
  await world.startRunner();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "remember cherimoya");
  await session.turns(1);
  const thread = session.value.metadata?.claudeSessionId;
  await quit(terminal);
  await world.web.until(() => !session.value.active && session.value.metadata?.lifecycleState === "completed", "completed");

  await session.ask("what was it");
  expect(world.lastConversation().join("\n")).toContain("remember cherimoya");
  expect(session.value).toMatchObject({ active: true, metadata: { lifecycleState: "running", claudeSessionId: thread } });
  expect(Object.keys(world.web.state.summaries)).toEqual([session.id]);

  await enter(terminal, "clear; hapi");
  await shows(terminal, BANNER);
  await terminal.keys("Space", "Space");
  await atPrompt(terminal);
  await shows(terminal, "what was it");
}, 480_000);

test("started from the web, branched off, ended: two conversations, one history", async () => {
  await using world = await createWorld();
  await world.startRunner();
  const { api } = world.web;
  const [machine] = await api.machines.list();
  const launchId = randomUUID();
  const request = { directory: world.cwd, agent: "claude", permissionMode: "acceptEdits", launchId };
  const [first, second] = await Promise.all([
    machineCalls(api).spawn(machine?.id ?? "", request),
    machineCalls(api).spawn(machine?.id ?? "", request),
  ]);
  // The same launch twice is one session.
  expect(first).toEqual(second);
  const session = await world.session();
  expect(first).toMatchObject({ type: "success", sessionId: session.id });
  await session.ask("write note.txt: by the phone");
  await session.ask("remember persimmon");
  const thread = session.value.metadata?.claudeSessionId;

  const forkId = await api.sessions.fork(session.id);
  const fork = webSession(world.web, forkId);
  await world.web.until(() => world.web.state.windows[forkId]?.stale === false && fork.value.active, "the branch is there");
  await fork.ask("only in the branch");
  expect(world.lastConversation().join("\n")).toContain("remember persimmon");
  expect(fork.value.metadata?.claudeSessionId).not.toBe(thread as string);
  await session.ask("only in the trunk");
  expect(world.lastConversation().join("\n")).not.toContain("only in the branch");
  expect(
    fork.drawn.filter((line) => line.startsWith("sent") || line.startsWith("typed")).map((line) => line.replace(/^\w+: /, "")),
  ).toEqual([...["write note.txt: by the phone", "remember persimmon", "only in the branch"]]);
  for (const one of [session, fork]) {
    await api.sessions.end(one.id);
    await world.web.until(() => !one.value.active && one.value.metadata?.lifecycleState === "aborted", "ended");
  }
}, 480_000);

test("the agent is given no credential of the hub", async () => {
  await using world = await createWorld({ env: { CLAUDECODE: "1", HAPI_SOMETHING: "ours" } });
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  const names = async (): Promise<string[]> => {
    const { pid } = await world.agent(session.id);
    const given = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    expect(given.join("\n")).not.toContain(JSON.parse(readFileSync(`${world.home}/.hapi/settings.json`, "utf8")).cliApiToken);
    return given.map((entry) => entry.split("=")[0] ?? "").filter((name) => /^(HAPI|CLI_API|CLAUDECODE)/.test(name));
  };
  // The token of the hook door opens this session's permission dialogs and nothing else; the mark tells its host's processes from others.
  const given = ["HAPI_HOOK_TOKEN", "HAPI_HOST_MARK", "HAPI_SESSION_ID"];
  expect((await names()).toSorted()).toEqual(given);
  // The screen is there before the hub has heard of it.
  await world.web.until(() => session.value.active, "the hub knows that it runs");
  await world.web.api.sessions.switchControl(session.id, "remote");
  await shows(terminal, BANNER);
  expect((await names()).toSorted()).toEqual(given);
}, 480_000);
