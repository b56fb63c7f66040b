/** The real OpenCode for the driver contract. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { join } from "node:path";
import { delay } from "@hapi/platform";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import { PROMPTS, type DriverFixture } from "../../src/contract/world.ts";
import { opencodeDriver } from "../../src/opencode/driver.ts";
import { prepareHome, VERSION } from "./home.ts";

let fake: FakeModels;
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
  version: VERSION,
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
        expect(fake.requests.findLast((request) => request.op === "answer" && !request.aux)?.tools).not.toContain("plan_exit");
      },
    },
  },
  // Its server says nothing on its output: its own record is looked at, which can't be subscribed to from here.
  async saidAll() {
    while (!hasEnded()) await delay(20);
  },
  async prepare(own) {
    folder = own;
    fake = await startFakeModels();
    const server = fake;
    const { env, cwd } = prepareHome(folder, fake.url);
    return { env, cwd, dispose: () => server.close() };
  },
  async recall(world) {
    await world.untilEnd(await world.prompt("recall"));
    const last = fake.requests.findLast((request) => request.op === "answer" && !request.aux);
    // What the person said: the answers echo it.
    return (last?.messages ?? [])
      .flatMap((message) => (message.role === "user" ? message.parts.map((part) => part.text ?? "") : []))
      .join("\n");
  },
};
