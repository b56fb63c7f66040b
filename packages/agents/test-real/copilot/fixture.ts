/** The real Copilot CLI for the driver contract. */
import type { DriverFixture } from "../../src/contract/driver.case.ts";
import { copilotDriver } from "../../src/copilot/driver.ts";
import { versionOf } from "../shared/installed.ts";
import { noEffort, toolsOffered } from "../shared/lacks.ts";
import { onScriptedModels } from "../shared/scripted.ts";
import { copilotEnv } from "./home.ts";

const models = onScriptedModels(copilotEnv);

export const copilotFixture: DriverFixture = {
  name: "GitHub Copilot CLI",
  driver: copilotDriver,
  version: versionOf("copilot"),
  timeoutMs: 60_000,
  // It tries again by itself on everything that may pass.
  prompts: { failOnce: "fail 400 x1" },
  failure: { code: "invalid_request" },
  goesOn: true,
  prepare: models.prepare,
  recall: models.recall,
  cannot: {
    effort: { reason: "over ACP it offers no choice of it", shows: noEffort },
    model: {
      reason: "with a provider of one's own there is one model",
      async shows(world) {
        const models = await world.conversation.listModels();
        if (models.length > 1) throw new Error(`${models.length} models are on offer`);
      },
    },
    question: { reason: "it offers no question tool over ACP", shows: (world) => toolsOffered(world, models.fake, [], ["ask_user"]) },
    plan: {
      reason: "it offers no tool that leaves its plan mode",
      shows: (world) => toolsOffered(world, models.fake, [], ["exit_plan_mode"]),
    },
    todo: {
      reason: "it keeps its list in a database of its own",
      shows: (world) => toolsOffered(world, models.fake, ["sql"], ["update_todo"]),
    },
  },
};
