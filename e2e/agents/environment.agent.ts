/** A session begun with another account, provider and program than the runner has: woken from the phone it works with its own. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { shutdownHost } from "@hapi/host";
import { sessionDir } from "@hapi/platform";
import { enter, quit, shows, atPrompt, BANNER } from "./tui.ts";
import type { WebSession } from "./web.ts";
import { createWorld, type World } from "./world.ts";

/** Every conversation below a configuration folder. */
const threadsIn = (dir: string): string[] =>
  existsSync(join(dir, "projects"))
    ? readdirSync(join(dir, "projects"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jsonl"))
    : [];

/** A second account, past its welcome. */
function secondAccount(world: World): string {
  const dir = join(world.home, ".claude-work");
  mkdirSync(dir);
  cpSync(join(world.home, ".claude.json"), join(dir, ".claude.json"));
  return dir;
}

const recordOf = (world: World, id: string): string =>
  readFileSync(join(sessionDir(join(world.home, ".hapi"), id), "session.json"), "utf8");

async function endHost(world: World, session: WebSession): Promise<void> {
  await shutdownHost(sessionDir(join(world.home, ".hapi"), session.id));
  await world.web.until(() => !session.value.active, "it has ended");
}

async function begin(world: World, words: string): Promise<WebSession> {
  const terminal = await world.terminal();
  await enter(terminal, `${words} hapi claude --hapi-starting-mode remote`);
  const session = await world.session();
  await shows(terminal, BANNER);
  return session;
}

test("another configuration folder: the wake, a branch and the terminal use it; what differs is told", async () => {
  await using world = await createWorld();
  const work = secondAccount(world);
  const session = await begin(world, `CLAUDE_CONFIG_DIR=${work}`);
  await session.ask("first");
  expect(threadsIn(work)).toHaveLength(1);
  await endHost(world, session);
  await world.startRunner();

  await session.ask("second");
  expect(world.lastConversation().join("\n")).toContain("Echo: first");
  expect([threadsIn(work).length, threadsIn(join(world.home, ".claude")).length]).toEqual([1, 0]);
  const told = await world.web.api.sessions.diagnostics(session.id);
  expect(told.environment).toMatchObject({ set: { CLAUDE_CONFIG_DIR: work }, withheld: ["ANTHROPIC_API_KEY"], missing: [] });
  expect(told.environment?.differs).toEqual([{ name: "CLAUDE_CONFIG_DIR", kept: work, here: null }]);
  expect(recordOf(world, session.id)).not.toContain("sk-test");

  const branch = await world.web.api.sessions.fork(session.id);
  await world.web.until(() => world.web.state.sessions[branch]?.active, "the branch runs");
  expect(JSON.parse(recordOf(world, branch))).toMatchObject({ environment: { values: { CLAUDE_CONFIG_DIR: work } } });
  await world.web.until(() => threadsIn(work).length >= 1 && threadsIn(join(world.home, ".claude")).length === 0, "in that folder, too");

  await endHost(world, session);
  const terminal = await world.terminal();
  await enter(terminal, `hapi resume ${session.id}`);
  await atPrompt(terminal);
  await shows(terminal, "second");
  expect(threadsIn(join(world.home, ".claude"))).toEqual([]);
  await quit(terminal);
  expect(await terminal.screen()).toContain(`CLAUDE_CONFIG_DIR=${work} (here not set)`);
}, 480_000);

test("a conversation that is open in another program is looked for in the session's own folder", async () => {
  await using world = await createWorld();
  const work = secondAccount(world);
  const session = await begin(world, `CLAUDE_CONFIG_DIR=${work}`);
  await session.ask("first");
  await endHost(world, session);
  const thread = session.value.metadata?.claudeSessionId ?? "";
  const other = await world.terminal();
  await enter(other, `CLAUDE_CONFIG_DIR=${work} claude --resume ${thread}`);
  await atPrompt(other);
  await world.startRunner();
  const waiting = await session.send("second");
  await world.web.until(() => session.value.metadata?.lastStart?.failure?.code === "thread_in_use", "it is in use");
  await quit(other);
  // By itself, once nothing stands in the way.
  await session.finished(waiting);
}, 480_000);

test("a credential that the runner does not have: nothing is started on another account, and it is said what to do", async () => {
  await using world = await createWorld();
  const session = await begin(world, "");
  await session.ask("first");
  await endHost(world, session);
  const { env } = world as { env: Record<string, string> };
  const key = env["ANTHROPIC_API_KEY"] ?? "";
  delete env["ANTHROPIC_API_KEY"];
  await world.startRunner();
  const asked = world.models.requests.length;
  await session.send("second");
  await world.web.until(() => session.value.metadata?.lastStart?.failure?.code === "environment_missing", "it is said");
  expect(session.value.metadata?.lastStart?.failure?.message).toContain("ANTHROPIC_API_KEY");
  expect(world.models.requests.length).toBe(asked);

  const terminal = await world.terminal();
  await enter(terminal, `hapi resume ${session.id}`);
  await shows(terminal, "This session was started with ANTHROPIC_API_KEY set");
  await enter(terminal, `clear; ANTHROPIC_API_KEY=${key} hapi resume ${session.id}`);
  // The prompt that waited runs, too.
  await session.tells("says: Echo: second");
}, 480_000);

test("a credential that is another one than at the start: it is used, and told", async () => {
  await using world = await createWorld();
  const session = await begin(world, "");
  await session.ask("first");
  await endHost(world, session);
  const { env } = world as { env: Record<string, string> };
  env["ANTHROPIC_API_KEY"] = "sk-test-another-0000000000000000000000";
  await world.startRunner();
  await session.ask("second");
  await session.tells(/ANTHROPIC_API_KEY is another one than when this session began/);
  const { environment } = await world.web.api.sessions.diagnostics(session.id);
  expect(environment).toMatchObject({ withheld: ["ANTHROPIC_API_KEY"], missing: [], changed: ["ANTHROPIC_API_KEY"] });
  const { fingerprints } = (JSON.parse(recordOf(world, session.id)) as { environment: { fingerprints: Record<string, string> } })
    .environment;
  expect(JSON.stringify(session.value)).not.toContain(fingerprints["ANTHROPIC_API_KEY"] ?? "none");
}, 480_000);

test("a program that is not on the runner's PATH is the one the session was begun with", async () => {
  await using world = await createWorld();
  const session = await begin(world, "");
  await session.ask("first");
  await endHost(world, session);
  const { program } = (JSON.parse(recordOf(world, session.id)) as { environment: { program: string } }).environment;
  expect(program).toBe(join(world.bin, "claude"));
  const empty = join(world.home, "empty");
  mkdirSync(empty);
  // Another one comes first there.
  writeFileSync(join(empty, "claude"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const { env } = world as { env: Record<string, string> };
  env["PATH"] = `${empty}:${env["PATH"]}`;
  await world.startRunner();
  await session.ask("second");
}, 480_000);
