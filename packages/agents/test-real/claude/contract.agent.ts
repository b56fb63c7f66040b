/** The contract every driver keeps, on the real Claude Code. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import { claudeDriver } from "../../src/claude/driver.ts";
import { runDriverContract } from "../../src/contract/driver.case.ts";
import { versionOf } from "../shared/installed.ts";
import { agentEnv, onboarded } from "./home.ts";

let fake: FakeModels;

runDriverContract({
  name: "Claude Code",
  driver: claudeDriver,
  version: versionOf("claude"),
  timeoutMs: 80_000,
  saidAll: '"type":"result"',
  async prepare(folder) {
    fake = await startFakeModels();
    const home = join(folder, "home");
    const cwd = join(folder, "project");
    for (const dir of [home, cwd]) mkdirSync(dir);
    writeFileSync(join(home, ".claude.json"), onboarded(cwd));
    const server = fake;
    return {
      env: { ...agentEnv({ home, tmp: folder, url: fake.url }), IS_SANDBOX: "1", CLAUDE_CODE_ENABLE_TASKS: "0" },
      cwd,
      dispose: () => server.close(),
    };
  },
  effort: () => fake.requests.findLast((request) => request.op === "answer" && !request.aux)?.effort,
  async recall(world) {
    await world.untilEnd(await world.prompt("recall"));
    const last = fake.requests.findLast((request) => request.op === "answer" && !request.aux);
    // What the person said: the answers echo it.
    return (last?.messages ?? [])
      .flatMap((message) => (message.role === "user" ? message.parts.map((part) => part.text ?? "") : []))
      .join("\n");
  },
});
