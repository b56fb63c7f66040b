/** The contract every driver keeps, on the real Codex. */
import { expect } from "bun:test";
import { join } from "node:path";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import { codexDriver } from "../../src/codex/driver.ts";
import { runDriverContract } from "../../src/contract/driver.case.ts";
import { joinThread } from "./client.ts";
import { versionOf } from "../shared/installed.ts";
import { prepareHome } from "./home.ts";

let fake: FakeModels;
let sessionFolder = "";

runDriverContract({
  name: "Codex",
  driver: codexDriver,
  version: versionOf("codex"),
  timeoutMs: 60_000,
  cannot: {
    plan: {
      reason: "Codex's plan is a message, not a request",
      async shows(world) {
        await world.conversation.setPermissionMode("plan");
        await world.untilEnd(await world.prompt("say: <proposed_plan>First this, then that</proposed_plan>"));
        expect(world.events.some((event) => event.type === "request")).toBe(false);
        expect(world.records().findLast((record) => record.type === "agent-message")?.text).toContain("First this");
      },
    },
  },
  // A call that was cut off has the result "aborted" in the thread, and the model goes on from there.
  goesOn: true,
  // What was allowed for the session is the same file again.
  prompts: { writeAgain: "write a.txt: again" },
  async prepare(folder) {
    fake = await startFakeModels();
    sessionFolder = folder;
    const server = fake;
    const cwd = join(folder, "project");
    return { env: prepareHome(folder, { url: fake.url, cwd }), cwd, dispose: () => server.close() };
  },
  effort: () => fake.requests.findLast((request) => request.op === "answer" && !request.aux)?.effort,
  async recall(world) {
    await world.untilEnd(await world.prompt("recall"));
    const last = fake.requests.findLast((request) => request.op === "answer" && !request.aux);
    return (last?.messages ?? [])
      .flatMap((message) => (message.role === "user" ? message.parts.map((part) => part.text ?? "") : []))
      .join("\n");
  },
  // The server prints nothing: another client of it hears the end.
  async saidAll(world) {
    await using client = await joinThread(join(sessionFolder, "agent-1.sock"), world.events);
    await client.idle;
  },
});
