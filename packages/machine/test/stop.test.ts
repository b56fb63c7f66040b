/** Stop, when what is to be stopped does not answer. */
import { expect, test } from "bun:test";
import { createWorld, run, stages, texts } from "./world.ts";

test("an agent that answers nothing any more is ended by Stop; the session goes on with the next prompt, on the same conversation", async () => {
  await using world = await createWorld();
  await run(world, "p1", "work");
  world.agent.frozen = true;
  await world.hub.rpc("abort", { reason: "stop" });
  await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", "interrupted");
  expect(world.agent.front).toBeNull();
  await world.hub.until(() => JSON.stringify(world.hub.rows).includes("did not answer Stop"), "said");
  world.agent.frozen = false;
  await run(world, "p2", "go on");
  expect(world.agent.starts.at(-1)).toMatchObject({ front: "remote", threadId: "thread-1" });
  expect(world.hub.metadata?.lifecycleState).toBe("running");
  await world.hub.until(() => texts(world).includes("> go on"), "in the history");
});

test("what it was given and never began does not run after Stop had to end it", async () => {
  await using world = await createWorld();
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "never");
  await world.hub.until(() => world.ledger.state.prompts.get("p1")?.stage === "handed", "handed");
  world.agent.frozen = true;
  await world.hub.rpc("abort", { reason: "stop" });
  await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", "told");
  world.agent.frozen = false;
  world.agent.onPrompt = "run";
  await run(world, "p2", "next");
  expect(world.agent.ran).toEqual(["next"]);
});
