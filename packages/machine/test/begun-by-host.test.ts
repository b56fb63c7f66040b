/** The host begins the agent's screen before there is a session process: what the agent did until then is its own, and no end of a former life. */
import { expect, test } from "bun:test";
import { createWorld, type World } from "./world.ts";

/** The session process is gone and so is its host; the next host has begun the agent already. */
async function hostBegins(world: World): Promise<void> {
  await world.session.release();
  world.agent.die({ code: 0 });
  const { sessionFile, host } = world;
  sessionFile.update({ firstLaunch: { launchId: "first", threadId: "thread-1", how: "new" }, host: { startedAt: Math.random() } });
  await host.spawn({ launchId: "first", kind: "pty", argv: ["cat"], cwd: "/", env: {} });
  world.agent.begunByHost();
}

const ends = (world: World): string[] =>
  world.hub.rows.flatMap(({ key, content }) => (JSON.stringify(content).includes("turn-ended") || key.endsWith(":end") ? [key] : []));

test("a turn that it began runs on, is shown to run, and is not said to be broken off", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  await hostBegins(world);
  world.agent.typed("fix it");
  world.agent.ask({ id: "r1" });
  await world.start();
  expect(world.ledger.state.facts.turn).not.toBeNull();
  expect([...world.ledger.state.open.keys()]).toEqual(["r1"]);
  expect(ends(world)).toEqual([]);
});

test("a turn that the former life left open is ended, and the one that runs is shown", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  world.agent.typed("left open");
  world.agent.ask({ id: "r0" });
  await world.hub.until(() => world.ledger.state.open.size === 1, "asked");
  await hostBegins(world);
  world.agent.typed("fix it");
  await world.start();
  await world.hub.until(() => ends(world).length === 1, "ended");
  expect(world.ledger.state.facts.turn).not.toBeNull();
  expect([...world.ledger.state.open.keys()]).toEqual([]);
});
