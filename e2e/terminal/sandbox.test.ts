/** `--sandbox` in a terminal: a session that runs without one is not joined as if it had one; one that has ended is continued in one. */
import { expect } from "bun:test";
import { findProgram, runCommand } from "@hapi/platform";
import { HAPI, openPlace, terminalTest, until } from "./place.ts";

/** A system may have the program and forbid what it needs. */
async function isPossible(): Promise<boolean> {
  const bwrap = findProgram("bwrap", { PATH: "/usr/bin:/bin:/usr/local/bin" });
  if (!bwrap) return false;
  const trial = [bwrap, "--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "/bin/true"];
  return (await runCommand(trial, { cwd: "/", env: {}, timeoutMs: 10_000 })).code === 0;
}
const canBox = await isPossible();

terminalTest(
  "of a session that runs without one: refused, with what to do; after that it is done",
  async () => {
    await using place = await openPlace();
    const cwd = place.project("shop");
    const sessionId = (await place.hapi(["demo", "--hapi-starting-mode", "remote"], { cwd })).stdout.trim();
    await until(async () => (await place.api().sessions.get(sessionId)).active, "the session runs");
    const short = sessionId.slice(0, 8);
    for (const words of [["--sandbox"], ["--existing-session-id", sessionId, "--sandbox-network", "off"]]) {
      const refused = await place.hapi(["demo", "--hapi-starting-mode", "remote", ...words], { cwd });
      expect([refused.code, refused.stdout]).toEqual([1, ""]);
      expect(refused.stderr).toContain(
        `runs already, without a sandbox, and that can't be changed while it runs. Stop it (hapi stop ${short})`,
      );
    }
    await using terminal = await place.shell(cwd);
    await terminal.type(`clear; ${HAPI} demo --sandbox; echo "code $?"\n`);
    const screen = await terminal.until((now) => /code \d/.test(now), { timeoutMs: 80_000, what: "the refusal" });
    expect(screen).toContain("without a sandbox");
    expect(screen).toContain("code 1");
    expect((await place.api().sessions.get(sessionId)).metadata?.sandbox).toBeUndefined();

    expect((await place.hapi(["stop", sessionId, "--force"], { cwd })).code).toBe(0);
    const again = await place.hapi(["demo", "--hapi-starting-mode", "remote", "--sandbox"], { cwd });
    if (!canBox) expect([again.code, again.stderr.includes("bubblewrap")]).toEqual([1, true]);
    else {
      expect([again.code, again.stdout.trim()]).toEqual([0, sessionId]);
      await until(async () => (await place.api().sessions.get(sessionId)).metadata?.sandbox?.network === true, "it is in one");
    }
  },
  240_000,
);
