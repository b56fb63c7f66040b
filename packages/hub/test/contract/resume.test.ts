/** Resume and retry that fail or are asked twice: the real cause, the row as it was, what is offered instead; diagnostics; automatic retries. */
import { describe, expect, test } from "bun:test";
import { connectHub, createManualClock, startTestHub } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { comeUp, end, type Json, ours, ranBefore, sessionOf } from "./ran-before.ts";
import { machine, serveRpc, withHub } from "./setup.ts";

const rig = withHub();

describe("a resume that fails", () => {
  const refusals = [
    {
      said: { type: "error", errorMessage: "Claude Code was not found", code: "agent_not_installed" },
      cause: "agent_not_installed",
      offers: undefined,
    },
    {
      said: { type: "error", errorMessage: "The agent does not know this conversation any more", code: "resume_unavailable" },
      cause: "resume_unavailable",
      offers: undefined,
    },
    { said: { type: "error", errorMessage: "Disk is full", code: "spawn_failed" }, cause: "spawn_failed", offers: ["fork"] },
    { said: { error: "No such folder", code: "not_found" }, cause: "not_found", offers: ["fork"] },
  ];
  test.each(refusals)("at the runner: its code and words are passed on ($cause)", async ({ said, cause, offers }) => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await ranBefore(client, machineId);
    const before = await sessionOf(client, id);
    const runner = await machine(client, machineId, { "spawn-happy-session": () => said });
    const answer = await client.api("POST", `/sessions/${id}/resume`);
    const error = "error" in said ? said.error : said.errorMessage;
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({ error, code: "resume_failed", cause, ...(offers ? { offers } : {}) });
    expect(await sessionOf(client, id)).toEqual(before);
    expect(((await client.api("GET", `/sessions/${id}/messages`)).body["messages"] as Json[]).length).toBe(1);
    runner.socket.close();
    socket.close();
  });

  test("at the agent: the driver's code and words, after the process has come up and gone again", async () => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await ranBefore(client, machineId);
    const failure = { code: "thread_in_use", message: "This conversation is open in another program" };
    const runner = await machine(client, machineId, {
      async "spawn-happy-session"() {
        void comeUp(client, id, { failure }, "failed").then(async (process) => {
          await end(process, id);
          process.close();
        });
        return { type: "success", sessionId: id };
      },
    });
    const both = await Promise.all([1, 2].map(() => client.api("POST", `/sessions/${id}/resume`)));
    for (const answer of both)
      expect(answer).toMatchObject({
        status: 500,
        body: { code: "resume_failed", error: failure.message, cause: "thread_in_use", offers: ["fork"] },
      });
    expect(runner.calls).toHaveLength(1);
    const row = await sessionOf(client, id);
    expect(row).toMatchObject({ active: false, metadata: { claudeSessionId: "thread-1" } });
    const { body } = await client.api("GET", `/sessions/${id}/diagnostics`);
    expect(body).toMatchObject({
      source: "hub",
      threads: { hub: "thread-1" },
      lastStart: { how: "resume", asked: "thread-1", used: null },
      lastFailure: failure,
    });
    runner.socket.close();
    socket.close();
  });

  test.each([
    ["the process that is new, whose first word is that it failed: that is the state", 2, "failed"],
    ["the process that was ended, late: what was decided stands", 1, "aborted"],
  ])("after a person had ended it, %s", async (_which, hostPid, state) => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await client.session({
      metadata: { ...ours, machineId, hostPid: 1, lastStart: { at: 1, how: "new", front: "remote", asked: null, used: "thread-1" } },
    });
    await serveRpc(socket, id, { killSession: () => ({}) });
    expect((await client.api("POST", `/sessions/${id}/abort`, { scope: "session" })).status).toBe(200);
    expect(await sessionOf(client, id)).toMatchObject({ active: false, metadata: { lifecycleState: "aborted" } });
    const failure = { code: "resume_unavailable", message: "The conversation is gone" };
    const runner = await machine(client, machineId, {
      async "spawn-happy-session"() {
        const process = await comeUp(client, id, { failure }, "failed", { hostPid });
        await end(process, id);
        process.close();
        return { type: "success", sessionId: id };
      },
    });
    expect((await client.api("POST", `/sessions/${id}/resume`)).body).toMatchObject({ code: "resume_failed", cause: "resume_unavailable" });
    expect(await sessionOf(client, id)).toMatchObject({ active: false, metadata: { lifecycleState: state } });
    runner.socket.close();
    socket.close();
  });

  test("an agent that comes up late is waited for; the answer means that it is there", async () => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await ranBefore(client, machineId);
    const started = Promise.withResolvers<void>();
    let process: Socket | null = null;
    const runner = await machine(client, machineId, {
      async "spawn-happy-session"() {
        void started.promise.then(async () => (process = await comeUp(client, id, { used: "thread-1" })));
        return { type: "success", sessionId: id };
      },
    });
    const resumed = client.api("POST", `/sessions/${id}/resume`);
    started.resolve();
    expect(await resumed).toMatchObject({ status: 200, body: { type: "success", sessionId: id } });
    expect((await sessionOf(client, id)).metadata["lastStart"]).toMatchObject({ used: "thread-1" });
    (process as Socket | null)?.close();
    runner.socket.close();
    socket.close();
  });

  test("a prompt that can't be woken for names the cause, and it is not tried again and again", async () => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await ranBefore(client, machineId);
    const failure = { code: "resume_unavailable", message: "The conversation is gone" };
    await using sse = await client.sse();
    const runner = await machine(client, machineId, {
      async "spawn-happy-session"() {
        const process = await comeUp(client, id, { at: Date.now(), failure }, "failed");
        await end(process, id);
        process.close();
        return { type: "success", sessionId: id };
      },
    });
    const told = sse.find(({ event }) => event.type === "message-received" && JSON.stringify(event).includes("resume_unavailable"));
    await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "w", wake: true });
    expect((await told).event).toMatchObject({
      message: { localId: "w", stageDetail: { code: "resume_unavailable", message: failure.message, retryable: false } },
    });
    expect(runner.calls.length).toBeLessThanOrEqual(2);
    expect((await client.api("POST", `/sessions/${id}/messages/queued-state`, { localIds: ["w"] })).body["queuedLocalIds"]).toEqual(["w"]);
    runner.socket.close();
    socket.close();
  });
});

describe("retry", () => {
  test("says whether it began or joined; a retry that waits can be given up; without one there is nothing to give up", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ metadata: ours });
    let status = "started";
    const calls = await serveRpc(socket, id, {
      abort: () => ({}),
      "retry-turn": () => ({ ok: true, status }),
      "cancel-retry": () => ({ ok: true, status: "cancelled" }),
    });
    expect((await client.api("POST", `/sessions/${id}/retry`)).body).toEqual({ ok: true, status: "started" });
    status = "joined";
    expect((await client.api("POST", `/sessions/${id}/retry`)).body).toEqual({ ok: true, status: "joined" });
    expect((await client.api("DELETE", `/sessions/${id}/retry`)).body).toEqual({ ok: true, status: "cancelled" });
    expect(calls.map(({ method }) => method.split(":")[1])).toEqual(["retry-turn", "retry-turn", "cancel-retry"]);
    await end(socket, id);
    expect((await client.api("DELETE", `/sessions/${id}/retry`)).body).toEqual({ ok: true, status: "none" });
    socket.close();
  });

  test("by itself: chosen live and while away, kept in the metadata, refused where the session can't", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ metadata: ours });
    const calls = await serveRpc(socket, id, { "set-session-config": (params) => ({ applied: params }) });
    expect((await client.api("POST", `/sessions/${id}/auto-retry`, { enabled: true })).status).toBe(200);
    expect(calls[0]?.params).toEqual({ autoRetry: true });
    const { metadataVersion, metadata } = await sessionOf(client, id);
    expect(metadata["autoRetry"]).toBe(true);
    await end(socket, id);
    await client.api("POST", `/sessions/${id}/auto-retry`, { enabled: false });
    const after = await sessionOf(client, id);
    expect(after.metadata["autoRetry"]).toBe(false);
    expect(after.metadataVersion).toBeGreaterThan(metadataVersion);
    expect((await client.api("POST", `/sessions/${id}/auto-retry`, { enabled: "yes" })).status).toBe(400);
    const peer = await client.session();
    expect(await client.api("POST", `/sessions/${peer.id}/auto-retry`, { enabled: true })).toMatchObject({
      body: { code: "unsupported_flavor" },
    });
    peer.socket.close();
    socket.close();
  });

  test("its state is in the session and in the event that changes it", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ metadata: ours });
    await using sse = await client.sse();
    const retry = { localId: "p1", attempt: 2, maxAttempts: 6, at: Date.now() + 10_000, failureCode: "overloaded" };
    const seen = sse.find(({ event }) => JSON.stringify(event).includes('"attempt":2'));
    const version = Number((await sessionOf(client, id))["agentStateVersion"]);
    await socket.emitWithAck("update-state", { sid: id, expectedVersion: version, agentState: { retry } });
    expect((await seen).event).toMatchObject({ type: "session-updated", data: { agentState: { value: { retry } } } });
    expect((await sessionOf(client, id))["agentState"]).toMatchObject({ retry });
    socket.close();
  });
});

test("diagnostics of a living session come from its process, with the thread the hub knows beside them", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session({ metadata: ours });
  const lastStart = { at: 5, how: "resume", front: "remote", asked: "thread-1", used: "thread-1" };
  const answer = {
    sessionId: id,
    flavor: "claude",
    threads: { hub: null, record: "thread-1", driver: "thread-1" },
    lastStart,
    host: { machineId: "m", name: "h", pid: 1, id: "1" },
    launch: { cwd: "/p", startedBy: "runner", startingMode: "remote", permissionMode: null, model: null, args: ["--api-key", "***"] },
    lastFailure: null,
    autoRetry: true,
    retry: null,
  };
  await serveRpc(socket, id, { diagnostics: () => answer });
  const { body } = await client.api("GET", `/sessions/${id}/diagnostics`);
  expect(body).toEqual({
    ...answer,
    source: "session",
    threads: { hub: "thread-1", record: "thread-1", driver: "thread-1" },
  });
  const other = await rig.client();
  expect((await other.api("GET", `/sessions/${id}/diagnostics`)).status).toBe(403);
  socket.close();
});

test("a session that is active by its lease only: resume and retry wait for its process, or start it once the lease is over", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const client = await connectHub(hub);
  const { id, socket } = await client.session({ metadata: { ...ours, machineId: "m-lease" } });
  socket.close();
  let process: Socket | null = null;
  async function comesUp(): Promise<void> {
    process = await comeUp(client, id, { used: "thread-1" });
    await serveRpc(process, id, { abort: () => ({}), "retry-turn": () => ({ ok: true, status: "started" }) });
  }
  let coming: Promise<void> | null = null;
  const runner = await machine(client, "m-lease", {
    async "spawn-happy-session"() {
      await (coming ??= comesUp());
      return { type: "success", sessionId: id };
    },
  });
  const before = clock.pendingTimers;
  const both = Promise.all([client.api("POST", `/sessions/${id}/resume`), client.api("POST", `/sessions/${id}/retry`)]);
  let answered = false;
  void both.then(() => (answered = true));
  // Requests on their way are in no hurry on a busy machine: the hub's time goes on once both wait there.
  while (clock.pendingTimers < before + 2) await runner.socket.emitWithAck("ping");
  for (let second = 0; second < 60 && !answered; second++) {
    // The clock of the hub waits while real sockets are busy: it must not run out on them.
    if (coming) await coming;
    await clock.advance(1_000);
    runner.socket.emit("machine-alive", { machineId: "m-lease", time: clock.now() });
    await runner.socket.emitWithAck("ping");
  }
  expect((await both).map(({ body }) => body)).toEqual([
    { type: "success", sessionId: id },
    { ok: true, status: "started" },
  ]);
  expect(runner.calls).toHaveLength(1);
  (process as Socket | null)?.close();
  runner.socket.close();
});

test("the host that the machine found was on its way out: the session is started again, and comes up", async () => {
  const client = await rig.client();
  const machineId = `m-${crypto.randomUUID()}`;
  const { id, socket } = await ranBefore(client, machineId);
  let process: Socket | null = null;
  const runner = await machine(client, machineId, {
    async "spawn-happy-session"() {
      // The first time a host answered that ended right after it.
      if (runner.calls.length > 1) process = await comeUp(client, id, { used: "thread-1" });
      return { type: "success", sessionId: id };
    },
  });
  expect(await client.api("POST", `/sessions/${id}/resume`)).toMatchObject({ status: 200, body: { type: "success", sessionId: id } });
  expect(runner.calls).toHaveLength(2);
  (process as Socket | null)?.close();
  runner.socket.close();
  socket.close();
});
