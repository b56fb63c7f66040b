/** An MCP server asks the person through the real Codex: a form with bad answers, a good one, and a refusal. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { startFakeModels } from "@hapi/testkit";
import { codexDriver } from "../../src/codex/driver.ts";
import { openWorld, type World } from "../../src/contract/world.ts";
import type { RequestAnswer } from "../../src/driver.ts";
import { prepareHome } from "./home.ts";

const SERVER = join(import.meta.dir, "../shared/asking-server.mjs");
const more = `
[mcp_servers.asking]
command = "node"
args = [${JSON.stringify(SERVER)}]
`;

const open = (): Promise<World> =>
  openWorld({
    name: "Codex",
    driver: codexDriver,
    timeoutMs: 60_000,
    async prepare(folder) {
      const fake = await startFakeModels();
      const cwd = join(folder, "project");
      return { env: prepareHome(folder, { url: fake.url, cwd, more }), cwd, dispose: () => fake.close() };
    },
  });

/** Codex itself asks for leave before it calls the tool; then the server asks. */
async function ask(world: World, how: string) {
  const from = world.events.length;
  const localId = await world.prompt(`call: mcp__asking.deploy {"how":"${how}"}`);
  const leave = await world.request(from);
  const before = world.events.length;
  await world.answer(leave, { behavior: "allow" });
  return { from, localId, leave, request: await world.request(before) };
}

/** What the server was told. */
async function told(world: World, { from, localId }: { from: number; localId: string }): Promise<unknown> {
  await world.untilEnd(localId);
  const rows = world.events.slice(from).flatMap((event) => (event.type === "record" ? [event.event] : []));
  const result = rows.findLast((row) => row.type === "tool-result");
  return JSON.parse(/\{"action".*\}/.exec(result?.type === "tool-result" ? (result.output ?? "") : "")?.[0] ?? "null");
}

test("a form: who asks, what can't be is said and stays open; answered and declined", async () => {
  await using world = await open();
  await world.start();
  const first = await ask(world, "form");
  expect(first.leave).toMatchObject({ kind: "permission", tool: "mcp__asking" });
  expect(first.request).toMatchObject({
    kind: "question",
    title: "Where to?",
    input: {
      server: "asking",
      // Codex sorts the fields of a form by name.
      questions: [
        { question: "How many", optional: true },
        { question: "Dry run?", optional: true },
        { question: "Target", closed: true },
      ],
    },
  });
  const answer = (given: RequestAnswer) => world.conversation.answer(first.request.id, given);
  await expect(answer({ behavior: "allow", answers: { "How many": ["2"] } })).rejects.toMatchObject({ code: "invalid_body" });
  const many = { Target: ["staging"], "How many": ["2.5"] };
  await expect(answer({ behavior: "allow", answers: many })).rejects.toMatchObject({ code: "invalid_body" });
  await answer({ behavior: "allow", answers: { Target: ["staging"], "How many": ["2"], "Dry run?": ["Yes"] } });
  expect(await told(world, first)).toEqual({ action: "accept", content: { where: "staging", count: 2, dry: true } });

  const second = await ask(world, "form");
  await world.answer(second.request, { behavior: "deny" });
  expect(await told(world, second)).toMatchObject({ action: "decline" });
}, 240_000);
