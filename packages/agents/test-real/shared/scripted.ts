/** What the fixtures of real agents have in common: the scripted model server, a project, and what the agent recalls. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import type { DriverFixture } from "../../src/contract/driver.case.ts";
import { lastSaid } from "./installed.ts";

export interface Scripted extends Required<Pick<DriverFixture, "prepare" | "recall" | "effort">> {
  /** The server of the world that was prepared last. */
  fake(): FakeModels;
}

export function onScriptedModels(environment: (folder: string, url: string) => Record<string, string>): Scripted {
  let fake: FakeModels;
  return {
    fake: () => fake,
    async prepare(folder) {
      fake = await startFakeModels();
      const server = fake;
      const cwd = join(folder, "project");
      mkdirSync(cwd);
      return { env: environment(folder, fake.url), cwd, dispose: () => server.close() };
    },
    effort: () => fake.requests.findLast((request) => request.op === "answer" && !request.aux)?.effort,
    async recall(world) {
      await world.untilEnd(await world.prompt("recall"));
      return lastSaid(fake);
    },
  };
}
