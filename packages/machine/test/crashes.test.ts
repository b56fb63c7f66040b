/** Hub, session process or agent gone at a bad moment: nothing is lost, nothing runs twice, and a prompt that came nowhere goes back to its sender. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createWorld, run, stages, texts } from "./world.ts";

test("without a hub the work goes on; nothing is lost or doubled when it comes back, also between commit and ack", async () => {
  await using world = await createWorld();
  await run(world, "p1", "hello");
  world.hub.holdAcks(true);
  world.agent.say("one");
  await world.hub.until(() => texts(world).includes("one"), "arrived");
  world.hub.down();
  world.hub.holdAcks(false);
  world.agent.say("two");
  world.agent.finish();
  await world.crash();
  world.hub.up();
  await world.start();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done" && world.ledger.state.backlog.size === 0, "all there");
  expect(texts(world)).toEqual(["> hello", "one", "two"]);
  expect(new Set(world.hub.rows.map((row) => row.key)).size).toBe(world.hub.rows.length);
  expect(world.hub.repeats).toBeGreaterThan(0);
});

test("killed in the middle of a word: it tidies up nothing, says nothing more, and what was not on disk is read again", async () => {
  await using world = await createWorld();
  await run(world, "p1", "hello");
  await world.hub.until(() => world.ledger.state.backlog.size === 0, "quiet");
  const ledger = join(world.dir, "ledger.jsonl");
  const { agentState, metadata } = world.hub;
  const before = { agentState, metadata, alives: world.hub.alives.length, display: world.host.display };
  const onDisk = readFileSync(ledger, "utf8");
  world.agent.say("half a word");
  world.agent.ask({ id: "r1" });
  await world.crash();
  await new Promise((resolve) => setImmediate(resolve));
  expect(onDisk.startsWith(readFileSync(ledger, "utf8"))).toBe(true);
  const { hub, host } = world;
  expect({ agentState: hub.agentState, metadata: hub.metadata, alives: hub.alives.length, display: host.display }).toEqual(before);
  expect(texts(world)).toEqual(["> hello"]);
  await world.start();
  await world.hub.until(() => texts(world).length === 2 && world.hub.agentState?.requests?.["r1"] !== undefined, "read again");
  expect(texts(world)).toEqual(["> hello", "half a word"]);
});

test("killed while handing: the agent's record decides; present is never sent again, absent is", async () => {
  await using world = await createWorld();
  await run(world, "p1", "first");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "done");
  world.agent.onPrompt = "hang";
  world.hub.prompt("p2", "second");
  await world.hub.until(() => world.ledger.state.prompts.get("p2")?.stage === "handed", "handed");
  await world.crash();
  world.agent.die({ signal: "SIGKILL" });
  world.agent.onPrompt = "run";
  await world.start();
  await world.hub.until(() => stages(world, "p2").at(-1) === "interrupted", "interrupted");
  expect(world.agent.ran).toEqual(["first"]);
  expect(await world.hub.again("p2")).toEqual({ accepted: false, consumed: true });
  await run(world, "p3", "third");
  expect(world.agent.ran).toEqual(["first", "third"]);
});

test("a prompt that provably never arrived is handed again, three times at most", async () => {
  await using world = await createWorld();
  world.agent.onPrompt = "reject-absent";
  world.hub.prompt("p1", "hello");
  await world.hub.until(() => stages(world, "p1").at(-1) === "failed", "failed");
  expect(world.ledger.state.prompts.get("p1")?.failure).toMatchObject({ code: "agent_exited", retryable: true });
  world.agent.onPrompt = "run";
  expect(await world.hub.again("p1")).toEqual({ accepted: true });
  await world.hub.until(() => world.agent.ran.length === 1, "runs");
});

test("an agent that is killed leaves its turn interrupted, also where it says why; a prompt it never began goes to the next one", async () => {
  await using world = await createWorld();
  const failure = { code: "agent_exited" as const, message: "The agent ended unexpectedly (SIGKILL)", retryable: true };
  await run(world, "p1", "first");
  await world.hub.until(() => world.ledger.state.prompts.get("p1")?.stage === "started", "its turn runs");
  world.agent.die({ signal: "SIGKILL", failure });
  await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", "interrupted");
  world.agent.onPrompt = "wait";
  world.hub.prompt("p2", "second");
  await world.hub.until(() => world.ledger.state.prompts.get("p2")?.stage === "handed", "handed");
  world.agent.onPrompt = "run";
  world.agent.die({ signal: "SIGKILL", failure });
  await world.hub.until(() => world.ledger.state.prompts.get("p2")?.stage === "started", "it runs");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p2").at(-1) === "done", "done");
  expect(world.agent.ran).toEqual(["first", "second"]);
  expect(stages(world, "p2")).not.toContain("failed");
});

test("a prompt that three agents died with before they began it goes back to its sender", async () => {
  await using world = await createWorld();
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "deadly");
  for (let times = 1; times <= 3; times++) {
    await world.hub.until(() => world.ledger.state.prompts.get("p1")?.stage === "handed", "handed");
    world.agent.die({ signal: "SIGSEGV", failure: { code: "agent_exited", message: "it crashed", retryable: true } });
    await world.hub.until(() => world.ledger.state.prompts.get("p1")?.stage !== "handed", "looked up");
  }
  await world.hub.until(() => stages(world, "p1").at(-1) === "failed", "failed");
  expect(world.ledger.state.prompts.get("p1")?.failure).toMatchObject({ code: "agent_exited", retryable: true });
  expect(world.agent.ran).toEqual([]);
});

test("a crash of the agent interrupts the turn and leaves the session; the next prompt continues the thread", async () => {
  await using world = await createWorld();
  await run(world, "p1", "hello");
  world.agent.die({ signal: "SIGKILL" });
  await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", "interrupted");
  expect(world.host.ended).toBeNull();
  await run(world, "p2", "again");
  expect(world.agent.starts.at(-1)).toMatchObject({ front: "remote", threadId: "thread-1" });
  const failure = { code: "overloaded" as const, message: "Try later", retryable: true };
  world.agent.finish(failure);
  await world.hub.until(() => stages(world, "p2").at(-1) === "failed", "failed");
  await world.hub.rpc("retry-turn");
  expect(world.agent.ran.at(-1)).toBe("retry again");
});

test("an agent that does not start gives the prompt back instead of trying for ever", async () => {
  await using world = await createWorld();
  world.agent.die({ code: 1 });
  world.agent.failStarts = 3;
  world.hub.prompt("p1", "hello");
  await world.hub.until(() => stages(world, "p1").at(-1) === "failed", "given back");
  await run(world, "p2", "works again");
}, 60_000);

test("a hub that lost the session (an older copy of it) gets the row and what it has not acknowledged, and hears where each prompt is", async () => {
  await using world = await createWorld();
  await run(world, "p1", "one");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "done");
  await run(world, "p2", "two");
  world.hub.holdAcks(true);
  world.agent.say("not acknowledged");
  await world.hub.until(() => texts(world).includes("not acknowledged"), "sent");
  world.hub.holdAcks(false);
  world.hub.forget();
  await world.hub.until(() => texts(world).includes("not acknowledged"), "said again");
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "its fate is told to the hub that sends it again");
  expect(world.hub.metadata).toMatchObject({ flavor: "fake", lifecycleState: "running", machineId: "machine-1" });
  world.hub.prompt("p3", "three");
  world.agent.finish();
  await world.hub.until(() => world.agent.ran.at(-1) === "three", "and it goes on");
  expect(world.agent.ran).toEqual(["one", "two", "three"]);
  expect(await world.hub.rpc("abort", {})).toBeDefined();
});
