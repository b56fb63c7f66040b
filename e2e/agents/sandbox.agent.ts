/** Claude in a sandbox, in its own terminal and steered from the web: it works, and what it runs can't leave its folder. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { findProgram, runCommand } from "@hapi/platform";
import { atPrompt, BANNER, enter, shows } from "./tui.ts";
import { createWorld } from "./world.ts";

/** A system may have the program and forbid what it needs. */
async function isPossible(): Promise<boolean> {
  const bwrap = findProgram("bwrap");
  if (!bwrap) return false;
  const trial = [bwrap, "--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "true"];
  return (await runCommand(trial, { cwd: "/", env: {}, timeoutMs: 10_000 })).code === 0;
}
const canBox = await isPossible();
const boxed = canBox ? test : () => undefined;

if (!canBox)
  test("where no sandbox can be had: said, and nothing is started without one", async () => {
    await using world = await createWorld();
    const terminal = await world.terminal();
    await enter(terminal, "hapi claude --sandbox");
    await shows(terminal, /bubblewrap/);
    await shows(terminal, /without a sandbox/);
    expect(existsSync(join(world.home, ".hapi", "sessions"))).toBe(false);
  }, 480_000);

boxed(
  "steered from the web: a command it was allowed writes in its folder, and nowhere else; HAPI's files are not there",
  async () => {
    await using world = await createWorld();
    const { terminal, session } = await world.start("claude --sandbox --hapi-starting-mode remote");
    await shows(terminal, BANNER);
    await world.web.until(() => session.value.active && session.value.metadata?.lifecycleState === "running", "running");
    expect(session.value.metadata?.sandbox).toEqual({ network: true });
    const prompt = await session.send("run: ls ~/.hapi; touch made ~/../outside; cat ~/.hapi/settings.json > copied");
    const request = await session.request();
    await world.web.api.permissions.approve(session.id, request.id, { decision: "approved", digest: request.digest ?? "" });
    await session.finished(prompt);
    await session.turns(1);
    expect([existsSync(join(world.cwd, "made")), readFileSync(join(world.cwd, "copied"), "utf8")]).toEqual([true, ""]);
  },
  480_000,
);

boxed(
  "in its terminal: turns are told, and a permission is answered from the web",
  async () => {
    await using world = await createWorld();
    const { terminal, session } = await world.start("claude --sandbox");
    await atPrompt(terminal);
    await enter(terminal, "run: touch from-afar");
    const request = await session.request();
    await world.web.api.permissions.approve(session.id, request.id, { decision: "approved", digest: request.digest ?? "" });
    await session.tells("ended: completed");
    expect(existsSync(join(world.cwd, "from-afar"))).toBe(true);
    expect(session.told).toEqual([
      "typed: run: touch from-afar",
      "started",
      "calls: Bash",
      "result: completed",
      expect.stringContaining("says: Done"),
      "ended: completed",
    ]);
  },
  480_000,
);
