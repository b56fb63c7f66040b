/** Real OpenCode: its own screen in the terminal and the web are live on one conversation at once, and either side answers for both. */
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import type { Tmux } from "@hapi/testkit";
import { quietEnv, writeConfiguration } from "../../packages/agents/test-real/opencode/home.ts";
import { programOf } from "../../packages/agents/test-real/shared/installed.ts";
import { shows } from "./tui.ts";
import type { WebSession } from "./web.ts";
import { createWorld, type World } from "./world.ts";

/** Its input line is there. */
const READY = /Ask anything|ctrl\+p commands/;
const DIALOG = /Permission required/i;

async function startOpenCode(world: World): Promise<{ terminal: Tmux; session: WebSession }> {
  symlinkSync(programOf("opencode"), join(world.bin, "opencode"));
  writeConfiguration(world.home, world.models.url);
  const started = await world.start("opencode");
  await shows(started.terminal, READY);
  return started;
}

/** Words and Enter apart: together they would be a paste. */
async function type(terminal: Tmux, words: string): Promise<void> {
  await terminal.type(words);
  await shows(terminal, words);
  await terminal.keys("Enter");
}

test("terminal and web prompt, approve and refuse on one live conversation; an answer from either side closes the other's dialog", async () => {
  await using world = await createWorld({ env: quietEnv });
  const { terminal, session } = await startOpenCode(world);
  await world.web.until(() => session.value.metadata?.lifecycleState === "running", "it runs, and nobody has it alone");

  await type(terminal, "say: typed here");
  await session.turns(1);
  expect(session.drawn.join("\n")).toContain("typed here");
  await session.ask("say: sent from afar");
  await shows(terminal, "sent from afar");

  // Asked on both sides; the web is first.
  const first = await session.send("write one.txt: 1");
  const asked = await session.request();
  await shows(terminal, DIALOG);
  await world.web.api.permissions.approve(session.id, asked.id, {});
  await terminal.until((screen) => !DIALOG.test(screen), { what: "the dialog is gone", timeoutMs: 60_000 });
  await session.finished(first);
  expect(existsSync(join(world.cwd, "one.txt"))).toBe(true);

  // The terminal is first.
  const second = await session.send("write two.txt: 2");
  const again = await session.request([asked.id]);
  await shows(terminal, DIALOG);
  await terminal.keys("Enter");
  await world.web.until(() => session.closed(again.id) !== undefined, "the web's request is closed");
  await session.finished(second);
  expect(session.closed(again.id)?.status).toBe("approved");
  expect(existsSync(join(world.cwd, "two.txt"))).toBe(true);

  // A stop from afar takes the dialog along.
  const third = await session.send("write three.txt: 3");
  await session.request([asked.id, again.id]);
  await shows(terminal, DIALOG);
  await world.web.api.sessions.abort(session.id);
  await session.finished(third, "interrupted");
  await session.ask("say: and on it goes");
  await shows(terminal, "and on it goes");
  expect(session.requests).toEqual([]);
  expect(existsSync(join(world.cwd, "three.txt"))).toBe(false);
}, 480_000);

test("kill -9 of the session process: the screen stays, the turn goes on, nothing is lost and nothing stands twice", async () => {
  await using world = await createWorld({ env: quietEnv });
  const { terminal, session } = await startOpenCode(world);
  const slow = await session.send("slow 40 100");
  await world.web.until(() => session.stages(slow).includes("started"), "it runs");
  await world.killSessionProcess(session.id);
  await session.finished(slow);
  expect(session.drawn.join("\n")).toContain("chunk 40");
  await type(terminal, "say: still here");
  await session.turns(2);
  const told = session.told.filter((line) => line.includes("slow 40 100") || line.includes("chunk 40") || line.includes("still here"));
  expect(new Set(told).size).toBe(told.length);
  const asks = world.asked().filter(({ user }) => user?.includes("slow 40 100"));
  expect(asks).toHaveLength(1);
}, 480_000);
