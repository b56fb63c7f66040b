/** What the agent asks, and the answers: each applied once, none turned into a yes, across the end of a session process. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { decodeContent } from "@hapi/core";
import { createWorld, run, stages, texts } from "./world.ts";

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
  expect(await world.hub.rpc<unknown>("permission", { id: "r1", approved: true })).toEqual({
    status: "closed",
    outcome: "sent",
    decision: "denied",
    by: "person",
  });
  expect(world.agent.answers).toEqual([{ id: "r1", answer: { behavior: "deny", reason: "not now" } }]);
  expect(world.hub.agentState?.requests?.["r1"]).toBeDefined();
  world.agent.goOn("r1", "denied");
  await world.hub.until(() => world.hub.agentState?.completedRequests?.["r1"] !== undefined, "closed");
  expect(world.hub.agentState?.completedRequests?.["r1"]).toMatchObject({ status: "denied", reason: "not now", decision: "denied" });
  expect(world.hub.agentState?.requests).toEqual({});
  expect(await world.hub.rpc<unknown>("permission", { id: "r1", approved: true })).toEqual({
    status: "closed",
    outcome: "denied",
    by: "person",
    reason: "not now",
  });
});

test("an answer that the agent can't take is refused in its words, and the question is asked still: the next answer counts", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  world.agent.wantsAnswers = true;
  world.agent.ask({ id: "r1", kind: "question" });
  const asked = () => world.hub.agentState?.requests?.["r1"];
  await world.hub.until(() => asked() !== undefined, "request at the hub");
  const refused = world.hub.rpc("permission", { id: "r1", approved: true });
  await expect(refused).rejects.toMatchObject({ code: "invalid_body", message: "It needs an answer" });
  await world.hub.until(() => asked() !== undefined && asked()?.sent === undefined, "open");
  // Nor is it given after a restart.
  await world.crash();
  await world.start();
  await world.hub.until(() => asked() !== undefined, "asked still");
  expect(asked()?.sent).toBeUndefined();
  const answers = { "0": ["red"] };
  expect(await world.hub.rpc<unknown>("permission", { id: "r1", approved: true, answers })).toEqual({ status: "applied" });
  expect(world.agent.answers).toEqual([{ id: "r1", answer: { behavior: "allow", answers } }]);
});

test("an answer from afar and one in the terminal: the row says what happened, the answer that lost is told as lost", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  world.agent.ask({ id: "r1" });
  await world.hub.until(() => world.hub.agentState?.requests?.["r1"] !== undefined, "request at the hub");
  await world.hub.rpc("permission", { id: "r1", approved: false, reason: "no" });
  await world.hub.until(() => world.hub.agentState?.requests?.["r1"]?.sent !== undefined, "sent at the hub");
  expect(world.hub.agentState?.requests?.["r1"]).toMatchObject({ sent: { decision: "denied" } });
  // The screen shows that it runs; then the record says who let it.
  world.agent.goOn("r1", "approved", "terminal", false);
  await world.hub.until(() => world.hub.agentState?.completedRequests?.["r1"] !== undefined, "closed");
  expect(world.hub.agentState?.completedRequests?.["r1"]).toMatchObject({ status: "approved", answeredBy: "terminal", provisional: true });
  await world.crash();
  await world.start();
  world.agent.goOn("r1", "approved", "terminal");
  const closed = () => world.hub.agentState?.completedRequests?.["r1"];
  await world.hub.until(() => closed() !== undefined && closed()?.provisional === undefined, "the record's word");
  const done = closed();
  expect(done).toMatchObject({ status: "approved", answeredBy: "terminal", lost: { decision: "denied" } });
  expect(done?.reason).toBeUndefined();
  expect(await world.hub.rpc<unknown>("permission", { id: "r1", approved: true })).toEqual({
    status: "closed",
    outcome: "approved",
    by: "terminal",
  });
  // What is certain stays: nobody says it otherwise later.
  world.agent.goOn("r1", "denied", "terminal");
  world.agent.say("done");
  await world.hub.until(() => texts(world).includes("done"), "what was said after it");
  expect(world.hub.agentState?.completedRequests?.["r1"]?.status).toBe("approved");
});

test("the agent is gone between sent and applied: canceled, never denied", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  world.agent.ask({ id: "r1" });
  await world.hub.until(() => world.hub.agentState?.requests?.["r1"] !== undefined, "request at the hub");
  await world.hub.rpc("permission", { id: "r1", approved: false });
  world.agent.die({ signal: "SIGKILL" });
  await world.hub.until(() => world.hub.agentState?.completedRequests?.["r1"] !== undefined, "closed");
  expect(world.hub.agentState?.completedRequests?.["r1"]).toMatchObject({
    status: "canceled",
    answeredBy: "agent",
    reason: expect.stringContaining("ended before it said"),
    lost: { decision: "denied" },
  });
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

test("nothing of a request is shown at the hub before it is on disk: not that it waits, not that it was answered", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  const slow = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    world.disk.busy = promise;
    return () => {
      world.disk.busy = null;
      resolve();
    };
  };
  const shown = () => world.hub.agentState?.requests?.["r1"];
  /** The hub has whatever it could be told by now. */
  const told = async (label: string): Promise<void> => {
    world.agent.background([label]);
    await world.hub.until(() => world.hub.agentState?.background?.[0]?.label === label, label);
  };
  const asked = slow();
  world.agent.ask({ id: "r1" });
  await told("asked");
  expect(shown()).toBeUndefined();
  asked();
  await world.hub.until(() => shown() !== undefined, "it waits");
  const answered = slow();
  const answer = world.hub.rpc<unknown>("permission", { id: "r1", approved: true });
  await told("answered");
  expect(shown()).toMatchObject({ createdAt: expect.any(Number) });
  expect(shown()?.sent ?? undefined).toBeUndefined();
  answered();
  expect(await answer).toEqual({ status: "applied" });
  await world.hub.until(() => shown()?.sent !== undefined, "it was answered");
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

test("a tool's result says how long its call waited for a person", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  world.agent.ask({ id: "r1", toolCallId: "call-1" });
  await world.hub.until(() => world.hub.agentState?.requests?.["r1"] !== undefined, "request");
  const { createdAt = 0 } = world.hub.agentState!.requests!["r1"]!;
  await world.hub.rpc("permission", { id: "r1", approved: true });
  // by any clock later than it was asked
  while (Date.now() <= (createdAt ?? 0)) await Promise.resolve();
  world.agent.goOn("r1", "approved");
  await world.hub.until(() => world.hub.agentState?.completedRequests?.["r1"] !== undefined, "closed");
  const result = (callId: string) => ({
    type: "tool-result" as const,
    id: `${callId}-r`,
    callId,
    status: "completed" as const,
    output: "ok",
  });
  world.agent.repeat("k1", result("call-1"));
  world.agent.repeat("k2", result("call-2"));
  const told = (callId: string) =>
    world.hub.rows
      .flatMap((row) => decodeContent(row.content, { id: row.key }))
      .find((event) => event.type === "tool-result" && event.callId === callId);
  await world.hub.until(() => told("call-2") !== undefined, "results at the hub");
  const { completedAt = 0 } = world.hub.agentState!.completedRequests!["r1"]!;
  expect(told("call-1")).toMatchObject({ waitedMs: (completedAt ?? 0) - (createdAt ?? 0) });
  expect(told("call-2")).not.toHaveProperty("waitedMs");
});

test("an edit that waits for a person has the lines around it, and their numbers, from the file", async () => {
  await using world = await createWorld();
  await run(world, "p1", "edit it");
  const file = join(world.sessionFile.value.cwd, "a.txt");
  writeFileSync(file, "one\ntwo\nthree\nfour\nfive\nsix\n");
  world.agent.ask({ id: "r1", tool: "Edit", input: { file_path: file, old_string: "five", new_string: "FIVE" } });
  await world.hub.until(() => world.hub.agentState?.requests?.["r1"]?.places !== undefined, "its place");
  expect(world.hub.agentState?.requests?.["r1"]?.places).toEqual([{ line: 2, before: "two\nthree\nfour\n", after: "\nsix\n" }]);
  // Another session process reads it again.
  await world.crash();
  await world.start();
  await world.hub.until(() => world.hub.agentState?.requests?.["r1"]?.places !== undefined, "again");
  world.agent.ask({ id: "r2", tool: "Edit", input: { file_path: "/etc/hostname", old_string: "a", new_string: "b" } });
  await world.hub.until(() => world.hub.agentState?.requests?.["r2"] !== undefined, "asked");
  await world.hub.until(() => world.hub.agentState?.requests?.["r2"]?.places !== undefined, "looked for");
  expect(world.hub.agentState?.requests?.["r2"]?.places).toEqual([null]);
});
