/** A failed turn again: because a person asks, or by itself where one allowed it; across crashes of the session process and of the agent. */
import { expect, test } from "bun:test";
import type { AgentFailure } from "@hapi/protocol";
import { createManualClock, type ManualClock } from "@hapi/testkit";
import { createWorld, run, stages, type World, type WorldOptions } from "./world.ts";

const overloaded: AgentFailure = { code: "overloaded", message: "Try later", retryable: true };

async function failed(options: WorldOptions = {}): Promise<{ world: World; clock: ManualClock }> {
  const clock = createManualClock();
  const world = await createWorld({ autoRetry: true, clock, ...options });
  await run(world, "p1", "hello");
  world.agent.finish(overloaded);
  await world.hub.until(() => stages(world, "p1").at(-1) === "failed", "failed");
  return { world, clock };
}

const waiting = (world: World) => world.hub.agentState?.retry ?? null;
const retries = (world: World): number => world.agent.ran.filter((text) => text.startsWith("retry ")).length;

test("where it is allowed, a failed turn says when it is tried again, and is; the queue behind it waits for it", async () => {
  const { world, clock } = await failed();
  await using _ = world;
  await world.hub.until(() => waiting(world) !== null, "shown");
  expect(waiting(world)).toEqual({ localId: "p1", attempt: 1, maxAttempts: 6, at: clock.now() + 5_000, failureCode: "overloaded" });
  expect(world.hub.metadata).toMatchObject({ autoRetry: true, capabilities: { autoRetry: true } });
  world.hub.prompt("p2", "after it");
  await world.hub.until(() => world.ledger.state.prompts.has("p2"), "queued");
  await clock.advance(4_999);
  expect(world.agent.ran).toEqual(["hello"]);

  await clock.advance(1);
  await world.hub.until(() => retries(world) === 1, "again");
  await world.hub.until(() => waiting(world) === null, "no longer waiting");
  world.agent.finish(overloaded);
  await world.hub.until(() => waiting(world)?.attempt === 2, "planned again");
  expect(waiting(world)?.at).toBe(clock.now() + 10_000);
  expect(world.agent.ran).toEqual(["hello", "retry hello"]);

  await clock.advance(10_000);
  await world.hub.until(() => retries(world) === 2, "a second time");
  world.agent.finish();
  await world.hub.until(() => world.agent.ran.at(-1) === "after it", "the queue goes on");
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "came through");
  expect(world.ledger.state.facts.retry).toBeNull();
  expect(world.agent.ran).toEqual(["hello", "retry hello", "retry hello", "after it"]);
});

test("a usage limit: waited for until its reset over a restart, gone on with once, and then left to the person", async () => {
  const clock = createManualClock();
  const limit: AgentFailure = { code: "usage_limit", message: "No more", retryable: true, resetsAt: clock.now() + 5 * 3_600_000 };
  const world = await createWorld({ autoRetry: true, clock });
  await using _ = world;
  await run(world, "p1", "hello");
  world.agent.finish(limit);
  await world.hub.until(() => waiting(world) !== null, "shown");
  const at = waiting(world)?.at ?? 0;
  expect(at).toBeGreaterThan(limit.resetsAt ?? 0);
  expect(waiting(world)).toMatchObject({ attempt: 1, failureCode: "usage_limit" });
  await clock.advance(3_600_000);
  await world.crash();
  await world.start();
  await world.hub.until(() => waiting(world)?.at === at, "still waiting");
  await clock.advance(at - clock.now() - 1);
  expect(retries(world)).toBe(0);
  await clock.advance(1);
  await world.hub.until(() => retries(world) === 1, "goes on");
  await world.hub.until(() => waiting(world) === null, "no longer waiting");
  world.agent.finish({ ...limit, resetsAt: clock.now() + 3_600_000 });
  await world.hub.until(() => JSON.stringify(world.hub.rows).includes("usage_limit_again"), "said");
  await clock.advance(8 * 3_600_000);
  expect(waiting(world)).toBeNull();
  expect(retries(world)).toBe(1);
});

test("by default nothing is tried again by itself, and the next prompt goes on at once", async () => {
  const { world, clock } = await failed({ autoRetry: false });
  await using _ = world;
  expect(waiting(world)).toBeNull();
  await run(world, "p2", "next");
  await clock.advance(3_600_000);
  expect(retries(world)).toBe(0);
});

test("a session process that is killed while it waits, or right after it sent, goes on with it and sends it once", async () => {
  const { world, clock } = await failed();
  await using _ = world;
  await world.crash();
  await clock.advance(60_000);
  expect(retries(world)).toBe(0);
  await world.start();
  await clock.advance(0);
  await world.hub.until(() => retries(world) === 1, "again");
  // The agent runs it: another process only waits for its end.
  await world.crash();
  await world.start();
  await clock.advance(60_000);
  expect(retries(world)).toBe(1);
  world.agent.finish(overloaded);
  await world.hub.until(() => waiting(world)?.attempt === 2, "counted on");
  // Written down as sent, and killed before the agent had it.
  await world.ledger.setFacts({ retry: { ...world.ledger.state.facts.retry!, phase: "sent" } });
  await world.crash();
  await world.start();
  await world.hub.until(() => retries(world) === 2, "sent after all");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "came through");
});

test("the end of a turn that is told again after a crash plans nothing twice", async () => {
  const { world, clock } = await failed();
  await using _ = world;
  const { endedTurns, retry } = world.ledger.state.facts;
  expect(endedTurns).toHaveLength(1);
  await clock.advance(5_000);
  await world.hub.until(() => retries(world) === 1, "again");
  const event = { type: "turn-ended" as const, id: "x", outcome: "failed" as const, failure: overloaded, localIds: ["p1"] };
  world.agent.repeat(endedTurns[0]!, event);
  expect(world.ledger.state.facts.retry).toMatchObject({ phase: "sent", attempt: retry!.attempt });
});

test("cancelled, switched off, interrupted or ended by a person: it does not happen", async () => {
  const ways: ((world: World) => Promise<unknown>)[] = [
    async (world) => expect(await world.hub.rpc<unknown>("cancel-retry")).toMatchObject({ status: "cancelled" }),
    (world) => world.hub.rpc("set-session-config", { autoRetry: false }),
    (world) => world.hub.rpc("abort", {}),
  ];
  for (const way of ways) {
    const { world, clock } = await failed();
    await using _ = world;
    await way(world);
    await world.hub.until(() => waiting(world) === null, "gone at the hub");
    await clock.advance(600_000);
    expect(retries(world)).toBe(0);
    await run(world, "p2", "the queue is free");
  }
  const { world } = await failed();
  await using _ = world;
  expect(await world.hub.rpc<unknown>("cancel-retry")).toMatchObject({ status: "cancelled" });
  expect(await world.hub.rpc<unknown>("cancel-retry")).toMatchObject({ status: "none" });
});

test("given up after it was sent: what the agent has not begun does not run, and what it has begun is said to run", async () => {
  const { world } = await failed({ autoRetry: false });
  await using _ = world;
  world.agent.onPrompt = "wait";
  await world.hub.rpc("retry-turn");
  expect(await world.hub.rpc<unknown>("cancel-retry")).toMatchObject({ status: "cancelled" });
  world.agent.takeUp();
  expect(world.agent.ran).toEqual(["hello"]);
  expect(world.ledger.state.facts.retry).toBeNull();

  await world.hub.rpc("retry-turn");
  const begun = Promise.withResolvers<void>();
  world.agent.beforeWithdrawal = begun.promise;
  const asked = world.hub.rpc<unknown>("cancel-retry");
  world.agent.takeUp();
  begun.resolve();
  expect(await asked).toMatchObject({ status: "none" });
  expect(world.ledger.state.facts.retry).toMatchObject({ phase: "sent" });
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "it ran");
});

test("given up while the agent is still started for it: it is cancelled, and does not run", async () => {
  const { world } = await failed({ autoRetry: false });
  await using _ = world;
  world.agent.onPrompt = "wait";
  const start = Promise.withResolvers<void>();
  world.agent.beforeStart = start.promise;
  world.agent.die({ code: 1 });
  const asked = world.hub.rpc<{ status: string }>("retry-turn");
  await world.hub.until(() => world.agent.starts.length === 2, "it starts");
  const given = world.hub.rpc<unknown>("cancel-retry");
  start.resolve();
  await asked;
  expect(await given).toMatchObject({ status: "cancelled" });
  world.agent.takeUp();
  expect(world.agent.ran).toEqual(["hello"]);
});

test("Stop takes back what the agent was given and has not begun: it is interrupted, does not run, and the queue goes on", async () => {
  const { world } = await failed({ autoRetry: false });
  await using _ = world;
  world.agent.onPrompt = "wait";
  world.hub.prompt("p2", "after it");
  await world.hub.until(() => stages(world, "p2").at(-1) === "handed", "handed");
  world.hub.prompt("p3", "and the next");
  await world.hub.until(() => world.ledger.state.prompts.has("p3"), "queued");
  await world.hub.rpc("abort", {});
  await world.hub.until(() => stages(world, "p2").at(-1) === "interrupted", "stopped");
  await world.hub.until(() => stages(world, "p3").at(-1) === "handed", "the queue goes on");
  world.agent.takeUp();
  expect(world.agent.ran).toEqual(["hello", "and the next"]);
});

test("a person who asks twice, also while the session process is killed in between, sends it once", async () => {
  const { world } = await failed({ autoRetry: false });
  await using _ = world;
  const both = await Promise.all([world.hub.rpc<{ status: string }>("retry-turn"), world.hub.rpc<{ status: string }>("retry-turn")]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(["joined", "started"]);
  await world.crash();
  await world.start();
  expect(await world.hub.rpc<unknown>("retry-turn")).toMatchObject({ status: "joined" });
  expect(retries(world)).toBe(1);
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "came through");
  await expect(world.hub.rpc("retry-turn")).rejects.toMatchObject({ code: "retry_unavailable" });
});

test("asked in the moment in which the agent's end shows but is not told in full: it waits for that, starts the agent anew and sends once", async () => {
  await using world = await createWorld();
  await run(world, "p1", "hello");
  const told = Promise.withResolvers<void>();
  world.agent.die({ signal: "SIGKILL" }, told.promise);
  await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", "interrupted");
  const both = [world.hub.rpc<{ status: string }>("retry-turn"), world.hub.rpc<{ status: string }>("retry-turn")];
  expect(retries(world)).toBe(0);
  told.resolve();
  expect((await Promise.all(both)).map(({ status }) => status).toSorted()).toEqual(["joined", "started"]);
  expect(retries(world)).toBe(1);
  expect(world.agent.starts).toHaveLength(2);
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "came through");
});

test("asked twice while the session is still in the terminal: one begins it, the other joins, and it is sent once", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true, clock: createManualClock() });
  world.agent.typed("in the terminal");
  world.agent.finish(overloaded);
  await world.hub.until(() => world.ledger.state.facts.lastTurn?.outcome === "failed", "failed");
  const both = await Promise.all([world.hub.rpc<{ status: string }>("retry-turn"), world.hub.rpc<{ status: string }>("retry-turn")]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(["joined", "started"]);
  expect(retries(world)).toBe(1);
});

test("a prompt that the agent was given and has not begun goes first: Retry is refused, and says why", async () => {
  const { world } = await failed({ autoRetry: false });
  await using _ = world;
  world.agent.onPrompt = "wait";
  world.hub.prompt("p2", "after it");
  await world.hub.until(() => stages(world, "p2").at(-1) === "handed", "handed");
  await expect(world.hub.rpc("retry-turn")).rejects.toMatchObject({
    code: "retry_unavailable",
    message: expect.stringContaining("prompt"),
  });
  expect(retries(world)).toBe(0);
});

test("Retry while the agent starts for the next prompt goes first: the prompt waits for it", async () => {
  const { world } = await failed({ autoRetry: false });
  await using _ = world;
  const start = Promise.withResolvers<void>();
  world.agent.beforeStart = start.promise;
  world.agent.die({ code: 1 });
  world.hub.prompt("p2", "after it");
  await world.hub.until(() => world.agent.starts.length === 2, "it starts");
  const asked = world.hub.rpc<{ status: string }>("retry-turn");
  start.resolve();
  expect(await asked).toMatchObject({ status: "started" });
  await world.hub.until(() => world.ledger.state.facts.turn !== null, "its turn runs");
  expect(world.ledger.state.prompts.get("p2")?.stage).toBe("queued");
  expect(world.agent.ran).toEqual(["hello", "retry hello"]);
  world.agent.finish();
  await world.hub.until(() => world.agent.ran.length === 3, "the queue goes on");
  expect(world.agent.ran).toEqual(["hello", "retry hello", "after it"]);
});

test("allowed after the failure: the turn that just failed is tried again too; Retry does not wait for its time", async () => {
  const { world, clock } = await failed({ autoRetry: false });
  await using _ = world;
  expect(await world.hub.rpc<unknown>("set-session-config", { autoRetry: true })).toEqual({ applied: { autoRetry: true } });
  await world.hub.until(() => waiting(world)?.attempt === 1, "planned");
  expect(world.sessionFile.value.autoRetry).toBe(true);
  await world.hub.rpc("retry-turn");
  expect(retries(world)).toBe(1);
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "came through");
  await clock.advance(600_000);
  expect(retries(world)).toBe(1);
});

test("after six attempts it is left to the person, and said", async () => {
  const { world, clock } = await failed();
  await using _ = world;
  for (let attempt = 1; attempt <= 6; attempt++) {
    await world.hub.until(() => waiting(world)?.attempt === attempt, `attempt ${attempt} is planned`);
    await clock.advance(600_000);
    await world.hub.until(() => retries(world) === attempt, `attempt ${attempt}`);
    world.agent.finish(overloaded);
  }
  await world.hub.until(() => JSON.stringify(world.hub.rows).includes("Tried again 6 times"), "said");
  expect(world.ledger.state.facts.retry).toBeNull();
});

test("an agent that dies with the retry before it began is started again for it; one that dies in the turn is the person's to judge", async () => {
  const { world, clock } = await failed();
  await using _ = world;
  world.agent.onPrompt = "wait";
  await clock.advance(5_000);
  await world.hub.until(() => retries(world) === 1, "sent");
  world.agent.die({ signal: "SIGKILL", failure: { code: "agent_exited", message: "killed", retryable: true } });
  await world.hub.until(() => waiting(world)?.attempt === 2, "planned again");
  world.agent.onPrompt = "run";
  await clock.advance(10_000);
  await world.hub.until(() => retries(world) === 2, "sent again");
  await world.hub.until(() => world.ledger.state.facts.turn !== null, "its turn runs");
  world.agent.die({ signal: "SIGKILL", failure: { code: "agent_exited", message: "killed", retryable: true } });
  await world.hub.until(() => world.ledger.state.facts.lastTurn?.outcome !== undefined && world.ledger.state.facts.retry === null, "over");
  await clock.advance(600_000);
  expect(retries(world)).toBe(2);
});

test("retry: also a turn that was begun in the terminal, after a prompt from afar that went well", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  await run(world, "p1", "from afar");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "done");
  world.host.viewerInput("  ");
  await world.hub.until(() => world.agent.front === "local", "the terminal again");
  await expect(world.hub.rpc("retry-turn")).rejects.toThrow();
  expect(world.agent.front).toBe("local");
  world.agent.typed("at the desk");
  world.agent.finish({ code: "overloaded", message: "Try later", retryable: true });
  await world.hub.rpc("retry-turn");
  expect(world.agent.ran.at(-1)).toBe("retry at the desk");
});
