/** The way of a prompt through one session: its stages, the queue, taking it back, and what may come along with it. */
import { expect, test } from "bun:test";
import { realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createManualClock } from "@hapi/testkit";
import { createWorld, run, stages, texts, type World } from "./world.ts";

test("a prompt goes through its stages, its turn into the history, once and in order", async () => {
  await using world = await createWorld();
  await run(world, "p1", "hello");
  world.agent.say("hi there");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "done");
  expect(stages(world, "p1")).toEqual(["handed", "in-transcript", "started", "done"]);
  expect(world.hub.consumed).toEqual(["p1"]);
  expect(texts(world)).toEqual(["> hello", "hi there"]);
  expect(world.hub.metadata).toMatchObject({
    flavor: "fake",
    fakeSessionId: "thread-1",
    lifecycleState: "running",
    tools: ["Bash"],
    machineId: "machine-1",
  });
});

test("prompts run one after the other, in the hub's order; a queued one can be taken back, a running one not", async () => {
  await using world = await createWorld();
  await run(world, "p1", "one");
  for (const at of [2, 3, 4]) world.hub.prompt(`p${at}`, `text ${at}`);
  await world.hub.until(() => world.ledger.state.prompts.size === 4, "all queued");
  expect(await world.hub.cancel("p3")).toEqual({ removed: true });
  expect(await world.hub.cancel("p1")).toEqual({ removed: false, consumed: true });
  expect(await world.hub.cancel("never-came")).toEqual({ removed: true });
  world.hub.prompt("never-came", "must not run");
  world.agent.finish();
  await world.hub.until(() => world.agent.ran.length === 2, "the next runs");
  world.agent.finish();
  await world.hub.until(() => world.agent.ran.length === 3, "the one after it runs");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p4").at(-1) === "done", "all done");
  expect(world.agent.ran).toEqual(["one", "text 2", "text 4"]);
});

test("an agent that gives a prompt back after the hub stopped waiting: it never runs, the hub hears it, and the queue goes on", async () => {
  const clock = createManualClock();
  await using world = await createWorld({ clock });
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "taken back");
  await world.hub.until(() => stages(world, "p1").at(-1) === "handed", "handed");
  const withdrawal = Promise.withResolvers<void>();
  world.agent.beforeWithdrawal = withdrawal.promise;
  const answers = Promise.all([world.hub.cancel("p1"), world.hub.cancel("p1")]);
  await clock.advance(400);
  expect(await answers).toEqual([
    { removed: false, inFlight: true },
    { removed: false, inFlight: true },
  ]);
  world.hub.prompt("p2", "next");
  await world.hub.until(() => world.ledger.state.prompts.has("p2"), "queued");
  withdrawal.resolve();
  await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", "told");
  expect(await world.hub.cancel("p1")).toEqual({ removed: true });
  await world.hub.until(() => stages(world, "p2").at(-1) === "handed", "the queue goes on");
  world.agent.onPrompt = "run";
  world.agent.die({ code: 1 });
  await world.hub.until(() => world.agent.ran.length > 0, "the agent has a new process");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p2").at(-1) === "done", "done");
  expect(world.agent.ran).toEqual(["next"]);
  // It is said once more by the next process: the last one may have been killed before the hub heard.
  await world.crash();
  world.hub.stages.clear();
  await world.start();
  await world.hub.until(() => stages(world, "p1").length > 0, "told again");
  expect(stages(world, "p1")).toEqual(["interrupted"]);
});

test("a prompt that its sender wants back and the session process dies before the agent answers: it is not handed again, and its end is told", async () => {
  const deaths: [how: string, strike: (world: World) => Promise<void>][] = [
    ["the agent took it back", async (world) => world.agent.takeBack("p1")],
    ["the agent still has it", async () => undefined],
    ["the agent died too", async (world) => world.agent.die({ signal: "SIGKILL" })],
  ];
  for (const [how, strike] of deaths) {
    const clock = createManualClock();
    await using world = await createWorld({ clock });
    world.agent.onPrompt = "wait";
    world.hub.prompt("p1", "not wanted any more");
    await world.hub.until(() => stages(world, "p1").at(-1) === "handed", `handed: ${how}`);
    world.agent.beforeWithdrawal = new Promise(() => undefined);
    const answer = world.hub.cancel("p1");
    await world.hub.until(() => world.ledger.state.prompts.get("p1")?.wish === "back", "written down");
    await clock.advance(400);
    expect(await answer).toEqual({ removed: false, inFlight: true });
    await world.crash();
    await strike(world);
    world.agent.beforeWithdrawal = null;
    world.hub.prompt("p2", "next");
    await world.start();
    await world.hub.until(() => world.ledger.state.prompts.has("p2"), "queued");
    // A living agent may still write down what it has; it is believed not to after this time.
    await clock.advance(5_000);
    await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", `told: ${how}`);
    await world.hub.until(() => stages(world, "p2").at(-1) === "handed", `the queue goes on: ${how}`);
    world.agent.takeUp();
    expect(world.agent.ran).toEqual(["next"]);
  }
});

test("taken back while it waits again, because its agent died before it began: the hub, which had heard that it was handed, hears its end", async () => {
  await using world = await createWorld();
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "not wanted any more");
  await world.hub.until(() => stages(world, "p1").at(-1) === "handed", "handed");
  world.agent.takeBack("p1");
  world.agent.beforeStart = new Promise(() => undefined);
  world.agent.die({ signal: "SIGKILL" });
  await world.hub.until(() => world.ledger.state.prompts.get("p1")?.stage === "queued", "it waits again");
  expect(await world.hub.cancel("p1")).toEqual({ removed: true });
  await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", "told");
  expect(world.agent.ran).toEqual([]);
});

test("a prompt that its sender wanted back and that the agent began all the same is said to run, and runs to its end", async () => {
  await using world = await createWorld();
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "wanted after all");
  await world.hub.until(() => stages(world, "p1").at(-1) === "handed", "handed");
  const withdrawal = Promise.withResolvers<void>();
  world.agent.beforeWithdrawal = withdrawal.promise;
  const answer = world.hub.cancel("p1");
  world.agent.takeUp();
  withdrawal.resolve();
  expect(await answer).toEqual({ removed: false, consumed: true });
  expect(world.ledger.state.prompts.get("p1")?.wish).toBe("back");
  await world.crash();
  await world.start();
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "done");
  expect(world.agent.ran).toEqual(["wanted after all"]);
});

test("attachments: only files of the session's folders go to the agent; any other gives the prompt back, and the next one goes on", async () => {
  await using world = await createWorld();
  const inFolder = join(world.sessionFile.value.cwd, "picture.png");
  const uploaded = join(world.dir, "uploads", "up.png");
  const link = join(world.sessionFile.value.cwd, "link.png");
  for (const path of [inFolder, uploaded]) writeFileSync(path, "x");
  symlinkSync("/etc/hostname", link);
  for (const [localId, path] of Object.entries({
    p1: "/etc/hostname",
    p2: link,
    p3: "../../../../../../etc/hostname",
    p4: `${uploaded}.gone`,
  })) {
    world.hub.prompt(localId, `look at ${localId}`, [inFolder, path]);
    await world.hub.until(() => stages(world, localId).at(-1) === "failed", `${localId} fails`);
    expect(world.ledger.state.prompts.get(localId)?.failure).toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("attachment"),
    });
  }
  expect([world.agent.ran, world.agent.attached]).toEqual([[], []]);
  world.hub.prompt("p5", "look", [inFolder, uploaded]);
  await world.hub.until(() => world.agent.ran.length === 1, "runs");
  expect(world.agent.attached).toEqual([realpathSync(inFolder), realpathSync(uploaded)]);
});

test("a prompt longer than any agent takes, from a hub that knows no limit, fails at once and holds nothing up", async () => {
  await using world = await createWorld();
  world.hub.prompt("big", "x".repeat(1_000_001));
  await world.hub.until(() => stages(world, "big").at(-1) === "failed", "given back");
  expect(world.ledger.state.prompts.get("big")).toMatchObject({ stage: "failed", failure: { message: expect.stringContaining("1 MB") } });
  await run(world, "next", "small");
  expect(world.agent.ran).toEqual(["small"]);
});

test("a prompt that the agent has and does not begin with has a reason, and since when; it is over when the agent begins", async () => {
  await using world = await createWorld();
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "one");
  await world.hub.until(() => world.hub.agentState?.given?.for === "uptake", "told");
  const { given } = world.hub.agentState ?? {};
  expect(given).toEqual({ for: "uptake", since: world.ledger.state.prompts.get("p1")!.stageAt, localIds: ["p1"] });
  expect(world.hub.metadata?.capabilities).toMatchObject({ given: true });
  // Whoever looks after the session process does the same.
  await world.crash();
  await world.start();
  await world.hub.until(
    () => stages(world, "p1").at(-1) === "in-transcript" && world.hub.agentState?.given?.for === "uptake",
    "told again",
  );
  world.agent.ask({ id: "r1" });
  await world.hub.until(() => world.hub.agentState?.given?.for === "approval", "an answer goes first");
  world.agent.goOn("r1", "approved");
  world.agent.takeUp();
  await world.hub.until(() => stages(world, "p1").at(-1) === "started" && world.hub.agentState?.given == null, "it runs");
});

test("an agent that was given something is not in a turn before it says so; what it is given then waits for that turn, and then from its end on", async () => {
  await using world = await createWorld({ steer: true });
  const { agent, hub } = world;
  const given = () => hub.agentState?.given;
  const begins = { type: "turn-started" as const, id: "t1" };
  agent.onPrompt = "wait";
  hub.prompt("p1", "first");
  await hub.until(() => given()?.for === "uptake", "told");
  agent.tell({ type: "thinking", thinking: true });
  agent.tell({ type: "record", key: "t1", event: begins });
  await hub.until(() => given()?.for === "turn", "the turn of another goes first");
  agent.tell({ type: "record", key: "t1:end", event: { type: "turn-ended", id: "t1:end", outcome: "completed" } });
  await hub.until(() => given()?.for === "uptake", "from here on it could begin");
  const { lastTurn } = world.ledger.state.facts;
  expect(given()?.since).toBe(lastTurn?.at);
  // Its driver says that it works on what it was given: that is not its word.
  agent.tell({ type: "thinking", thinking: false });
  agent.tell({ type: "thinking", thinking: true });
  agent.dialog({ about: "something", since: 1 });
  await hub.until(() => hub.agentState?.dialog !== undefined, "what came later is told");
  expect(given()?.for).toBe("uptake");
});

test("Stop while the agent is being started: the prompt it is started for does not run, the one behind it does", async () => {
  await using world = await createWorld();
  await run(world, "p0", "zero");
  world.agent.finish();
  world.agent.die({ code: 0 });
  const held = Promise.withResolvers<void>();
  world.agent.beforeStart = held.promise;
  world.hub.prompt("p1", "one");
  await world.hub.until(() => world.agent.starts.length === 2, "is being started");
  world.hub.prompt("p2", "two");
  await world.hub.until(() => world.ledger.state.prompts.has("p2"), "waits behind it");
  await world.hub.rpc("abort", {});
  await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", "told");
  held.resolve();
  await world.hub.until(() => world.agent.ran.includes("two"), "the next one runs");
  expect(world.agent.ran).not.toContain("one");
});
