/** One session against an agent and a hub in memory: its configuration, what it hears, parking, and every way to its end. */
import { expect, test } from "bun:test";
import { fileRpc, sessionRpc } from "@hapi/protocol/rpc";
import { createWorld, run, stages } from "./world.ts";

test("configuration: confirmed by the agent, kept, passed at the next start; an unknown mode is refused", async () => {
  await using world = await createWorld();
  expect(await world.hub.rpc<unknown>("set-session-config", { permissionMode: "yolo", model: "large" })).toEqual({
    applied: { permissionMode: "yolo", model: "large" },
  });
  await expect(world.hub.rpc("set-session-config", { permissionMode: "wild" })).rejects.toThrow();
  // What can't be changed is refused, and nothing that was asked for beside it is changed.
  await expect(world.hub.rpc("set-session-config", { model: "small", effort: "high" })).rejects.toThrow('"effort" can\'t be changed');
  world.agent.die({ code: 0 });
  await run(world, "p1", "hello");
  expect(world.agent.starts.at(-1)).toMatchObject({ permissionMode: "yolo", model: "large" });
  expect(world.hub.alives.at(-1)).toMatchObject({ permissionMode: "yolo", model: "large", mode: "remote" });
});

test("effort: confirmed by the agent under the name that was asked for, kept, said, passed at the next start", async () => {
  await using world = await createWorld({ canEffort: true });
  expect(await world.hub.rpc<unknown>("set-session-config", { effort: "high" })).toEqual({ applied: { effort: "high" } });
  expect(await world.hub.rpc<unknown>("set-session-config", { modelReasoningEffort: "low" })).toEqual({
    applied: { modelReasoningEffort: "low" },
  });
  expect(world.agent.settings).toEqual(["effort high", "effort low"]);
  world.agent.die({ code: 0 });
  await run(world, "p1", "hello");
  expect(world.agent.starts.at(-1)).toMatchObject({ effort: "low" });
  expect(world.hub.alives.at(-1)).toMatchObject({ effort: "low" });
  expect(world.hub.metadata).toMatchObject({ preferredEffort: "low" });
});

test("an effort that was chosen at the hub while the session was away is taken over; what the agent is seen with is shown and not kept", async () => {
  await using world = await createWorld({ canEffort: true });
  await world.hub.until(() => world.ledger.state.facts.published !== null, "told");
  world.hub.choose({ effort: "high" });
  await world.relaunch();
  await world.hub.until(() => world.sessionFile.value.effort === "high", "taken over");
  await run(world, "p1", "hello");
  expect(world.agent.starts.at(-1)).toMatchObject({ effort: "high" });
  world.agent.tell({ type: "effort", effort: "max" });
  await world.hub.until(() => JSON.stringify(world.hub.alives.at(-1)).includes('"effort":"max"'), "shown");
  expect(world.sessionFile.value.effort).toBe("high");
});

test("mode and model chosen at the hub while the session was away count; ours count where nobody chose", async () => {
  await using world = await createWorld({ permissionMode: "default" });
  await world.hub.until(() => world.ledger.state.facts.published !== null, "told");
  world.hub.choose({ permissionMode: "yolo", model: "large" });
  await world.relaunch();
  await world.hub.until(() => world.sessionFile.value.permissionMode === "yolo" && world.sessionFile.value.model === "large", "taken over");
  await world.hub.until(() => world.hub.alives.length > 1 && JSON.stringify(world.hub.alives.at(-1)).includes("yolo"), "said");
  // Changed in the terminal without a hub: the hub's word is the older one.
  world.hub.down();
  await world.session.release();
  world.sessionFile.update({ permissionMode: "default" });
  world.hub.up();
  await world.start();
  await world.relaunch();
  await run(world, "p1", "hello");
  expect(world.sessionFile.value.permissionMode).toBe("default");
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

test("prompts that wait when the session ends are the hub's alone again; with the next start they come, and run once", async () => {
  await using world = await createWorld();
  await run(world, "p1", "long");
  world.hub.prompt("p2", "waits");
  world.hub.prompt("p3", "is taken back");
  await world.hub.until(() => world.ledger.state.prompts.size === 3, "queued");
  await world.hub.rpc("abort", { scope: "session" });
  await world.session.ended;
  expect(world.hub.returned).toEqual(["p2", "p3"]);
  expect([...world.ledger.state.prompts.keys()]).toEqual(["p1"]);
  world.hub.takeBack("p3");
  await world.start();
  await world.hub.until(() => world.agent.ran.at(-1) === "waits", "it runs");
  world.agent.finish();
  await world.hub.until(() => stages(world, "p2").at(-1) === "done", "done");
  expect(world.agent.ran).toEqual(["long", "waits"]);
  await world.session.release();
});

test("what was accepted after the end does not overtake what was given back", async () => {
  await using world = await createWorld();
  await run(world, "p1", "long");
  world.hub.prompt("p2", "waits");
  await world.hub.until(() => world.ledger.state.prompts.size === 2, "queued");
  const { seq } = world.ledger.state.prompts.get("p2")!;
  await world.hub.rpc("abort", { scope: "session" });
  await world.session.ended;
  expect(world.hub.returned).toEqual(["p2"]);
  // From here on the next start reads: behind it, the later one would come first.
  expect(world.ledger.state.facts.lastSeq).toBe(seq! - 1);
  world.hub.prompt("p3", "later");
  await world.start();
  for (const text of ["waits", "later"]) {
    await world.hub.until(() => world.agent.ran.at(-1) === text, text);
    world.agent.finish();
  }
  expect(world.agent.ran).toEqual(["long", "waits", "later"]);
  await world.session.release();
});

test("a prompt that the hub lost is not given back to it: it waits in the session, and runs with the next start", async () => {
  await using world = await createWorld();
  await run(world, "p1", "long");
  for (const localId of ["p2", "p3"]) world.hub.prompt(localId, `text of ${localId}`);
  await world.hub.until(() => world.ledger.state.prompts.size === 3, "queued");
  world.hub.takeBack("p2");
  await world.hub.rpc("abort", { scope: "session" });
  await world.session.ended;
  expect(world.hub.returned).toEqual(["p3"]);
  await world.start();
  await world.hub.until(() => world.agent.ran.at(-1) === "text of p2", "it runs");
  await world.session.release();
});

test("what the hub believes to be handed is not given back to it: it waits in the session", async () => {
  await using world = await createWorld();
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "lost with the agent");
  await world.hub.until(() => stages(world, "p1").at(-1) === "handed", "handed");
  await world.hub.rpc("abort", { scope: "session" });
  await world.session.ended;
  expect(world.hub.returned).toEqual([]);
  world.agent.onPrompt = "run";
  await world.start();
  await world.hub.until(() => world.agent.ran.length > 0, "it runs");
  expect(world.agent.ran).toEqual(["lost with the agent"]);
  await world.session.release();
});

test("an idle session without viewers parks its agent and wakes on a prompt; it stays active all the time", async () => {
  await using world = await createWorld({ parkAfterMs: 20 });
  await world.hub.until(() => world.agent.front === null, "parked");
  await world.hub.until(() => world.hub.metadata?.["parked"] === true, "said so");
  expect(world.hub.ended).toBeNull();
  await run(world, "p1", "wake up");
  expect(world.agent.starts.at(-1)).toMatchObject({ front: "remote", threadId: "thread-1" });
});

test("an agent that is not installed ends the session as failed, with the next step in words", async () => {
  await using world = await createWorld({ installed: false });
  expect(await world.session.ended).toBe(1);
  expect(world.host.ended?.message).toContain("npm i -g fake");
  expect(world.hub.metadata).toMatchObject({ lifecycleState: "failed", failureCode: "agent_not_installed" });
});

test("hooks reach the driver", async () => {
  await using world = await createWorld();
  expect(await world.session.onHook({ a: 1 }, new AbortController().signal)).toEqual({ seen: { a: 1 } });
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

test("a credential that is another one than at the start is told once, and the next other one again", async () => {
  let changed: Record<string, string> = { API_KEY: "1" };
  await using world = await createWorld({ changedCredentials: () => changed });
  const told = (): number => world.hub.rows.filter((row) => JSON.stringify(row).includes("API_KEY is another one")).length;
  await world.hub.until(() => told() === 1, "told");
  await world.relaunch();
  await run(world, "p1", "hello");
  expect(told()).toBe(1);
  changed = { API_KEY: "2" };
  await world.relaunch();
  await world.hub.until(() => told() === 2, "told again");
  expect(JSON.stringify(world.hub.rows)).toContain("--this-environment");
});

test("a session serves the calls of its table, all of them and no other", async () => {
  await using world = await createWorld();
  await world.hub.until(() => world.hub.methods.length > 0, "registered");
  const names = [...Object.values(sessionRpc), ...Object.values(fileRpc)].map(({ wire }) => wire);
  expect(world.hub.methods.toSorted()).toEqual(names.toSorted());
});

test("a model that is none of this agent's kind is refused, as any parameter that is none", async () => {
  await using world = await createWorld();
  const model = { provider: "other", modelId: "large" };
  await expect(world.hub.rpc("set-session-config", { model })).rejects.toMatchObject({
    code: "invalid_body",
    message: "Invalid parameters",
  });
  await expect(world.hub.rpc("steer-queued-message", {})).rejects.toMatchObject({ code: "invalid_body", message: "Invalid parameters" });
});
