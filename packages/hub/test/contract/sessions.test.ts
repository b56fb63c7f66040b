/** Session list, detail, names, lifecycle and settings over REST. */
import { describe, expect, test } from "bun:test";
import type { HubClient } from "@hapi/testkit";
import { machine, serveRpc, withHub } from "./setup.ts";

const rig = withHub();

type Json = Record<string, unknown>;
const sessionOf = async (client: HubClient, id: string): Promise<Json> =>
  (await client.api("GET", `/sessions/${id}`)).body["session"] as Json;
const metadataOf = async (client: HubClient, id: string): Promise<Json> => (await sessionOf(client, id))["metadata"] as Json;

async function inactiveSession(client: HubClient, metadata: Json = {}): Promise<string> {
  const { id, socket } = await client.session({ metadata });
  socket.emit("session-end", { sid: id, time: Date.now() });
  await socket.emitWithAck("ping");
  socket.close();
  return id;
}

describe("create", () => {
  test("get-or-create by tag: the second request changes nothing", async () => {
    const client = await rig.client();
    const first = await client.cli("POST", "/sessions", { tag: "t", metadata: { path: "/a", host: "h" }, agentState: null });
    const second = await client.cli("POST", "/sessions", { tag: "t", metadata: { path: "/b", host: "h" } });
    expect(second.body).toEqual(first.body);
    expect((first.body["session"] as Json)["metadata"]).toEqual({ path: "/a", host: "h" });
    expect(first.body["session"]).toMatchObject({ active: false, metadataVersion: 1, agentStateVersion: 1, thinking: false, model: null });
  });

  test("a forced id is honoured, and bound to its tag", async () => {
    const client = await rig.client();
    const id = crypto.randomUUID();
    const created = await client.cli("POST", "/sessions", { id, tag: "mine", metadata: null });
    expect((created.body["session"] as Json)["id"]).toBe(id);
    expect(await client.cli("POST", "/sessions", { id, tag: "other", metadata: null })).toMatchObject({ status: 409 });
    const another = { id: crypto.randomUUID(), tag: "mine", metadata: null };
    expect(await client.cli("POST", "/sessions", another)).toMatchObject({ status: 409, body: { code: "session_conflict" } });
  });

  test("bad bodies", async () => {
    const client = await rig.client();
    expect((await client.cli("POST", "/sessions", { metadata: null })).status).toBe(400);
    expect((await client.cli("POST", "/sessions", { tag: "x", metadata: { path: 5 } })).status).toBe(400);
    expect((await client.cli("POST", "/sessions", "{")).body).toMatchObject({ code: "invalid_json" });
  });
});

test("a sign of life from long ago is none, where its sender may have kept it while it was away", async () => {
  const client = await rig.client();
  const id = await inactiveSession(client);
  const said = async (capabilities: string[]): Promise<unknown> => {
    const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id, capabilities });
    socket.emit("session-alive", { sid: id, time: Date.now() - 11 * 60_000, thinking: false });
    await socket.emitWithAck("ping");
    socket.close();
    return (await sessionOf(client, id))["active"];
  };
  expect([await said([]), await said(["live-signs"])]).toEqual([false, true]);
});

describe("list", () => {
  test("active first, then by time; cursor paging is opt-in and complete", async () => {
    const client = await rig.client();
    const quiet = await inactiveSession(client);
    const live = await client.session();
    const { sessions } = (await client.api("GET", "/sessions")).body as { sessions: { id: string; active: boolean }[] };
    expect(sessions.map((session) => session.id)).toEqual([live.id, quiet]);
    expect(sessions[0]).toMatchObject({ active: true, pendingRequestsCount: 0, todoProgress: null, futureScheduledMessageCount: 0 });
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page = (await client.api("GET", `/sessions?cursor=${cursor}&limit=1`)).body as {
        sessions: { id: string }[];
        nextCursor: string | null;
      };
      seen.push(...page.sessions.map((session) => session.id));
      cursor = page.nextCursor;
    }
    expect(seen.toSorted()).toEqual([live.id, quiet].toSorted());
    live.socket.close();
  });

  test("limit truncates and is forgiving", async () => {
    const client = await rig.client();
    await inactiveSession(client);
    await inactiveSession(client);
    const count = async (query: string) => ((await client.api("GET", `/sessions${query}`)).body["sessions"] as unknown[]).length;
    expect([await count("?limit=1"), await count("?limit=zzz"), await count("?limit=99999")]).toEqual([1, 2, 2]);
  });
});

describe("names and pins", () => {
  test("rename, summary and pin are the only metadata a browser may write", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    expect((await client.api("PATCH", `/sessions/${id}`, { name: " New name " })).body).toEqual({ ok: true });
    expect((await client.api("PATCH", `/sessions/${id}/summary`, { text: "Sum" })).body).toEqual({ ok: true });
    expect((await client.api("PUT", `/sessions/${id}/pin`, { mode: "global" })).body).toEqual({ ok: true });
    expect(await metadataOf(client, id)).toMatchObject({ name: "New name", summary: { text: "Sum" } });
    expect(await sessionOf(client, id)).toMatchObject({ globalPinned: true, pinned: false, metadataVersion: 3 });
    for (const body of [{ name: "" }, { name: "x".repeat(256) }, { path: "/elsewhere" }])
      expect((await client.api("PATCH", `/sessions/${id}`, body)).status).toBe(400);
    expect((await client.api("PUT", `/sessions/${id}/pin`, { mode: "everywhere" })).status).toBe(400);
    socket.close();
  });
});

describe("abort, archive, delete", () => {
  test("abort with an empty body interrupts the turn", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const calls = await serveRpc(socket, id, { abort: () => ({}) });
    expect((await client.api("POST", `/sessions/${id}/abort`)).body).toEqual({ ok: true });
    expect(calls).toEqual([{ method: `${id}:abort`, params: { reason: "Aborted by user" } }]);
    expect((await sessionOf(client, id))["active"]).toBe(true);
    socket.close();
  });

  test("scope session ends the agent and says aborted", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ capabilities: ["stages"] });
    const calls = await serveRpc(socket, id, { abort: () => ({}) });
    expect((await client.api("POST", `/sessions/${id}/abort`, { scope: "session" })).status).toBe(200);
    expect(calls[0]?.params).toMatchObject({ scope: "session" });
    expect(await sessionOf(client, id)).toMatchObject({ active: false, thinking: false });
    const metadata = await metadataOf(client, id);
    expect(metadata["lifecycleState"]).toBe("aborted");
    expect(metadata["lifecycleStateSince"]).toBeNumber();
    expect((await client.api("POST", `/sessions/${id}/abort`)).body).toMatchObject({
      error: "Session is inactive",
      code: "session_inactive",
    });
    socket.close();
  });

  test("archive with a reason; an existing CLI is killed by its own RPC", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const calls = await serveRpc(socket, id, { killSession: () => ({}) });
    expect((await client.api("POST", `/sessions/${id}/archive`, { reason: "done with it" })).body).toEqual({ ok: true });
    expect(calls.map((call) => call.method)).toEqual([`${id}:killSession`]);
    expect(await metadataOf(client, id)).toMatchObject({ lifecycleState: "archived", archivedBy: "user", archiveReason: "done with it" });
    expect((await client.api("POST", `/sessions/${id}/archive`)).body).toEqual({ ok: true, alreadyArchived: true });
    socket.close();
  });

  test("a row that never said what it is can't be archived while inactive", async () => {
    const client = await rig.client();
    const created = await client.cli("POST", "/sessions", { tag: "bare", metadata: { path: "/", host: "h" } });
    const { id } = created.body["session"] as { id: string };
    expect(await client.api("POST", `/sessions/${id}/archive`)).toMatchObject({ status: 409, body: { error: "Session is inactive" } });
  });

  test("an existing CLI that archives itself on exit is only inactive", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const { metadataVersion } = await sessionOf(client, id);
    const metadata = { path: "/tmp", host: "h", lifecycleState: "archived", archivedBy: "cli", archiveReason: "Hub restart" };
    const ack: unknown = await socket.emitWithAck("update-metadata", { sid: id, expectedVersion: metadataVersion, metadata });
    expect(ack).toMatchObject({ result: "success", metadata: { lifecycleState: "completed" } });
    socket.emit("session-end", { sid: id, time: Date.now() });
    await socket.emitWithAck("ping");
    const after = await metadataOf(client, id);
    expect(after["lifecycleState"]).toBe("completed");
    expect(after["archivedBy"]).toBeUndefined();
    socket.close();
  });

  test("only inactive sessions can be deleted", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    expect(await client.api("DELETE", `/sessions/${id}`)).toMatchObject({ status: 409, body: { code: "session_active" } });
    socket.emit("session-end", { sid: id, time: Date.now() });
    await socket.emitWithAck("ping");
    await using sse = await client.sse();
    expect((await client.api("DELETE", `/sessions/${id}`)).body).toEqual({ ok: true });
    await sse.find((frame) => frame.event.type === "session-removed" && frame.event["sessionId"] === id);
    expect((await client.api("GET", `/sessions/${id}`)).body).toEqual({ error: "Session not found", code: "session_not_found" });
    socket.close();
  });
});

test("what a person may change of a session is named; any other key is refused and nothing is changed", async () => {
  const client = await rig.client();
  const id = await inactiveSession(client, { lifecycleState: "completed", name: "Old" });
  const before = await sessionOf(client, id);
  const bodies: [method: string, path: string, body: Json][] = [
    ["PATCH", "", { name: "New" }],
    ["PATCH", "/summary", { text: "New" }],
    ["PUT", "/pin", { mode: "project" }],
    ["POST", "/archive", { reason: "New" }],
    ["POST", "/permission-mode", { mode: "plan" }],
    ["POST", "/model", { model: "opus" }],
  ];
  for (const [method, path, body] of bodies)
    expect(await client.api(method, `/sessions/${id}${path}`, { ...body, path: "/elsewhere" })).toMatchObject({
      status: 400,
      body: { code: "invalid_body" },
    });
  expect(await sessionOf(client, id)).toEqual(before);
  for (const [method, path, body] of bodies) expect((await client.api(method, `/sessions/${id}${path}`, body)).status).toBe(200);
});

describe("modes and models", () => {
  test("checked against the agent, applied live, kept while inactive", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const calls = await serveRpc(socket, id, { "set-session-config": (params) => ({ applied: params }) });
    expect((await client.api("POST", `/sessions/${id}/permission-mode`, { mode: "yolo" })).body).toEqual({ ok: true });
    expect(calls[0]?.params).toEqual({ permissionMode: "bypassPermissions" });
    expect(await client.api("POST", `/sessions/${id}/permission-mode`, { mode: "safe-yolo" })).toMatchObject({
      status: 400,
      body: { code: "invalid_mode" },
    });
    expect((await client.api("POST", `/sessions/${id}/model`, { model: "opus" })).status).toBe(200);
    expect(await sessionOf(client, id)).toMatchObject({ permissionMode: "bypassPermissions", model: "opus", modelMode: "opus" });
    socket.emit("session-end", { sid: id, time: Date.now() });
    await socket.emitWithAck("ping");
    socket.close();
    expect((await client.api("POST", `/sessions/${id}/permission-mode`, { mode: "plan" })).status).toBe(200);
    expect((await client.api("POST", `/sessions/${id}/model`, { model: null })).status).toBe(200);
    expect(await sessionOf(client, id)).toMatchObject({ permissionMode: "plan", model: null, modelMode: "default" });
  });

  test("a session that does not take it is 409", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    await serveRpc(socket, id, { "set-session-config": () => ({ applied: {} }) });
    expect(await client.api("POST", `/sessions/${id}/permission-mode`, { mode: "plan" })).toMatchObject({
      status: 409,
      body: { code: "apply_failed" },
    });
    socket.close();
  });

  test("settings of other agents are refused, while inactive too", async () => {
    const client = await rig.client();
    const set = async (flavor: string, path: string, body: Json) => {
      const id = await inactiveSession(client, { flavor });
      const { status, body: answer } = await client.api("POST", `/sessions/${id}/${path}`, body);
      return [status, answer["code"]];
    };
    const no = [400, "unsupported_flavor"];
    expect(await set("claude", "model-reasoning-effort", { modelReasoningEffort: "high" })).toEqual(no);
    expect(await set("claude", "service-tier", { serviceTier: "fast" })).toEqual(no);
    expect(await set("claude", "collaboration-mode", { mode: "plan" })).toEqual(no);
    expect(await set("codex", "copilot-agent-mode", { mode: "plan" })).toEqual(no);
    expect(await set("codex", "effort", { effort: "high" })).toEqual(no);
    expect(await set("claude", "effort", { effort: "high" })).toEqual([200, undefined]);
    expect(await set("codex", "service-tier", { serviceTier: "fast" })).toEqual([200, undefined]);
  });

  test("agents without modes refuse", async () => {
    const client = await rig.client();
    const id = await inactiveSession(client, { flavor: "pi" });
    expect(await client.api("POST", `/sessions/${id}/permission-mode`, { mode: "plan" })).toMatchObject({
      status: 400,
      body: { code: "unsupported_flavor" },
    });
  });
});

describe("switch, retry, resume", () => {
  test("switch is for agents with separate modes", async () => {
    const client = await rig.client();
    const shared = await client.session({ metadata: { capabilities: { control: "shared" } } });
    expect(await client.api("POST", `/sessions/${shared.id}/switch`)).toMatchObject({
      status: 409,
      body: { code: "control_mode_not_applicable" },
    });
    const own = await client.session({ metadata: { capabilities: { control: "switch" } } });
    const calls = await serveRpc(own.socket, own.id, { switch: () => ({}) });
    expect((await client.api("POST", `/sessions/${own.id}/switch`, { now: true })).status).toBe(200);
    expect(calls[0]?.params).toEqual({ to: "remote", now: true });
    own.socket.close();
    shared.socket.close();
  });

  test("resume of an active session answers its own id", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    expect((await client.api("POST", `/sessions/${id}/resume`)).body).toEqual({ type: "success", sessionId: id });
    socket.close();
  });

  test("resume without a thread but with history, and without a machine", async () => {
    const client = await rig.client();
    const first = await client.session();
    await first.socket.emitWithAck("message", { sid: first.id, message: { role: "agent", content: {} } });
    first.socket.emit("session-end", { sid: first.id, time: Date.now() });
    await first.socket.emitWithAck("ping");
    expect(await client.api("POST", `/sessions/${first.id}/resume`)).toMatchObject({ status: 409, body: { code: "resume_unavailable" } });
    const second = await inactiveSession(client, { claudeSessionId: "thread" });
    expect(await client.api("POST", `/sessions/${second}/resume`)).toMatchObject({ status: 503, body: { code: "no_machine_online" } });
    first.socket.close();
  });

  test("two resumes are one start, under the same id", async () => {
    const client = await rig.client();
    const id = await inactiveSession(client, { claudeSessionId: "thread", machineId: "m-resume" });
    const runner = await machine(client, "m-resume", {
      async "spawn-happy-session"(params) {
        const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
        socket.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
        await socket.emitWithAck("ping");
        return { type: "success", sessionId: params["existingSessionId"] };
      },
    });
    const answers = await Promise.all([1, 2].map(() => client.api("POST", `/sessions/${id}/resume`, {})));
    expect(answers.map((answer) => answer.body)).toEqual([1, 2].map(() => ({ type: "success", sessionId: id })));
    expect(runner.calls).toHaveLength(1);
    expect(runner.calls[0]?.params).toMatchObject({
      type: "spawn-in-directory",
      directory: "/tmp/project",
      agent: "claude",
      resumeSessionId: "thread",
      existingSessionId: id,
      sessionId: id,
      forkSession: false,
    });
    runner.socket.close();
  });

  test("an existing runner that makes a new row: one id stays, the other is its alias", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ metadata: { claudeSessionId: "thread", machineId: "m-alias" } });
    await socket.emitWithAck("message", { sid: id, message: { role: "agent", content: { n: 1 } }, key: "a" });
    socket.emit("session-end", { sid: id, time: Date.now() });
    await socket.emitWithAck("ping");
    let second: Awaited<ReturnType<HubClient["session"]>> | null = null;
    const runner = await machine(client, "m-alias", {
      async "spawn-happy-session"() {
        second = await client.session({ metadata: { claudeSessionId: "thread-2", machineId: "m-alias" } });
        await second.socket.emitWithAck("message", { sid: second.id, message: { role: "agent", content: { n: 2 } } });
        return { type: "success", sessionId: second.id };
      },
    });
    expect((await client.api("POST", `/sessions/${id}/resume`)).body).toEqual({ type: "success", sessionId: id });
    const { id: alias, socket: aliasSocket } = second as unknown as Awaited<ReturnType<HubClient["session"]>>;
    expect((await sessionOf(client, alias))["id"]).toBe(id);
    expect(((await client.api("GET", "/sessions")).body["sessions"] as { id: string }[]).map((session) => session.id)).toEqual([id]);
    const { messages } = (await client.api("GET", `/sessions/${id}/messages`)).body as {
      messages: { content: { content: { n: number } } }[];
    };
    expect(messages.map((message) => message.content.content.n)).toEqual([1, 2]);
    // RPC under the id everybody knows reaches the socket that knows itself by the other one.
    const calls = await serveRpc(aliasSocket, alias, { abort: () => ({}) });
    expect((await client.api("POST", `/sessions/${id}/abort`)).status).toBe(200);
    expect(calls[0]?.method).toBe(`${alias}:abort`);
    aliasSocket.close();
    runner.socket.close();
    socket.close();
  });
});
