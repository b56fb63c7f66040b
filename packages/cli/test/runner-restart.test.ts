/** "Restart the runner" in the web app, for a runner that `hapi runner start` left in the background: another process takes its place. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHubApi, machineCalls } from "@hapi/client";
import { startHub } from "@hapi/hub";
import { readRunnerState } from "@hapi/machine/runner";
import { isAlive, killTree, runCommand } from "@hapi/platform";

const MAIN = join(import.meta.dir, "../src/main.ts");

test("the answer is true: the old one ends, a new one answers, and stop ends that one", async () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-restart-"));
  const hub = await startHub({ home, port: 0, token: "a-token-for-tests-1" });
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, HAPI_HOME: home, CLI_API_TOKEN: "a-token-for-tests-1", HAPI_API_URL: hub.url };
  const hapi = async (...words: string[]) =>
    (await runCommand([process.execPath, MAIN, ...words], { env, cwd: home, timeoutMs: 120_000 })).stdout;
  const until = async <T>(look: () => Promise<T | null | false>): Promise<T> => {
    for (const deadline = Date.now() + 20_000; ;) {
      const found = await look();
      if (found) return found;
      if (Date.now() > deadline) throw new Error("it did not happen");
      await new Promise((done) => setTimeout(done, 30));
    }
  };
  try {
    await hapi("runner", "start", "--workspace-root", home);
    const first = readRunnerState(home)!;
    const api = createHubApi({ baseUrl: hub.url, accessToken: () => "a-token-for-tests-1" });
    const machine = await until(async () => (await api.machines.list()).find((one) => one.active) ?? null);
    await machineCalls(api).restartRunner(machine.id);
    const second = await until(async () => {
      const state = readRunnerState(home);
      return state && state.pid !== first.pid && isAlive(state) && !isAlive(first) ? state : null;
    });
    const status = await until(async () => {
      const said = JSON.parse(await hapi("runner", "status", "--json")) as { running: boolean; pid?: number };
      return said.running && said;
    });
    expect(status.pid).toBe(second.pid);
    const again = await until(async () => (await api.machines.list()).find((one) => one.active) ?? null);
    expect(again.metadata?.workspaceRoots).toEqual([home]);
    await hapi("runner", "stop");
    await until(async () => !isAlive(second));
  } finally {
    const left = readRunnerState(home);
    if (left) killTree(left, "SIGKILL");
    await hub.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}, 240_000);
