/** The real OpenCode for the driver contract. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { join } from "node:path";
import { delay } from "@hapi/platform";
import { PROMPTS, type DriverFixture } from "../../src/contract/world.ts";
import { opencodeDriver } from "../../src/opencode/driver.ts";
import { versionOf } from "../shared/installed.ts";
import { onScriptedModels } from "../shared/scripted.ts";
import { opencodeEnv } from "./home.ts";

const models = onScriptedModels(opencodeEnv);
let folder = "";

/** Of the session that was prepared last: its private one. */
export const sessionFolder = (): string => folder;

/** Does the record hold an answer that came to its end? */
function hasEnded(): boolean {
  using database = new Database(join(folder, "home/.local/share/opencode/opencode.db"), { readonly: true });
  const rows = database.query<{ data: string }, []>("SELECT data FROM message").all();
  return rows.some(({ data }) => {
    const { role, finish } = JSON.parse(data) as { role?: string; finish?: string };
    return role === "assistant" && finish === "stop";
  });
}

export const opencode: DriverFixture = {
  name: "OpenCode",
  driver: opencodeDriver,
  version: versionOf("opencode"),
  timeoutMs: 60_000,
  // A 5xx is tried again by OpenCode itself, for a minute; a provider that is full says so with any status.
  prompts: { failOnce: "fail 400 x1" },
  // A call that was cut off stands in the record as interrupted, and the model goes on from there.
  goesOn: true,
  cannot: {
    plan: {
      reason: "its plan agent answers in words; leaving it is no call that a person approves",
      async shows(world) {
        await world.conversation.setPermissionMode("plan");
        await world.untilEnd(await world.prompt(PROMPTS.plan));
        expect(models.fake().requests.findLast((request) => request.op === "answer" && !request.aux)?.tools).not.toContain("plan_exit");
      },
    },
  },
  // Its server says nothing on its output: its own record is looked at, which can't be subscribed to from here.
  async saidAll() {
    while (!hasEnded()) await delay(20);
  },
  prepare(own) {
    folder = own;
    return models.prepare(own);
  },
  recall: models.recall,
  effort: models.effort,
};
