/** The real Copilot CLI for the driver contract. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import type { DriverFixture } from "../../src/contract/driver.case.ts";
import { copilotDriver } from "../../src/copilot/driver.ts";
import { lastSaid, versionOf } from "../shared/installed.ts";
import { toolsOffered } from "../shared/lacks.ts";
import { copilotEnv } from "./home.ts";

let fake: FakeModels;

export const copilotFixture: DriverFixture = {
  name: "GitHub Copilot CLI",
  driver: copilotDriver,
  version: versionOf("copilot"),
  timeoutMs: 60_000,
  // It tries again by itself on everything that may pass.
  prompts: { failOnce: "fail 400 x1" },
  failure: { code: "invalid_request" },
  goesOn: true,
  async prepare(folder) {
    fake = await startFakeModels();
    const server = fake;
    const cwd = join(folder, "project");
    mkdirSync(cwd);
    return { env: copilotEnv(folder, fake.url), cwd, dispose: () => server.close() };
  },
  async recall(world) {
    await world.untilEnd(await world.prompt("recall"));
    return lastSaid(fake);
  },
  cannot: {
    model: {
      reason: "with a provider of one's own there is one model",
      async shows(world) {
        const models = await world.conversation.listModels();
        if (models.length > 1) throw new Error(`${models.length} models are on offer`);
      },
    },
    question: { reason: "it offers no question tool over ACP", shows: (world) => toolsOffered(world, () => fake, [], ["ask_user"]) },
    plan: {
      reason: "it offers no tool that leaves its plan mode",
      shows: (world) => toolsOffered(world, () => fake, [], ["exit_plan_mode"]),
    },
    todo: {
      reason: "it keeps its list in a database of its own",
      shows: (world) => toolsOffered(world, () => fake, ["sql"], ["update_todo"]),
    },
  },
};
