/** Resume, retry and fork that fail or are asked twice: the real cause, the row as it was, what is offered instead; diagnostics; automatic retries. */
import { describe, expect, test } from "bun:test";
import { connectHub, createManualClock, startTestHub, type HubClient } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { agentText, machine, serveRpc, withHub } from "./setup.ts";

const rig = withHub();

type Json = Record<string, unknown>;
const ours = { claudeSessionId: "thread-1", capabilities: { control: "switch", fork: true, autoRetry: true } };

async function end(socket: Socket, id: string): Promise<void> {
  socket.emit("session-end", { sid: id, time: Date.now() });
  await socket.emitWithAck("ping");
}

const sessionOf = async (client: HubClient, id: string): Promise<Json & { metadata: Json; metadataVersion: number }> =>
  (await client.api("GET", `/sessions/${id}`)).body["session"] as Json & { metadata: Json; metadataVersion: number };

/** A session of ours that has run before: it said how its agent was started. */
async function ranBefore(client: HubClient, machineId: string, metadata: Json = {}): Promise<{ id: string; socket: Socket }> {
  const lastStart = { at: 1, how: "new", front: "remote", asked: null, used: "thread-1" };
  const { id, socket } = await client.session({ metadata: { ...ours, machineId, lastStart, ...metadata } });
  await socket.emitWithAck("message", { sid: id, message: { role: "agent", content: { n: 1 } }, key: "kept" });
  await end(socket, id);
  return { id, socket };
}

/** A process of the session that comes up, and what it then says of its agent's start. */
async function comeUp(client: HubClient, id: string, start: Json, lifecycleState = "running"): Promise<Socket> {
  const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  socket.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
  await socket.emitWithAck("ping");
  const { metadata, metadataVersion } = await sessionOf(client, id);
  await socket.emitWithAck("update-metadata", {
    sid: id,
    expectedVersion: metadataVersion,
    metadata: {
      ...metadata,
      lifecycleState,
      lastStart: { at: 2, how: "resume", front: "remote", asked: "thread-1", used: null, ...start },
    },
  });
  return socket;
}

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

describe("a fork of a session that does not run", () => {
  test("starts a branch of its thread with the history; the old row stays as it is", async () => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await ranBefore(client, machineId);
    const before = await sessionOf(client, id);
    let fork = "";
    const runner = await machine(client, machineId, {
      async "spawn-happy-session"(params) {
        fork = String(params["sessionId"]);
        void comeUp(client, fork, { how: "fork", used: "thread-2" });
        return { type: "success", sessionId: fork };
      },
    });
    const answer = await client.api("POST", `/sessions/${id}/fork`);
    expect(answer.body).toEqual({ sessionId: fork });
    expect(runner.calls[0]?.params).toMatchObject({ resumeSessionId: "thread-1", forkSession: true, directory: before.metadata["path"] });
    expect(((await client.api("GET", `/sessions/${fork}/messages`)).body["messages"] as Json[]).length).toBe(1);
    expect(await sessionOf(client, id)).toEqual(before);
    runner.socket.close();
    socket.close();
  });

  test("that can't be begun says why and leaves nothing behind", async () => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await ranBefore(client, machineId);
    const runner = await machine(client, machineId, {
      async "spawn-happy-session"(params) {
        const failure = { code: "resume_unavailable", message: "The conversation is gone" };
        void comeUp(client, String(params["sessionId"]), { how: "fork", failure }, "failed");
        return { type: "success", sessionId: params["sessionId"] };
      },
    });
    expect(await client.api("POST", `/sessions/${id}/fork`)).toMatchObject({
      status: 502,
      body: { code: "spawn_failed", cause: "resume_unavailable", error: "The conversation is gone" },
    });
    const { sessions } = (await client.api("GET", "/sessions")).body as { sessions: { id: string }[] };
    expect(sessions.map((one) => one.id)).toEqual([id]);
    runner.socket.close();
    socket.close();
  });

  test("with the history, where the thread is gone: offered, and the agent gets the text instead of the thread", async () => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await ranBefore(client, machineId);
    const process = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
    const say = (key: string, content: unknown) => process.emitWithAck("message", { sid: id, key, message: content });
    await say("u", { role: "user", content: { type: "text", text: "remember pineapple" }, meta: { sentFrom: "cli" } });
    await say("a", agentText("I will."));
    await end(process, id);
    const before = await sessionOf(client, id);
    let fork = "";
    const gone = { type: "error", errorMessage: "The conversation is gone", code: "resume_unavailable" };
    const methods = {
      async "spawn-happy-session"(params: Json) {
        if (params["history"] === undefined) return gone;
        fork = String(params["sessionId"]);
        void comeUp(client, fork, { how: "new", asked: null, used: "thread-2" });
        return { type: "success", sessionId: fork };
      },
    };
    const runner = await machine(client, machineId, methods, { capabilities: ["spawn-history"] });
    expect(await client.api("POST", `/sessions/${id}/resume`)).toMatchObject({
      status: 500,
      body: { code: "resume_failed", cause: "resume_unavailable", offers: ["history"] },
    });
    // A branch was asked for anyway.
    expect(await client.api("POST", `/sessions/${id}/fork`)).toMatchObject({
      status: 502,
      body: { code: "spawn_failed", cause: "resume_unavailable", offers: ["history"] },
    });
    expect((await client.api("POST", `/sessions/${id}/fork`, { from: "history" })).body).toEqual({ sessionId: fork });
    const params = runner.calls.at(-1)?.params ?? {};
    expect(params).toMatchObject({ directory: before.metadata["path"], existingSessionId: fork });
    expect(params["history"]).toBe("## Person\nremember pineapple\n\n## Agent\nI will.");
    expect([params["resumeSessionId"], params["forkSession"]]).toEqual([undefined, undefined]);
    expect(((await client.api("GET", `/sessions/${fork}/messages`)).body["messages"] as Json[]).length).toBe(3);
    expect((await sessionOf(client, fork)).metadata).toMatchObject({ forkedFrom: id });
    expect(await sessionOf(client, id)).toEqual(before);
    runner.socket.close();
    process.close();
    socket.close();
  });

  test("with the history only where there is one, a runner that knows how, and nothing that fails in the same way", async () => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await ranBefore(client, machineId);
    let code = "resume_unavailable";
    const methods = { "spawn-happy-session": () => ({ type: "error", errorMessage: "It can't", code }) };
    const old = await machine(client, machineId, methods);
    expect((await client.api("POST", `/sessions/${id}/resume`)).body).not.toHaveProperty("offers");
    expect(await client.api("POST", `/sessions/${id}/fork`, { from: "history" })).toMatchObject({
      status: 409,
      body: { code: "runner_upgrade_required", error: expect.stringContaining("update HAPI there") },
    });
    expect(old.calls).toHaveLength(1);
    old.socket.close();

    const otherId = `m-${crypto.randomUUID()}`;
    const other = await machine(client, otherId, methods, { capabilities: ["spawn-history"] });
    const { id: otherSession, socket: second } = await ranBefore(client, otherId);
    expect((await client.api("POST", `/sessions/${otherSession}/resume`)).body).toMatchObject({ offers: ["history"] });
    // It has rows, and nobody said a word in them.
    expect(await client.api("POST", `/sessions/${otherSession}/fork`, { from: "history" })).toMatchObject({
      status: 501,
      body: { code: "not_supported", error: "Nothing was said in this session; start a new one instead" },
    });
    const { id: silent, socket: third } = await client.session({ metadata: { ...ours, machineId: otherId } });
    await end(third, silent);
    expect((await client.api("POST", `/sessions/${silent}/resume`)).body).not.toHaveProperty("offers");
    code = "agent_not_installed";
    expect((await client.api("POST", `/sessions/${otherSession}/resume`)).body).not.toHaveProperty("offers");
    other.socket.close();
    for (const one of [socket, second, third]) one.close();
  });

  test("without a thread, or of an agent that can't: refused", async () => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const runner = await machine(client, machineId, { "spawn-happy-session": () => ({ type: "success", sessionId: "never" }) });
    for (const capabilities of [undefined, { control: "switch", fork: false }]) {
      const { id, socket } = await ranBefore(client, machineId, { capabilities });
      expect(await client.api("POST", `/sessions/${id}/fork`)).toMatchObject({ status: 501, body: { code: "not_supported" } });
      socket.close();
    }
    expect(runner.calls).toEqual([]);
    runner.socket.close();
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
  const runner = await machine(client, "m-lease", {
    async "spawn-happy-session"() {
      process = await comeUp(client, id, { used: "thread-1" });
      await serveRpc(process, id, { abort: () => ({}), "retry-turn": () => ({ ok: true, status: "started" }) });
      return { type: "success", sessionId: id };
    },
  });
  const both = Promise.all([client.api("POST", `/sessions/${id}/resume`), client.api("POST", `/sessions/${id}/retry`)]);
  let answered = false;
  void both.then(() => (answered = true));
  for (let second = 0; second < 60 && !answered; second++) {
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
