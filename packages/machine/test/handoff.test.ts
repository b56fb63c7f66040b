/** Who has control, the terminal or a remote: taking over, giving back, waiting for a turn; never two agents. */
import { expect, test } from "bun:test";
import { systemClock } from "@hapi/platform";
import { createWorld, run, stages } from "./world.ts";

test("handoff: a remote prompt takes over an idle terminal, two spaces give it back, never two agents", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  expect(world.agent.front).toBe("local");
  expect(world.host.display).toMatchObject({ kind: "process" });
  await world.hub.until(() => world.hub.metadata?.lifecycleState === "paused", "paused");
  expect(world.hub.agentState?.controlledByUser).toBe(true);
  await run(world, "p1", "from the phone");
  expect(world.agent.front).toBe("remote");
  expect(world.host.display).toEqual({ kind: "controller" });
  expect(world.host.drawn).toContain("│ Remote mode - waiting for input             │");
  expect(world.host.drawn).toContain("│ Press space twice to regain control         │");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "done");
  world.host.viewerInput("  ");
  await world.hub.until(() => world.agent.front === "local", "terminal again");
  expect(world.agent.starts.at(-1)).toMatchObject({ front: "local", threadId: "thread-1" });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true && world.hub.metadata?.lifecycleState === "paused", "told");
  expect(world.agent.most).toBe(1);
  const switches = world.hub.rows.filter((row) => row.key.startsWith("hapi:switch"));
  expect(switches).toHaveLength(2);
});

test("a prompt that the agent was given and has not begun is not lost to two spaces", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "from the phone");
  await world.hub.until(() => world.ledger.state.prompts.get("p1")?.stage === "handed", "handed");
  world.host.viewerInput("  ");
  await world.hub.until(() => JSON.stringify(world.hub.agentState?.["handoff"] ?? null).includes("turn"), "it waits");
  expect(world.agent.front).toBe("remote");
  world.agent.takeUp();
  world.agent.finish();
  await world.hub.until(() => world.agent.front === "local", "the terminal again");
  expect(stages(world, "p1").at(-1)).toBe("done");
  expect(world.agent.ran).toEqual(["from the phone"]);
});

test("what its prompts wait for is told: the turn, then an answer, and nothing once they are handed", async () => {
  await using world = await createWorld();
  await run(world, "p1", "work");
  world.hub.prompt("p2", "next");
  await world.hub.until(() => world.hub.agentState?.queue?.for === "turn", "behind the turn");
  const { since } = world.hub.agentState?.queue ?? {};
  world.agent.ask({ id: "r1" });
  await world.hub.until(() => world.hub.agentState?.queue?.for === "approval", "behind a request");
  expect(world.hub.agentState?.queue?.since).toBeGreaterThanOrEqual(since ?? Number.POSITIVE_INFINITY);
  await world.hub.rpc("permission", { id: "r1", approved: true });
  world.agent.goOn("r1", "approved");
  world.agent.finish();
  await world.hub.until(() => world.agent.ran.at(-1) === "next", "runs");
  await world.hub.until(() => world.hub.agentState?.queue === undefined, "waits no more");
});

test("handoff waits for the terminal's turn, says so, and Take over now does not wait", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  world.agent.typed("long work");
  world.hub.prompt("p1", "me now");
  await world.hub.until(() => world.hub.agentState?.["handoff"] !== undefined, "waiting is shown");
  expect(world.hub.agentState?.["handoff"]).toMatchObject({ to: "remote", waitsFor: "turn" });
  expect(world.agent.front).toBe("local");
  await world.hub.rpc("switch", { to: "remote", now: true });
  expect(world.agent.front).toBe("remote");
  await world.hub.until(() => world.agent.ran.at(-1) === "me now", "runs");
  expect(world.hub.agentState?.["handoff"]).toBeUndefined();
});

test("space twice in the moment of the switch is not forgotten", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  world.hub.prompt("p1", "me");
  await world.hub.until(() => world.host.drawn.includes("Remote mode"), "the banner, before the agent runs");
  world.host.viewerInput("  ");
  await world.hub.until(() => world.agent.ran.includes("me") || world.agent.front === "local", "either");
  world.agent.finish();
  await world.hub.until(() => world.agent.starts.at(-1)?.front === "local" && world.agent.starts.length > 1, "back in the terminal");
  expect(world.agent.most).toBe(1);
});

test("to and fro while the switch is under way: what waits in the queue runs", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  const start = Promise.withResolvers<void>();
  world.agent.beforeStart = start.promise;
  world.hub.prompt("p1", "me");
  await world.hub.until(() => world.host.drawn.includes("Remote mode"), "on its way to remote");
  const back = world.hub.rpc("switch", { to: "local" });
  const again = world.hub.rpc("switch", { to: "remote" });
  start.resolve();
  await Promise.all([back, again]);
  await world.hub.until(() => world.agent.ran.includes("me"), "it runs without anybody doing anything more");
  expect(world.agent.front).toBe("remote");
});

test("a switch that is wished back before it began holds nothing up", async () => {
  await using world = await createWorld({ startingMode: "remote", viewers: true });
  await run(world, "p1", "work");
  world.hub.prompt("p2", "next");
  await world.hub.until(() => world.ledger.state.prompts.has("p2"), "queued");
  const there = world.hub.rpc("switch", { to: "local" });
  await world.hub.until(() => world.hub.agentState?.["handoff"] !== undefined, "it waits for the turn");
  world.agent.finish();
  await Promise.all([there, world.hub.rpc("switch", { to: "remote" })]);
  await world.hub.until(() => world.agent.ran.includes("next"), "it runs without anybody doing anything more");
});

test("a terminal that can't be left for a moment does not hold the queue for ever", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  world.agent.failStops = 1;
  world.hub.prompt("p1", "me");
  await world.hub.until(() => world.agent.ran.includes("me"), "tried again by itself");
  expect(world.agent.most).toBe(1);
});

test("read-only while local: the prompt waits for the switch", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true, remoteWhileLocal: "read-only" });
  world.hub.prompt("p1", "later");
  await world.hub.until(() => world.ledger.state.prompts.has("p1"), "kept");
  expect(world.agent.front).toBe("local");
  await world.hub.rpc("switch", { to: "remote" });
  await world.hub.until(() => world.agent.ran.at(-1) === "later", "runs");
});

test("an agent without a screen of its own says so instead of promising one", async () => {
  await using world = await createWorld({ control: "remote", startingMode: "local", viewers: true });
  expect(world.agent.starts.map((start) => start.front)).toEqual(["remote"]);
  expect(world.host.drawn).toContain("Press Ctrl-C twice to end the session");
  world.host.viewerInput("  ");
  await world.hub.until(() => world.host.drawn.includes("has no terminal of its own"), "said");
  await expect(world.hub.rpc("switch", { to: "local" })).rejects.toThrow();
});

test("a remote session without viewers never starts a terminal, also when it was asked to begin in one", async () => {
  await using world = await createWorld({ startingMode: "local" });
  expect(world.agent.starts.map((start) => start.front)).toEqual(["remote"]);
}, 40_000);

test("prompts that wait when a person takes the terminal back wait on, and say for whom, until something new comes", async () => {
  let later = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + later };
  await using world = await createWorld({ startingMode: "local", viewers: true, clock });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  await run(world, "p1", "first");
  world.hub.prompt("p2", "second");
  await world.hub.until(() => world.ledger.state.prompts.get("p2")?.stage === "queued", "queued");
  world.host.viewerInput("  ");
  world.agent.finish();
  await world.hub.until(() => world.hub.agentState?.handoff?.waitsFor === "terminal", "it is held");
  await world.hub.until(() => world.hub.agentState?.queue?.for === "terminal", "and its prompts say what for");
  expect(world.hub.agentState).toMatchObject({ handoff: { to: "remote" }, queue: { for: "terminal" } });
  // Long after the keyboard has become quiet, and asked anew.
  later = 60_000;
  world.host.setViewers([{ id: "viewer-1", cols: 90, rows: 24 }]);
  expect(world.agent.front).toBe("local");
  expect(world.ledger.state.prompts.get("p2")?.stage).toBe("queued");
  world.hub.prompt("p3", "third");
  await world.hub.until(() => world.agent.ran.at(-1) === "second", "the queue goes on");
  world.agent.finish();
  await world.hub.until(() => world.agent.ran.at(-1) === "third", "in order");
  expect(world.hub.agentState?.handoff).toBeUndefined();
});

test("held prompts go on when a person gives the terminal away, and when nobody sits at it any more", async () => {
  for (const release of ["button", "viewers"] as const) {
    await using world = await createWorld({ startingMode: "local", viewers: true });
    await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
    await run(world, "p1", "first");
    world.hub.prompt("p2", "second");
    await world.hub.until(() => world.ledger.state.prompts.get("p2")?.stage === "queued", "queued");
    world.host.viewerInput("  ");
    world.agent.finish();
    await world.hub.until(() => world.hub.agentState?.handoff?.waitsFor === "terminal", "it is held");
    if (release === "button") await world.hub.rpc("switch", { to: "remote" });
    else world.host.setViewers([]);
    await world.hub.until(() => world.agent.ran.at(-1) === "second", `the queue goes on by ${release}`);
  }
});

test("who asks for the terminal while a request is open sees at once that it comes, and what it waits for", async () => {
  await using world = await createWorld({ startingMode: "remote", viewers: true });
  await run(world, "p1", "work");
  world.agent.ask({ id: "r1" });
  await world.hub.until(() => world.host.drawn.includes("Waiting for an answer: "), "the request is on the screen");
  world.host.viewerInput("  ");
  await world.hub.until(
    () => world.host.drawn.includes("Waiting at most 10 s for the turn to end, then the terminal is yours again"),
    "it says what comes",
  );
  world.agent.finish();
  await world.hub.until(() => world.agent.front === "local", "the terminal again");
});

test("words typed at the remote screen go to nobody, and stand in the terminal's input line afterwards", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  await run(world, "p1", "from afar");
  world.agent.finish();
  world.host.viewerInput("fix the bugs\x7f in 旅行记");
  await world.hub.until(() => world.host.drawn.includes("Not sent, kept for the terminal: fix the bug in 旅行记"), "it says so");
  world.host.viewerInput("\r");
  world.host.viewerInput("and more");
  world.host.viewerInput("  ");
  await world.hub.until(() => world.agent.starts.length === 3, "the terminal again");
  expect(world.agent.starts.at(-1)).toMatchObject({ front: "local", prefill: "fix the bug in 旅行记\nand more" });
  expect(world.agent.ran).toEqual(["from afar"]);
  await run(world, "p2", "again");
  world.agent.finish();
  world.host.viewerInput("  ");
  await world.hub.until(() => world.agent.starts.length === 5, "and again");
  expect(world.agent.starts.at(-1)?.prefill).toBeUndefined();
});

test("what the terminal was left with is told, kept, and put back", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  world.agent.unsent({ queued: ["say: behind the turn"], line: "half ty" });
  world.agent.unsent({ line: null });
  world.agent.unsent({ entered: null });
  await run(world, "p1", "from afar");
  world.agent.finish();
  const notices = world.hub.rows.flatMap((row) =>
    row.key.startsWith("hapi:notice") ? [/"message":"([^"]*)"/.exec(JSON.stringify(row.content))?.[1]] : [],
  );
  expect(notices).toEqual([
    "Fake had not taken up what was entered in the terminal: “say: behind the turn”. It was not sent. Half-typed in the terminal: “half ty”. These words stand in the input line when you take the terminal back.",
    "What stood half-typed in the terminal's input line could not be kept.",
    "It is not certain that Fake took up the line that was entered last in the terminal.",
  ]);
  world.host.viewerInput("  ");
  await world.hub.until(() => world.agent.starts.length === 3, "the terminal again");
  expect(world.agent.starts.at(-1)?.prefill).toBe("say: behind the turn\nhalf ty");
});

test("a dialog that only the terminal can answer is shown at the hub while it is open", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  world.agent.dialog({ about: "permission prompt", since: 7 });
  await world.hub.until(() => world.hub.agentState?.dialog?.about === "permission prompt", "shown");
  world.agent.dialog(null);
  await world.hub.until(() => world.hub.agentState?.dialog === undefined, "gone");
});
