/** The real Qwen Code for the driver contract. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import type { DriverFixture } from "../../src/contract/driver.case.ts";
import { qwenDriver } from "../../src/qwen/driver.ts";
import { lastSaid, versionOf } from "../shared/installed.ts";
import { toolsOffered } from "../shared/lacks.ts";
import { qwenEnv } from "./home.ts";

let fake: FakeModels;

export const qwenFixture: DriverFixture = {
  name: "Qwen Code",
  driver: qwenDriver,
  version: versionOf("qwen"),
  timeoutMs: 90_000,
  // It tries again by itself on everything that may pass.
  prompts: { failOnce: "fail 400 x1" },
  failure: { code: "invalid_request" },
  goesOn: true,
  async prepare(folder) {
    fake = await startFakeModels();
    const server = fake;
    const cwd = join(folder, "project");
    mkdirSync(cwd);
    return { env: qwenEnv(folder, fake.url), cwd, dispose: () => server.close() };
  },
  async recall(world) {
    await world.untilEnd(await world.prompt("recall"));
    return lastSaid(fake);
  },
  cannot: {
    todo: { reason: "its to-do tool is not offered to this model", shows: (world) => toolsOffered(world, () => fake, [], ["todo_write"]) },
    model: {
      reason: "one model is configured",
      async shows(world) {
        const models = await world.conversation.listModels();
        if (models.length !== 1) throw new Error(`${models.length} models are on offer`);
      },
    },
  },
};
