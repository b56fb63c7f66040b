/** What goes wrong with the real Gemini CLI before and while it works: each is a typed failure with a sentence that says what to do. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFakeModels } from "@hapi/testkit";
import { openWorld, type World } from "../../src/contract/world.ts";
import { geminiDriver } from "../../src/gemini/driver.ts";
import { programOf } from "../shared/installed.ts";
import { geminiEnv } from "./home.ts";

/** `before`: what stands in front of the program, in the words of a shell. */
function world(options: { before?: string; env?: (env: Record<string, string>) => Record<string, string> } = {}): Promise<World> {
  return openWorld({
    name: "Gemini CLI",
    driver: geminiDriver,
    timeoutMs: 60_000,
    async prepare(folder) {
      const fake = await startFakeModels();
      const cwd = join(folder, "project");
      mkdirSync(cwd);
      const env = geminiEnv(folder, fake.url);
      if (options.before !== undefined) {
        const program = join(folder, "bin/gemini");
        rmSync(program);
        writeFileSync(program, `#!/bin/sh\n${options.before}\nexec "${programOf("gemini")}" "$@"\n`, { mode: 0o755 });
      }
      return { env: options.env?.(env) ?? env, cwd, dispose: () => fake.close() };
    },
  });
}

const failureOf = (starting: Promise<void>): Promise<unknown> => starting.then(() => "it started").catch((cause: unknown) => cause);

describe("at the start", () => {
  test("no program: said before anything is started, with how to get it", async () => {
    const found = await geminiDriver.detect({ PATH: "/nowhere" });
    expect(found).toMatchObject({
      available: false,
      reason: "not_found",
      hint: expect.stringContaining("npm install -g @google/gemini-cli"),
    });
  });

  test("no login: typed as that, with the way to log in, and nothing is left running", async () => {
    await using here = await world({ env: ({ GEMINI_API_KEY: _key, ...env }) => env });
    const failure = await failureOf(here.start());
    expect(failure).toMatchObject({ code: "spawn_failed", message: expect.stringContaining("GEMINI_API_KEY") });
    await Promise.all(here.host.processes().map((process) => process.exited));
    expect(here.conversation.front).toBeNull();
  }, 120_000);

  test("it ends at once: its last words are in the sentence", async () => {
    await using here = await world({ before: "echo 'no space left on device' >&2; exit 3" });
    expect(await failureOf(here.start())).toMatchObject({
      code: "spawn_failed",
      message: expect.stringContaining("no space left on device"),
    });
    expect(here.conversation.front).toBeNull();
  }, 120_000);
});

test("what is no protocol on its output is passed over, and a start that takes long is no hang", async () => {
  await using here = await world({ before: "printf 'Update available!\\n{\"half\\n\\n[]\\n'; sleep 3" });
  await here.start();
  expect((await here.untilEnd(await here.prompt("say: still here"))).outcome).toBe("completed");
}, 120_000);
