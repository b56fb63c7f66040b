/** Background work of real Claude Code through the whole house: seen by the web, waited for, and ended only by somebody who was told. */
import { expect, test } from "bun:test";
import { runCommand } from "@hapi/platform";
import { allProcesses } from "./processes.ts";
import { atPrompt, BANNER, enter, shows } from "./tui.ts";
import type { WebSession } from "./web.ts";
import { createWorld, type World } from "./world.ts";

const SECONDS = 4321;
const server = `call: Bash ${JSON.stringify({ command: `sleep ${SECONDS}`, run_in_background: true, description: "Dev server" })}`;
const labels = (session: WebSession): string[] => (session.value.agentState?.background ?? []).map((one) => one.label);
const handoff = (session: WebSession): unknown => session.value.agentState?.handoff?.waitsFor;
/** By the system's word, in this world only. */
const serverRuns = (world: World): boolean =>
  allProcesses().some((one) => one.argv.join(" ").includes(`sleep ${SECONDS}`) && one.environment?.includes(`HOME=${world.home}`));

test("a phone message waits for what the terminal has in the background; Take over now ends it and leaves a notice", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start("claude --allowedTools Bash");
  await atPrompt(terminal);
  await enter(terminal, server);
  await session.turns(1);
  await world.web.until(() => labels(session).includes("Dev server"), "the web knows of it");
  expect(session.value.backgroundTaskCount).toBe(1);

  const localId = await session.send("say: from the phone");
  await world.web.until(() => handoff(session) === "background", "it waits for the background");
  expect(serverRuns(world)).toBe(true);
  expect(session.stages(localId)).toEqual([]);
  await world.web.api.sessions.switchControl(session.id, "remote", true);
  await session.finished(localId);
  await shows(terminal, BANNER);
  expect(serverRuns(world)).toBe(false);
  await session.tells(/notice: .*ended with the agent's process: Dev server/);
  expect(labels(session)).toEqual([]);
}, 480_000);

test("two spaces name what they would end and end it only when pressed again; hapi stop refuses without --force", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start("claude --allowedTools Bash");
  await atPrompt(terminal);
  await session.finished(await session.send("say: remote now"));
  await session.finished(await session.send(server));
  await world.web.until(() => labels(session).includes("Dev server"), "the web knows of it");

  const refused = await hapi(world, "stop", session.id);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("1 running in the background");
  expect(serverRuns(world)).toBe(true);

  await terminal.keys("Space", "Space");
  await shows(terminal, "Space twice again switches and ends 1 running in the background: Dev server");
  expect(serverRuns(world)).toBe(true);
  await terminal.keys("Space", "Space");
  await atPrompt(terminal);
  expect(serverRuns(world)).toBe(false);
  await session.tells(/notice: .*ended with the agent's process: Dev server/);
}, 480_000);

const hapi = (world: World, ...words: string[]) =>
  runCommand([`${world.bin}/hapi`, ...words], { cwd: world.cwd, env: { ...world.env }, timeoutMs: 120_000 });
