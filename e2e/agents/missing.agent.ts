/** What a person sees whose Claude Code is not there, not itself, or another version than the one HAPI was tested with. */
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { claudeProgram } from "./claude-home.ts";
import { atPrompt, enter, shows } from "./tui.ts";
import { createWorld, type World } from "./world.ts";

/** What the shell shows after the command, and its exit code. */
async function outcome(world: World): Promise<{ said: string; code: number }> {
  const terminal = await world.terminal();
  await enter(terminal, "clear; hapi claude; echo code=$?");
  const screen = await shows(terminal, /^code=\d+$/m);
  const [said = "", rest = ""] = screen.split("code=");
  return { said: said.trim(), code: Number.parseInt(rest) };
}

function install(world: World, script: string): void {
  const path = join(world.bin, "claude");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

test("not installed, broken, of another major version: one sentence with the next step, and nothing is left behind", async () => {
  await using world = await createWorld({ withoutClaude: true });
  expect(await outcome(world)).toEqual({
    said: "hapi: Claude Code is not installed; install it with `npm install -g @anthropic-ai/claude-code`, or set HAPI_CLAUDE_PATH",
    code: 127,
  });
  install(world, "echo broken >&2; exit 1");
  const broken = await outcome(world);
  expect(broken.said).toBe(`hapi: ${join(world.bin, "claude")} does not tell its version; reinstall Claude Code`);
  expect(broken.code).toBe(127);
  install(world, "echo '9.0.0 (Claude Code)'");
  const other = await outcome(world);
  expect(other.said).toStartWith("hapi: Claude Code 9.0.0 is not supported; HAPI works with 2.x");
  expect(other.code).not.toBe(0);
  expect(existsSync(join(world.home, ".hapi", "sessions"))).toBe(false);
  expect(Object.keys(world.web.state.summaries)).toEqual([]);
}, 480_000);

test("another version of the same major works, with a word of warning", async () => {
  await using world = await createWorld({ withoutClaude: true });
  install(world, `[ "$1" = --version ] && { echo '2.99.0 (Claude Code)'; exit; }\nexec '${claudeProgram()}' "$@"`);
  const { terminal, session } = await world.start("claude --hapi-starting-mode remote");
  await session.ask("say: works all the same");
  await terminal.keys("Space", "Space");
  await atPrompt(terminal);
  await world.web.api.sessions.end(session.id);
  await shows(terminal, /HAPI was tested with Claude Code 2\.1\.329 and 2\.1\.332; this is 2\.99\.0/);
  await shows(terminal, "The session was ended remotely.");
  await world.web.until(() => session.value.metadata?.lifecycleState === "aborted" && !session.value.active, "ended");
}, 480_000);
