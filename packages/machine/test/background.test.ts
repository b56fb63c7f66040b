/** Work beside the turns: shown, not parked, and ended by nobody who was not told. */
import { expect, test } from "bun:test";
import { BACKGROUND_ANSWER_MS } from "@hapi/core";
import type { BackgroundWork } from "@hapi/protocol";
import { createManualClock } from "@hapi/testkit";
import { createWorld, run } from "./world.ts";

const SERVER: BackgroundWork[] = [{ id: "npm run dev", kind: "shell", label: "npm run dev" }];

test("it is shown at the hub, and an agent with work in the background is not parked before that has ended", async () => {
  const clock = createManualClock();
  await using world = await createWorld({ parkAfterMs: 60_000, clock });
  await world.hub.until(() => world.agent.front === "remote", "it runs");
  world.agent.background(["npm run dev"]);
  await world.hub.until(() => world.hub.agentState?.background !== undefined, "shown");
  expect(world.hub.agentState?.background).toEqual(SERVER);
  await clock.advance(10 * 60_000);
  expect(world.agent.front).toBe("remote");
  world.agent.background([]);
  await world.hub.until(() => world.hub.agentState?.background === undefined, "over");
  await clock.advance(61_000);
  await world.hub.until(() => world.agent.front === null, "parked");
});

test("a prompt waits for what the terminal has in the background, says so, and goes when that has ended", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  world.agent.background(["npm run dev"]);
  world.hub.prompt("p1", "from the phone");
  await world.hub.until(() => world.hub.agentState?.handoff?.waitsFor === "background", "waits");
  expect(world.agent.front).toBe("local");
  world.agent.background([]);
  await world.hub.until(() => world.agent.ran.at(-1) === "from the phone", "it runs");
  expect(world.hub.agentState?.background).toBeUndefined();
});

test("Take over now ends it", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  world.agent.background(["npm run dev"]);
  world.hub.prompt("p1", "from the phone");
  await world.hub.until(() => world.hub.agentState?.handoff?.waitsFor === "background", "waits");
  await world.hub.rpc("switch", { to: "remote", now: true });
  await world.hub.until(() => world.agent.ran.at(-1) === "from the phone", "it runs");
});

test("two spaces ask first and name it; two more end it", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await run(world, "p1", "from the phone");
  world.agent.background(["npm run dev"]);
  world.agent.finish();
  await world.hub.until(() => world.hub.agentState?.background !== undefined, "shown");
  world.host.viewerInput("  ");
  await world.hub.until(() => world.host.drawn.includes("ends 1 running in the background: npm run dev"), "named");
  expect(world.agent.front).toBe("remote");
  world.host.viewerInput("  ");
  await world.hub.until(() => world.agent.front === "local", "the terminal again");
});

test("who does not answer leaves it running, and the queue goes on", async () => {
  const clock = createManualClock();
  await using world = await createWorld({ startingMode: "local", viewers: true, clock });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  await world.hub.rpc("switch", { to: "remote" });
  await world.hub.until(() => world.agent.front === "remote", "remote");
  world.agent.background(["npm run dev"]);
  world.host.viewerInput("  ");
  await world.hub.until(() => world.hub.agentState?.handoff?.waitsFor === "background", "it asks");
  world.hub.prompt("p1", "meanwhile");
  await world.hub.until(() => world.ledger.state.prompts.has("p1"), "kept");
  expect(world.agent.ran).toEqual([]);
  await clock.advance(BACKGROUND_ANSWER_MS);
  await world.hub.until(() => world.agent.ran.at(-1) === "meanwhile", "it runs");
  expect(world.agent.front).toBe("remote");
  expect(world.hub.agentState?.background).toEqual(SERVER);
});
