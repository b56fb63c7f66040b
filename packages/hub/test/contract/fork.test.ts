/** A session as a branch of another: of its thread, or where that is gone with the text of its history; refused, or failed without a trace. */
import { describe, expect, test } from "bun:test";
import { comeUp, end, type Json, ours, ranBefore, sessionOf } from "./ran-before.ts";
import { agentText, machine, withHub } from "./setup.ts";

const rig = withHub();

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
      "stop-session": () => ({ status: "stopped" }),
      "forget-session": () => ({ status: "forgotten" }),
    });
    expect(await client.api("POST", `/sessions/${id}/fork`)).toMatchObject({
      status: 502,
      body: { code: "spawn_failed", cause: "resume_unavailable", error: "The conversation is gone" },
    });
    const { sessions } = (await client.api("GET", "/sessions")).body as { sessions: { id: string }[] };
    expect(sessions.map((one) => one.id)).toEqual([id]);
    // Nor on the machine, which may have been given the text of the history.
    const fork = runner.calls[0]?.params["sessionId"];
    expect(runner.calls.slice(1)).toEqual([
      { method: `${machineId}:stop-session`, params: { sessionId: fork } },
      { method: `${machineId}:forget-session`, params: { sessionId: fork } },
    ]);
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

test("a session whose row names another namespace's machine reaches nothing there, by whatever way", async () => {
  const [owner, stranger] = [await rig.client(), await rig.client()];
  const machineId = `m-${crypto.randomUUID()}`;
  const answer = (): Json => ({ type: "success", sessionId: crypto.randomUUID(), status: "stopped", agents: [] });
  const methods = { "spawn-happy-session": answer, "stop-session": answer, "forget-session": answer, "agent-availability": answer };
  const runner = await machine(owner, machineId, methods, { capabilities: ["spawn-history"] });
  const { id, socket } = await ranBefore(stranger, machineId);
  socket.emit("message", { sid: id, message: agentText("something that was said") });
  for (const from of ["thread", "history"])
    expect(await stranger.api("POST", `/sessions/${id}/fork`, { from })).toMatchObject({ body: { code: "no_machine_online" } });
  expect((await stranger.api("POST", `/sessions/${id}/resume`)).body).not.toHaveProperty("sessionId");
  await stranger.api("POST", `/sessions/${id}/messages`, { text: "wake up", localId: crypto.randomUUID(), wake: true });
  await stranger.api("POST", `/sessions/${id}/archive`);
  await stranger.api("DELETE", `/sessions/${id}`);
  // The owner's own call comes after them all.
  await owner.api("GET", `/machines/${machineId}/agent-availability`);
  expect(runner.calls.map(({ method }) => method)).toEqual([`${machineId}:agent-availability`]);
  runner.socket.close();
  socket.close();
});
