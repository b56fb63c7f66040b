/** What a session says of the start of its agent, and that one which can't go on with its conversation ends with the reason instead of beginning anew. */
import { expect, test } from "bun:test";
import { createWorld, type World } from "./world.ts";

async function ended(world: World): Promise<void> {
  await world.hub.until(() => world.hub.ended !== null, "ended");
}

test("the first start and each one after it: which thread was there, which one is used, and how", async () => {
  await using world = await createWorld();
  await world.hub.until(() => world.hub.metadata?.lastStart !== undefined, "told");
  expect(world.hub.metadata?.lastStart).toMatchObject({ how: "new", front: "remote", asked: null, used: "thread-1" });
  await world.relaunch();
  await world.hub.until(() => world.hub.metadata?.lastStart?.how === "resume", "told again");
  expect(world.hub.metadata?.lastStart).toMatchObject({ asked: "thread-1", used: "thread-1" });
  expect(await world.hub.rpc<unknown>("diagnostics")).toMatchObject({
    flavor: "fake",
    threads: { record: "thread-1", driver: "thread-1" },
    lastStart: { how: "resume", used: "thread-1" },
    host: { machineId: "machine-1" },
    launch: { startingMode: "remote", args: [] },
    agent: { front: "remote", running: true, busy: false },
    lastFailure: null,
    autoRetry: false,
    retry: null,
  });
});

test("a conversation that can't be continued: the session ends as failed with the driver's code, its thread stays in the session file", async () => {
  await using world = await createWorld();
  await world.hub.until(() => world.sessionFile.value.threadId === "thread-1", "a thread");
  world.agent.failStarts = 1;
  await world.relaunch();
  await ended(world);
  expect(world.hub.metadata).toMatchObject({
    lifecycleState: "failed",
    failureCode: "agent_exited",
    fakeSessionId: "thread-1",
    lastStart: { how: "resume", asked: "thread-1", used: null, failure: { code: "agent_exited", message: "It would not start" } },
  });
  expect(world.sessionFile.value.threadId).toBe("thread-1");
  expect(world.agent.starts).toHaveLength(2);
});

test("in the terminal: what was said is not gone with the agent's own conversation, and how to go on is said last", async () => {
  await using world = await createWorld({ viewers: true, startingMode: "local" });
  await world.hub.until(() => world.sessionFile.value.threadId === "thread-1", "a thread");
  world.agent.failStarts = 1;
  world.agent.failsWith = "resume_unavailable";
  await world.relaunch();
  await ended(world);
  const id = world.sessionFile.value.sessionId.slice(0, 8);
  expect(world.host.ended).toEqual({
    exitCode: 1,
    message: `It would not start. Go on in a new session whose agent is given the text of this one: hapi resume ${id} --history`,
  });
  // The hub has the agent's words alone.
  expect(world.hub.metadata?.lastStart?.failure).toEqual({ code: "resume_unavailable", message: "It would not start" });
});

test("somebody looks at the terminal: the session stays, and the next prompt tries again", async () => {
  await using world = await createWorld({ viewers: true, control: "remote" });
  world.agent.failStarts = 1;
  await world.relaunch();
  expect(world.hub.ended).toBeNull();
  world.hub.prompt("p1", "hello");
  await world.hub.until(() => world.agent.ran.at(-1) === "hello", "it runs");
});

test("a prompt that no start could be made for says the real cause", async () => {
  await using world = await createWorld();
  world.agent.die({ code: 1 });
  world.agent.failStarts = 3;
  world.hub.prompt("p1", "hello");
  await world.hub.until(() => world.hub.stages.get("p1")?.at(-1) === "failed", "given back");
  expect(world.ledger.state.prompts.get("p1")?.failure).toMatchObject({ cause: "agent_exited", message: "It would not start" });
}, 60_000);
