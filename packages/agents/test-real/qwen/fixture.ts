/** The real Qwen Code for the driver contract. */
import type { DriverFixture } from "../../src/contract/driver.case.ts";
import { qwenDriver } from "../../src/qwen/driver.ts";
import { versionOf } from "../shared/installed.ts";
import { noEffort, toolsOffered } from "../shared/lacks.ts";
import { onScriptedModels } from "../shared/scripted.ts";
import { qwenEnv } from "./home.ts";

const models = onScriptedModels(qwenEnv);

export const qwenFixture: DriverFixture = {
  name: "Qwen Code",
  driver: qwenDriver,
  version: versionOf("qwen"),
  timeoutMs: 90_000,
  // It tries again by itself on everything that may pass.
  prompts: { failOnce: "fail 400 x1" },
  failure: { code: "invalid_request" },
  goesOn: true,
  prepare: models.prepare,
  recall: models.recall,
  cannot: {
    effort: { reason: "over ACP it offers no choice of it", shows: noEffort },
    todo: { reason: "its to-do tool is not offered to this model", shows: (world) => toolsOffered(world, models.fake, [], ["todo_write"]) },
    model: {
      reason: "one model is configured",
      async shows(world) {
        const models = await world.conversation.listModels();
        if (models.length !== 1) throw new Error(`${models.length} models are on offer`);
      },
    },
  },
};
