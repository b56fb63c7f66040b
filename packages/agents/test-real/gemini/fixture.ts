/** The real Gemini CLI for the driver contract. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import type { DriverFixture } from "../../src/contract/driver.case.ts";
import { geminiDriver } from "../../src/gemini/driver.ts";
import { lastSaid, versionOf } from "../shared/installed.ts";
import { toolsOffered } from "../shared/lacks.ts";
import { geminiEnv } from "./home.ts";

let fake: FakeModels;

export const geminiFixture: DriverFixture = {
  name: "Gemini CLI",
  driver: geminiDriver,
  version: versionOf("gemini"),
  timeoutMs: 60_000,
  goesOn: true,
  async prepare(folder) {
    fake = await startFakeModels();
    const server = fake;
    const cwd = join(folder, "project");
    mkdirSync(cwd);
    return { env: geminiEnv(folder, fake.url), cwd, dispose: () => server.close() };
  },
  async recall(world) {
    await world.untilEnd(await world.prompt("recall"));
    return lastSaid(fake);
  },
  cannot: {
    question: { reason: "its question tool is not offered over ACP", shows: (world) => toolsOffered(world, () => fake, [], ["ask_user"]) },
    plan: {
      reason: "leaving its plan mode is not offered in HAPI's modes of it",
      shows: (world) => toolsOffered(world, () => fake, [], ["exit_plan_mode"]),
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
