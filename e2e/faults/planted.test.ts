/** The suite over real processes finds what is planted: a client that sends again without its key doubles a prompt whose answer was lost. */
import { expect, test } from "bun:test";
import { checkHistory } from "@hapi/testkit";
import { createWorld } from "./world.ts";

async function violations(clientFault?: string): Promise<string[]> {
  await using world = await createWorld({ speed: 0, seed: 3, ...(clientFault === undefined ? {} : { clientFault }) });
  const { clients } = world.nets;
  clients.weather({ loseAnswer: 1, plays: /^POST .*\/messages/ });
  const text = "say: once";
  const localId = await world.send(text);
  await world.until(async () => (await world.rows()).some((row) => JSON.stringify(row.content).includes("say: once")), "the hub has it");
  await world.until(async () => clients.counts.lostAnswers > 0, "an answer was lost");
  clients.weather({});
  await world.until(async () => world.client.sent.has(localId), "the client hears that the hub has it");
  const { rows, agent } = await world.until(async () => {
    const history = await world.history([{ localId, text }]);
    const { thinking } = await world.api.sessions.get(world.sessionId);
    // As many turns as there are prompts, whoever made them.
    const prompts = history.rows.filter((row) => JSON.stringify(row.content).includes("say: once") && row.localId);
    return !thinking && history.agent.said.length === prompts.length && history.agent.said.length > 0 ? history : null;
  }, "the agent has done what it was given");
  return checkHistory({ rows, agent, accepted: [{ localId, text }] }).map(({ kind }) => kind);
}

test("the client as it is: an answer is lost, and the prompt runs once", async () => {
  expect(await violations()).toEqual([]);
}, 480_000);

test("planted: a client that forgets the key runs it twice, and the checker says so", async () => {
  expect(await violations("--new-key-each-time")).toContain("prompt-ran-twice");
}, 480_000);
