/** A queued prompt goes into the running turn where the agent takes it; once, out of its order, and shown as steered. */
import { expect, test } from "bun:test";
import { createWorld, type World } from "./world.ts";

async function running(steer: boolean): Promise<World> {
  const world = await createWorld({ steer });
  world.hub.prompt("p1", "first");
  await world.hub.until(() => world.agent.ran.at(-1) === "first", "it runs");
  world.agent.onPrompt = "wait";
  for (const at of [2, 3]) world.hub.prompt(`p${at}`, `text ${at}`);
  await world.hub.until(() => world.ledger.state.prompts.size === 3, "queued");
  return world;
}

test("it overtakes the queue and is handed once; the queue waits on", async () => {
  await using world = await running(true);
  expect(await world.hub.rpc<unknown>("steer-queued-message", { localId: "p3" })).toEqual({ steered: true });
  await world.hub.until(() => world.hub.stages.get("p3")?.at(-1) === "handed", "told");
  expect(world.hub.steered).toEqual(["p3"]);
  expect(await world.hub.rpc<unknown>("steer-queued-message", { localId: "p3" })).toEqual({ steered: false });
  expect(await world.hub.rpc<unknown>("steer-queued-message", { localId: "p1" })).toEqual({ steered: false });
  expect(await world.hub.rpc<unknown>("steer-queued-message", { localId: "unknown" })).toEqual({ steered: false });
  expect(world.ledger.state.prompts.get("p2")?.stage).toBe("queued");
  world.agent.takeUp();
  await world.hub.until(() => world.hub.stages.get("p3")?.at(-1) === "started", "in the turn");
  expect(world.agent.ran).toEqual(["first", "text 3"]);
  expect(world.ledger.state.prompts.get("p2")?.stage).toBe("queued");
});

test("taken back while it waits, it is not steered", async () => {
  await using world = await running(true);
  expect(await world.hub.cancel("p3")).toEqual({ removed: true });
  expect(await world.hub.rpc<unknown>("steer-queued-message", { localId: "p3" })).toEqual({ steered: false });
  expect(world.hub.stages.get("p3")).toBeUndefined();
});

test("an agent that takes nothing in a turn, or no turn: refused in words, the prompt stays in the queue", async () => {
  await using world = await running(false);
  await expect(world.hub.rpc("steer-queued-message", { localId: "p2" })).rejects.toMatchObject({ code: "not_supported" });
  expect(world.ledger.state.prompts.get("p2")?.stage).toBe("queued");
  await using idle = await createWorld({ steer: true });
  await expect(idle.hub.rpc("steer-queued-message", { localId: "p2" })).rejects.toMatchObject({ code: "not_ready" });
});
