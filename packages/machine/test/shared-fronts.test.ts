/** An agent whose terminal and remote control are live on one thread at once: nothing is handed over, and neither side stops the other. */
import { expect, test } from "bun:test";
import { createWorld, run, stages } from "./world.ts";

const shared = { control: "shared", startingMode: "local", viewers: true } as const;

test("its own screen opens beside the agent, and the session counts as running, not as the terminal's", async () => {
  await using world = await createWorld(shared);
  expect(world.agent.front).toBe("remote");
  expect(world.agent.hasTerminal).toBe(true);
  expect(world.host.display).toEqual({ kind: "process", launchId: "screen-1" });
  await world.hub.until(() => world.hub.metadata?.lifecycleState === "running", "running");
  expect(world.hub.agentState?.controlledByUser).toBe(false);
});

test("a prompt from afar runs, and the terminal stays on the screen", async () => {
  await using world = await createWorld(shared);
  await run(world, "p1", "from the phone");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "done");
  world.agent.typed("from the terminal");
  world.agent.finish();
  await run(world, "p2", "from the phone again");
  expect(world.agent.hasTerminal).toBe(true);
  expect(world.host.display).toEqual({ kind: "process", launchId: "screen-1" });
  expect(world.agent.starts).toHaveLength(1);
  expect(world.hub.rows.some((row) => row.key.startsWith("hapi:switch"))).toBe(false);
});

test("a prompt from afar waits for a turn that was typed, and goes on behind it without a word of anybody", async () => {
  await using world = await createWorld(shared);
  world.agent.typed("long work");
  world.hub.prompt("p1", "behind it");
  await world.hub.until(() => world.hub.agentState?.queue?.for === "turn", "waits for the turn");
  expect(world.hub.agentState?.["handoff"]).toBeUndefined();
  world.agent.finish();
  await world.hub.until(() => world.agent.ran.at(-1) === "behind it", "runs");
});

test("after a kill of the session process the terminal is still on the screen, and is not drawn over", async () => {
  await using world = await createWorld(shared);
  await run(world, "p1", "before");
  await world.crash();
  await world.start();
  expect(world.host.display).toEqual({ kind: "process", launchId: "screen-1" });
  expect(world.agent.starts).toHaveLength(1);
  world.agent.finish();
  await run(world, "p2", "after");
});

test("whoever leaves the agent's own screen ends the session, with its exit code", async () => {
  await using world = await createWorld(shared);
  world.agent.closeTerminal({ code: 0, expected: false });
  expect(await world.session.ended).toBe(0);
  expect(world.hub.metadata?.lifecycleState).toBe("completed");
  expect(world.agent.front).toBeNull();
});

test("its own screen that ends, as it was to, while the session is taken up: ours is shown in its place", async () => {
  await using world = await createWorld(shared);
  world.agent.whileOpening = () => world.agent.closeTerminal({ code: 0, expected: true });
  await world.relaunch();
  expect([world.agent.hasTerminal, world.host.display]).toEqual([false, { kind: "controller" }]);
  expect(world.ledger.state.facts.front).toBe("remote");
  await run(world, "p1", "from the phone");
});

test("the same while a session process takes up what ran", async () => {
  await using world = await createWorld(shared);
  await world.crash();
  world.agent.whileAdopted = () => world.agent.closeTerminal({ code: 0, expected: true });
  await world.start();
  expect([world.agent.hasTerminal, world.host.display]).toEqual([false, { kind: "controller" }]);
  expect(world.ledger.state.facts.front).toBe("remote");
});

test("an agent that dies takes its screen along: ours is shown, the prompt is told, and the next one starts it again", async () => {
  await using world = await createWorld(shared);
  await run(world, "p1", "at work");
  world.agent.die({ code: 137, failure: { code: "agent_exited", message: "The agent was killed", retryable: true } });
  await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", "interrupted");
  await world.hub.until(() => world.host.display.kind === "controller", "our screen");
  await run(world, "p2", "once more");
  expect(world.agent.starts.at(-1)).toMatchObject({ front: "remote", threadId: "thread-1" });
  world.host.viewerInput("  ");
  await world.hub.until(() => world.agent.hasTerminal, "its screen again");
  expect(world.host.display).toEqual({ kind: "process", launchId: "screen-2" });
  expect(world.agent.starts).toHaveLength(2);
});

test("a screen that can't be opened leaves the agent and the session alone", async () => {
  await using world = await createWorld({ control: "shared", viewers: true });
  await run(world, "p1", "at work");
  world.agent.failTerminals = 1;
  world.host.viewerInput("  ");
  await world.hub.until(() => world.host.drawn.includes("would not open"), "says why");
  expect(world.host.display).toEqual({ kind: "controller" });
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "done");
  expect(world.agent.starts).toHaveLength(1);
});

test("an agent whose own screen is open is not parked while nobody looks", async () => {
  await using world = await createWorld({ ...shared, parkAfterMs: 5 });
  await run(world, "p1", "work");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "done");
  world.host.setViewers([]);
  world.agent.typed("still here");
  world.agent.finish();
  await run(world, "p2", "and here");
  expect(world.agent.starts).toHaveLength(1);
  expect(world.agent.hasTerminal).toBe(true);
});

test("nothing is switched on a shared thread", async () => {
  await using world = await createWorld(shared);
  expect(await world.hub.rpc("switch", { to: "remote" }).catch((cause: unknown) => cause)).toMatchObject({
    code: "control_mode_not_applicable",
  });
});
