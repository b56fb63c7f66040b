/** One session against an agent and a hub in memory: prompts, permissions, crashes, handoff, parking, ending. */
import { expect, test } from "bun:test";
import { realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createManualClock } from "@hapi/testkit";
import { createWorld, type World } from "./world.ts";

const stages = (world: World, localId: string): string[] => world.hub.stages.get(localId) ?? [];
const texts = (world: World): string[] =>
  world.hub.rows.flatMap((row) => {
    const { role, content } = row.content as {
      role: string;
      content: { type: string; text?: string; data?: { type: string; message?: string } };
    };
    if (role === "user") return [`> ${content.text}`];
    return content.data?.type === "message" && content.type === "codex" ? [content.data.message ?? ""] : [];
  });

async function run(world: World, localId: string, text: string): Promise<void> {
  world.hub.prompt(localId, text);
  await world.hub.until(() => world.agent.ran.at(-1) === text, `${text} runs`);
}

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

test("a permission: asked, answered once, closed only when the agent goes on; the second answer hears what became of it", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  world.agent.ask({ id: "r1" });
  await world.hub.until(() => world.hub.agentState?.requests?.["r1"] !== undefined, "request at the hub");
  expect(world.hub.agentState?.requests?.["r1"]).toMatchObject({
    tool: "Bash",
    arguments: { command: "ls" },
    kind: "permission",
    title: "Run ls",
  });
  expect(await world.hub.rpc<unknown>("permission", { id: "nope", approved: true })).toEqual({ status: "not-found" });
  expect(await world.hub.rpc<unknown>("permission", { id: "r1", approved: false, reason: "not now" })).toEqual({ status: "applied" });
  expect(await world.hub.rpc<unknown>("permission", { id: "r1", approved: true })).toEqual({ status: "closed", outcome: "denied" });
  expect(world.agent.answers).toEqual([{ id: "r1", answer: { behavior: "deny", reason: "not now" } }]);
  expect(world.hub.agentState?.requests?.["r1"]).toBeDefined();
  world.agent.goOn("r1", "denied");
  await world.hub.until(() => world.hub.agentState?.completedRequests?.["r1"] !== undefined, "closed");
  expect(world.hub.agentState?.completedRequests?.["r1"]).toMatchObject({ status: "denied", reason: "not now", decision: "denied" });
  expect(world.hub.agentState?.requests).toEqual({});
  expect(await world.hub.rpc<unknown>("permission", { id: "r1", approved: true })).toEqual({ status: "closed", outcome: "denied" });
});

test("no contradiction becomes a yes", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  const cases = [
    { approved: false, decision: "approved" },
    { approved: true, decision: "denied" },
    { approved: true, decision: "abort" },
    { approved: false, decision: "approved_for_session" },
  ];
  for (const [at, params] of cases.entries()) {
    world.agent.ask({ id: `r${at}` });
    await world.hub.until(() => world.hub.agentState?.requests?.[`r${at}`] !== undefined, "request");
    await world.hub.rpc("permission", { id: `r${at}`, ...params });
  }
  expect(world.agent.answers.map(({ answer }) => answer.behavior)).toEqual(["deny", "deny", "deny", "deny"]);
  expect(world.agent.answers[2]!.answer).toMatchObject({ interrupt: true });
  await expect(world.hub.rpc("permission", { id: "r0", approved: "yes" })).rejects.toThrow();
});

test("an open permission survives the session process; an answer given while it was away is applied once", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  world.agent.ask({ id: "r1" });
  await world.hub.until(() => world.hub.agentState?.requests?.["r1"] !== undefined, "request");
  const { createdAt } = world.hub.agentState!.requests!["r1"]!;
  await world.crash();
  world.agent.say("meanwhile");
  await world.start();
  await world.hub.until(() => texts(world).includes("meanwhile"), "what was said meanwhile");
  expect(world.hub.agentState?.requests?.["r1"]?.createdAt).toBe(createdAt!);
  expect(world.agent.starts).toHaveLength(1);
  expect(world.agent.ran).toEqual(["do it"]);
  expect(await world.hub.rpc<unknown>("permission", { id: "r1", approved: true, decision: "approved" })).toEqual({ status: "applied" });
  // Killed between the answer and the agent's going on: the agent still waits, so it is told again, from what was recorded.
  await world.crash();
  await world.start();
  await world.hub.until(() => world.agent.answers.length === 2, "told again");
  expect(world.agent.answers.map(({ answer }) => answer.behavior)).toEqual(["allow", "allow"]);
  world.agent.goOn("r1", "approved");
  world.agent.finish();
  await world.hub.until(
    () => stages(world, "p1").at(-1) === "done" && world.hub.agentState?.completedRequests?.["r1"] !== undefined,
    "done",
  );
  expect(world.hub.agentState?.completedRequests?.["r1"]).toMatchObject({ status: "approved", decision: "approved" });
});

test("a request that the hub never heard of is told by the next session process", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  world.hub.down();
  world.agent.ask({ id: "r1" });
  await world.hub.until(() => world.ledger.state.open.has("r1"), "kept here");
  await world.crash();
  world.hub.up();
  await world.start();
  await world.hub.until(() => world.hub.agentState?.requests?.["r1"] !== undefined, "request at the hub");
});

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
  await world.hub.until(() => stages(world, "p1").at(-1) === "done" && world.ledger.state.outbox.size === 0, "all there");
  expect(texts(world)).toEqual(["> hello", "one", "two"]);
  expect(new Set(world.hub.rows.map((row) => row.key)).size).toBe(world.hub.rows.length);
  expect(world.hub.repeats).toBeGreaterThan(0);
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

test("an agent that does not start gives the prompt back instead of trying for ever", async () => {
  await using world = await createWorld();
  world.agent.die({ code: 1 });
  world.agent.failStarts = 3;
  world.hub.prompt("p1", "hello");
  await world.hub.until(() => stages(world, "p1").at(-1) === "failed", "given back");
  await run(world, "p2", "works again");
}, 15_000);

test("configuration: confirmed by the agent, kept, passed at the next start; an unknown mode is refused", async () => {
  await using world = await createWorld();
  expect(await world.hub.rpc<unknown>("set-session-config", { permissionMode: "yolo", model: "large" })).toEqual({
    applied: { permissionMode: "yolo", model: "large" },
  });
  await expect(world.hub.rpc("set-session-config", { permissionMode: "wild" })).rejects.toThrow();
  world.agent.die({ code: 0 });
  await run(world, "p1", "hello");
  expect(world.agent.starts.at(-1)).toMatchObject({ permissionMode: "yolo", model: "large" });
  expect(world.hub.alives.at(-1)).toMatchObject({ permissionMode: "yolo", model: "large", mode: "remote" });
});

test("mode and model chosen at the hub while the session was away count; ours count where nobody chose", async () => {
  await using world = await createWorld({ permissionMode: "default" });
  await world.hub.until(() => world.ledger.state.facts.published !== null, "told");
  world.hub.choose({ permissionMode: "yolo", model: "large" });
  await world.relaunch();
  await world.hub.until(() => world.record.value.permissionMode === "yolo" && world.record.value.model === "large", "taken over");
  await world.hub.until(() => world.hub.alives.length > 1 && JSON.stringify(world.hub.alives.at(-1)).includes("yolo"), "said");
  // Changed in the terminal without a hub: the hub's word is the older one.
  world.hub.down();
  await world.session.release();
  world.record.update({ permissionMode: "default" });
  world.hub.up();
  await world.start();
  await world.relaunch();
  await run(world, "p1", "hello");
  expect(world.record.value.permissionMode).toBe("default");
});

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

test("read-only while local: the prompt waits for the switch", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true, remoteWhileLocal: "read-only" });
  world.hub.prompt("p1", "later");
  await world.hub.until(() => world.ledger.state.prompts.has("p1"), "kept");
  expect(world.agent.front).toBe("local");
  await world.hub.rpc("switch", { to: "remote" });
  await world.hub.until(() => world.agent.ran.at(-1) === "later", "runs");
});

test("leaving the agent's own screen ends the session as completed, with its exit code", async () => {
  await using world = await createWorld({ startingMode: "local", viewers: true });
  await world.hub.until(() => world.hub.agentState?.controlledByUser === true, "local");
  world.agent.die({ code: 0 });
  expect(await world.session.ended).toBe(0);
  expect(world.host.ended).toMatchObject({ exitCode: 0 });
  expect(world.hub.ended).toBe("quit");
  expect(world.hub.metadata?.lifecycleState).toBe("completed");
});

test("Ctrl-C twice in the remote screen ends the session; once does not", async () => {
  await using world = await createWorld({ viewers: true });
  world.host.viewerInput("\x03");
  world.host.viewerInput("x");
  world.host.viewerInput("\x03");
  expect(world.host.ended).toBeNull();
  world.host.viewerInput("\x03");
  expect(await world.session.ended).toBe(0);
  expect(world.hub.metadata?.lifecycleState).toBe("completed");
});

test("abort interrupts the turn; with the session's scope it ends the session", async () => {
  await using world = await createWorld();
  await run(world, "p1", "long");
  await world.hub.rpc("abort");
  await world.hub.until(() => stages(world, "p1").at(-1) === "interrupted", "interrupted");
  expect(world.host.ended).toBeNull();
  await world.hub.rpc("abort", { scope: "session" });
  await world.session.ended;
  expect(world.hub.metadata?.lifecycleState).toBe("aborted");
  expect(world.agent.front).toBeNull();
});

test("an idle session without viewers parks its agent and wakes on a prompt; it stays active all the time", async () => {
  await using world = await createWorld({ parkAfterMs: 20 });
  await world.hub.until(() => world.agent.front === null, "parked");
  await world.hub.until(() => world.hub.metadata?.["parked"] === true, "said so");
  expect(world.hub.ended).toBeNull();
  await run(world, "p1", "wake up");
  expect(world.agent.starts.at(-1)).toMatchObject({ front: "remote", threadId: "thread-1" });
});

test("a remote session without viewers never starts a terminal, also when it was asked to begin in one", async () => {
  await using world = await createWorld({ startingMode: "local" });
  expect(world.agent.starts.map((start) => start.front)).toEqual(["remote"]);
}, 10_000);

test("an agent that is not installed ends the session as failed, with the next step in words", async () => {
  await using world = await createWorld({ installed: false });
  expect(await world.session.ended).toBe(1);
  expect(world.host.ended?.message).toContain("npm i -g fake");
  expect(world.hub.metadata).toMatchObject({ lifecycleState: "failed", failureCode: "agent_not_installed" });
});

test("an agent without a screen of its own says so instead of promising one", async () => {
  await using world = await createWorld({ control: "remote", startingMode: "local", viewers: true });
  expect(world.agent.starts.map((start) => start.front)).toEqual(["remote"]);
  expect(world.host.drawn).toContain("Press Ctrl-C twice to end the session");
  world.host.viewerInput("  ");
  await world.hub.until(() => world.host.drawn.includes("has no terminal of its own"), "said");
  await expect(world.hub.rpc("switch", { to: "local" })).rejects.toThrow();
});

test("hooks reach the driver", async () => {
  await using world = await createWorld();
  expect(await world.session.onHook({ a: 1 }, new AbortController().signal)).toEqual({ seen: { a: 1 } });
});

test("attachments: only files of the session's folders go to the agent; any other gives the prompt back, and the next one goes on", async () => {
  await using world = await createWorld();
  const inFolder = join(world.record.value.cwd, "picture.png");
  const uploaded = join(world.dir, "uploads", "up.png");
  const link = join(world.record.value.cwd, "link.png");
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

test("deleted at the hub while it runs: the session ends, its agent too", async () => {
  await using world = await createWorld();
  await run(world, "p1", "one");
  world.hub.remove();
  world.hub.down();
  world.hub.up();
  expect(await world.session.ended).toBe(1);
  expect(world.host.ended).toMatchObject({ message: "The session was deleted at the hub." });
  expect(world.ledger.state.facts.lifecycle).toBe("aborted");
});
