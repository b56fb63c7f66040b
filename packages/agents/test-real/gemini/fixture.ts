/** The real Gemini CLI for the driver contract. */
import type { DriverFixture } from "../../src/contract/driver.case.ts";
import { geminiDriver } from "../../src/gemini/driver.ts";
import { versionOf } from "../shared/installed.ts";
import { noEffort, toolsOffered } from "../shared/lacks.ts";
import { onScriptedModels } from "../shared/scripted.ts";
import { geminiEnv } from "./home.ts";

const models = onScriptedModels(geminiEnv);

export const geminiFixture: DriverFixture = {
  name: "Gemini CLI",
  driver: geminiDriver,
  version: versionOf("gemini"),
  timeoutMs: 60_000,
  goesOn: true,
  prepare: models.prepare,
  recall: models.recall,
  cannot: {
    effort: { reason: "over ACP it offers no choice of it", shows: noEffort },
    question: { reason: "its question tool is not offered over ACP", shows: (world) => toolsOffered(world, models.fake, [], ["ask_user"]) },
    plan: {
      reason: "leaving its plan mode is not offered in HAPI's modes of it",
      shows: (world) => toolsOffered(world, models.fake, [], ["exit_plan_mode"]),
    },
    todo: {
      reason: "the content of its to-do list is not sent over ACP",
      async shows(world) {
        const localId = await world.prompt("todo: +one,*two,three");
        await world.answer(await world.request(), { behavior: "allow" });
        await world.untilEnd(localId);
        if (world.records().some(({ type }) => type === "plan")) throw new Error("it sends its to-do list");
      },
    },
  },
};
