/** Prompts, their queue and their stages; output with keys and acks; deliveries. */
import { describe, expect, test } from "bun:test";
import { encodeEvent } from "@hapi/core";
import type { AgentEvent } from "@hapi/protocol";
import type { HubClient } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { agentText, machine, once, serveRpc, withHub } from "./setup.ts";

const rig = withHub();

type Json = Record<string, unknown>;
interface Update {
  body: { t: string; sid: string; message: { id: string; localId: string; content: { content: { text: string }; meta: Json } } };
}
const rows = async (client: HubClient, id: string, query = ""): Promise<Json[]> =>
  (await client.api("GET", `/sessions/${id}/messages${query}`)).body["messages"] as Json[];
const end = async (socket: Socket, id: string): Promise<void> => {
  socket.emit("session-end", { sid: id, time: Date.now() });
  await socket.emitWithAck("ping");
};

describe("what a session says", () => {
  test("is acknowledged once it is stored, and stored once per key", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const frame = { sid: id, key: "k1", message: agentText("hello") };
    expect(await socket.emitWithAck("message", frame)).toEqual({ ok: true });
    expect(await socket.emitWithAck("message", frame)).toEqual({ ok: true });
    expect(await socket.emitWithAck("message", { ...frame, key: "k2", message: JSON.stringify(agentText("as text")) })).toEqual({
      ok: true,
    });
    expect(await rows(client, id)).toHaveLength(2);
    socket.close();
  });

  test("keeps what came over the wire, also unknown words", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const message = { role: "agent", content: { type: "never-heard", z: [1, { ключ: "😀" }], a: null } };
    await socket.emitWithAck("message", { sid: id, message });
    expect((await rows(client, id))[0]?.["content"]).toEqual(message);
    socket.close();
  });

  test("cuts strings nobody can show", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    await socket.emitWithAck("message", { sid: id, message: { role: "agent", content: { out: "x".repeat(100_000) } } });
    const [row] = await rows(client, id);
    const { out } = (row?.["content"] as { content: { out: string } }).content;
    expect(out.length).toBeLessThan(65_000);
    expect(out).toContain("…[hapi: truncated 38560 chars]…");
    socket.close();
  });

  test("bad frames are refused and leave nothing", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    expect(await socket.emitWithAck("message", { sid: id, message: "not json" })).toMatchObject({ code: "invalid_json" });
    expect(await socket.emitWithAck("message", { sid: id, message: [1] })).toMatchObject({ code: "invalid_body" });
    expect(await socket.emitWithAck("message", { message: {} })).toMatchObject({ code: "invalid_body" });
    expect(await socket.emitWithAck("message", { sid: "nobody", message: {} })).toMatchObject({ code: "session_not_found" });
    const refused = once<Json>(socket, "error");
    socket.emit("message", { sid: "nobody", message: {} });
    expect(await refused).toMatchObject({ code: "not-found", scope: "session" });
    expect(await rows(client, id)).toHaveLength(0);
    socket.close();
  });

  test("todos of both families are read once at ingest", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    await using sse = await client.sse();
    const entries = [{ id: "1", content: "Write tests", status: "in_progress", priority: "medium" }];
    const message = { role: "agent", content: { type: "codex", data: { type: "plan", id: "p1", entries } } };
    await socket.emitWithAck("message", { sid: id, message });
    const frame = await sse.find(({ event }) => event.type === "session-updated" && "todos" in (event["data"] as Json));
    const { todos } = frame.event["data"] as { todos: { version: number; value: unknown[] } };
    expect(todos.value).toEqual(entries);
    const session = (await client.api("GET", `/sessions/${id}`)).body["session"] as Json;
    expect(session).toMatchObject({ todos: entries, todosUpdatedAt: todos.version });
    socket.close();
  });
});

describe("a prompt", () => {
  test("is stored, delivered, and leaves the queue by its stages", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ capabilities: ["stages"] });
    await using sse = await client.sse("all=true&caps=stages");
    const update = once<Update>(socket, "update");
    expect((await client.api("POST", `/sessions/${id}/messages`, { text: "hi", localId: "L1" })).body).toMatchObject({ ok: true });
    const { body } = await update;
    expect(body).toMatchObject({ t: "new-message", sid: id, message: { localId: "L1" } });
    expect(body.message.content).toEqual({
      role: "user",
      content: { type: "text", text: "hi" },
      meta: { sentFrom: "webapp", deliveryMode: "queue" },
    } as never);
    expect((await rows(client, id))[0]).toMatchObject({ localId: "L1", invokedAt: null, stage: "accepted" });
    for (const stage of ["handed", "in-transcript", "started", "done"])
      expect(await socket.emitWithAck("message-stage", { sid: id, localId: "L1", stage, at: Date.now() })).toEqual({ ok: true });
    // Backwards and again: nothing happens.
    await socket.emitWithAck("message-stage", { sid: id, localId: "L1", stage: "started", at: Date.now() });
    await socket.emitWithAck("message-stage", { sid: id, localId: "L1", stage: "done", at: Date.now() });
    await sse.find(({ event }) => event.type === "message-stage" && event["stage"] === "done");
    expect(sse.of("message-stage").map(({ event }) => event["stage"])).toEqual(["handed", "in-transcript", "started", "done"]);
    expect(sse.of("messages-consumed")).toHaveLength(1);
    expect((await rows(client, id))[0]).toMatchObject({ stage: "done" });
    expect((await rows(client, id))[0]?.["invokedAt"]).toBeNumber();
    socket.close();
  });

  test("stands before its answer, also where the agent's record of it is here before its stage", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ capabilities: ["stages"] });
    await using sse = await client.sse("all=true&caps=stages");
    const say = (event: AgentEvent, key: string) => socket.emitWithAck("message", { sid: id, key, message: encodeEvent(event) });
    expect((await client.api("POST", `/sessions/${id}/messages`, { text: "hi", localId: "L1" })).body).toMatchObject({ ok: true });
    await say({ type: "user-message", id: "u", text: "hi", origin: "remote", localId: "L1" }, "u");
    await say({ type: "agent-message", id: "m", text: "hello" }, "m");
    for (const stage of ["handed", "done"])
      expect(await socket.emitWithAck("message-stage", { sid: id, localId: "L1", stage, at: Date.now() })).toEqual({ ok: true });
    await sse.find(({ event }) => event.type === "message-stage" && event["stage"] === "done");
    const all = await rows(client, id);
    expect(all[0]).toMatchObject({ localId: "L1", stage: "done" });
    expect(all).toHaveLength(3);
    expect(sse.of("messages-consumed")).toHaveLength(1);
    // A prompt that comes through the session's own door, and once more, waits as it did.
    const message = { role: "user", content: { type: "text", text: "later" }, meta: { sentFrom: "cli" } };
    for (const _ of [1, 2]) await socket.emitWithAck("message", { sid: id, localId: "L2", message });
    expect((await rows(client, id)).filter(({ localId }) => localId === "L2")).toMatchObject([{ invokedAt: null }]);
    socket.close();
  });

  test("the same local id twice is one prompt", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const posts = await Promise.all([1, 2, 3].map(() => client.api("POST", `/sessions/${id}/messages`, { text: "once", localId: "same" })));
    expect(posts.map((post) => post.status)).toEqual([200, 200, 200]);
    expect(await rows(client, id)).toHaveLength(1);
    socket.close();
  });

  test("waits while nobody is attached and comes with the attach", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    socket.close();
    expect((await client.api("POST", `/sessions/${id}/messages`, { text: "later" })).status).toBe(200);
    const again = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
    const { body } = await once<Update>(again, "update");
    expect(body.message.content.content.text).toBe("later");
    again.emit("messages-consumed", { sid: id, localIds: [body.message.localId] });
    await again.emitWithAck("ping");
    expect((await rows(client, id))[0]?.["invokedAt"]).toBeNumber();
    again.close();
  });

  test("for an inactive session: 409, or accepted with wake and delivered after the start", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ metadata: { claudeSessionId: "t", machineId: "m-wake" } });
    await end(socket, id);
    socket.close();
    const refused = await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "w0" });
    expect([refused.status, refused.body]).toEqual([409, { error: "Session is inactive", code: "session_inactive" }]);
    await using sse = await client.sse("all=true&caps=stages");
    expect((await client.api("POST", `/sessions/${id}/messages`, { text: "wake up", localId: "w1", wake: true })).status).toBe(200);
    const note = await sse.find(({ event }) => "stageDetail" in ((event["message"] as Json | undefined) ?? {}));
    expect(note.event["message"]).toMatchObject({ stage: "accepted", localId: "w1", stageDetail: { code: "no_machine_online" } });
    const delivered = Promise.withResolvers<Update>();
    const runner = await machine(client, "m-wake", {
      async "spawn-happy-session"() {
        const again = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
        again.once("update", (update: Update) => delivered.resolve(update));
        again.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
        await again.emitWithAck("ping");
        return { type: "success", sessionId: id };
      },
    });
    expect((await delivered.promise).body.message.localId).toBe("w1");
    expect(runner.calls).toHaveLength(1);
    runner.socket.close();
  });

  test("while the terminal has control and remote is read-only: 409", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ metadata: { remoteWhileLocal: "read-only" } });
    await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: { controlledByUser: true } });
    expect(await client.api("POST", `/sessions/${id}/messages`, { text: "x" })).toMatchObject({
      status: 409,
      body: { code: "local_control" },
    });
    socket.close();
  });

  test.each([
    [{ text: "" }],
    [{ text: "x", localId: "" }],
    [{ text: "x", scheduledAt: 1 }],
    [{ text: "x", localId: "a", scheduledAt: Date.now() + 8 * 24 * 3600_000 }],
    [{ text: "x", localId: "a", scheduledAt: Date.now() + 1000, deliveryMode: "steer" }],
    [{ text: 5 }],
    [{}],
  ])("bad body %p", async (body) => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    expect(await client.api("POST", `/sessions/${id}/messages`, body)).toMatchObject({ status: 400, body: { code: "invalid_body" } });
    socket.close();
  });
});

test("a prompt that no agent takes is refused before it is accepted, at every door, with the limit", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session({ metadata: {} });
  const text = "x".repeat(1_000_001);
  const refused = { code: "body_too_large", error: expect.stringContaining("1 MB") };
  const answer = await client.api("POST", `/sessions/${id}/messages`, { text, localId: "big", wake: true });
  expect(answer).toMatchObject({ status: 413, body: refused });
  const message = { role: "user", content: { type: "text", text } };
  expect(await socket.emitWithAck("message", { sid: id, message, localId: "big" })).toMatchObject(refused);
  const page = await client.api("GET", `/sessions/${id}/messages`);
  expect(page.body["messages"]).toEqual([]);
  // What was typed at the agent's own terminal has happened, whatever its length.
  expect(await socket.emitWithAck("message", { sid: id, message, key: "typed" })).toMatchObject({ ok: true });
  socket.close();
});

test("a queue and a session's facts have bounds", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  socket.close();
  for (let batch = 0; batch < 10; batch++)
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: `${batch}-${n}` })),
    );
  expect(await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "one more" })).toMatchObject({
    status: 429,
    body: { code: "rate_limited" },
  });
  expect((await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "0-0" })).status).toBe(200);
  const huge = { tag: "huge", metadata: { path: "/p", host: "h", extra: "x".repeat(2_000_000) } };
  expect(await client.cli("POST", "/sessions", huge)).toMatchObject({ status: 413, body: { code: "body_too_large" } });
});

test("a long queue goes to its session as a whole and in order, before anything that comes after", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  socket.close();
  const names = Array.from({ length: 620 }, (_, n) => `q-${n}`);
  for (const localId of names) await client.api("POST", `/sessions/${id}/messages`, { text: localId, localId, wake: true });
  const heard: string[] = [];
  const all = Promise.withResolvers<void>();
  const second = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  second.on("update", (update: { body: { t: string; message?: { localId: string } } }) => {
    if (update.body.t !== "new-message") return;
    heard.push(update.body.message?.localId ?? "");
    if (new Set(heard).size === names.length + 1) all.resolve();
  });
  await second.emitWithAck("ping");
  await client.api("POST", `/sessions/${id}/messages`, { text: "last", localId: "last", wake: true });
  await all.promise;
  expect([...new Set(heard)]).toEqual([...names, "last"]);
  second.close();
});

describe("taking a prompt back", () => {
  test("nobody attached: gone, epoch moves, and everybody hears it under the name it was called by", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    socket.close();
    await client.api("POST", `/sessions/${id}/messages`, { text: "oops", localId: "c1" });
    await using sse = await client.sse();
    expect((await client.api("DELETE", `/sessions/${id}/messages/c1`)).body).toEqual({ status: "cancelled", localId: "c1" });
    expect((await sse.find(({ event }) => event.type === "message-cancelled")).event).toMatchObject({ messageId: "c1", localId: "c1" });
    // Its sender may never have heard that it came, and sends it again.
    expect(await client.api("POST", `/sessions/${id}/messages`, { text: "c", localId: "c1", wake: true })).toMatchObject({
      status: 200,
      body: { ok: true, message: { localId: "c1" } },
    });
    expect(
      ((await client.api("GET", `/sessions/${id}/messages`)).body as { messages: Json[] }).messages.filter((m) => m["localId"] === "c1"),
    ).toEqual([]);
    expect((await client.api("GET", `/sessions/${id}/messages`)).body["page"]).toMatchObject({ epoch: 1 });
    expect(await client.api("DELETE", `/sessions/${id}/messages/c1`)).toMatchObject({ status: 404, body: { code: "message_not_found" } });
  });

  test("sent once, and nobody attached any more: it may be running there, so it stays until the session can be asked", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const arrived = new Promise<void>((resolve) => socket.on("update", () => resolve()));
    await client.api("POST", `/sessions/${id}/messages`, { text: "go", localId: "c1" });
    await arrived;
    socket.close();
    const gone = async () => (await client.api("DELETE", `/sessions/${id}/messages/c1`)).body;
    expect(await gone()).toEqual({ status: "busy", localId: "c1" });
    const back = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
    back.on("update", (update: { body: { t: string } }, ack?: (answer: unknown) => void) => {
      if (update.body.t === "cancel-queued-message") ack?.({ removed: true });
    });
    expect(await gone()).toEqual({ status: "cancelled", localId: "c1" });
    back.close();
  });

  test("a session that ended and gave back what its agent never got: it is taken back at once; what it keeps stays until it can be asked", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const twice = new Promise<void>((resolve) => {
      let seen = 0;
      socket.on("update", () => ++seen === 2 && resolve());
    });
    for (const localId of ["g1", "g2"]) await client.api("POST", `/sessions/${id}/messages`, { text: "go", localId });
    await twice;
    expect(await socket.emitWithAck("messages-returned", { sid: id, localIds: ["g1", "never-there"] })).toEqual({ ok: true });
    socket.emit("session-end", { sid: id, time: Date.now(), reason: "abort" });
    socket.close();
    const gone = async (localId: string) => (await client.api("DELETE", `/sessions/${id}/messages/${localId}`)).body;
    expect(await gone("g1")).toEqual({ status: "cancelled", localId: "g1" });
    expect(await gone("g2")).toEqual({ status: "busy", localId: "g2" });
  });

  test("given back and not taken back: the next process of the session gets it, and then only that one can say that it does not run", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    await client.api("POST", `/sessions/${id}/messages`, { text: "go", localId: "g3" });
    await socket.emitWithAck("messages-returned", { sid: id, localIds: ["g3"] });
    socket.close();
    const back = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
    await new Promise<void>((resolve) => {
      back.on("update", (update: { body: { message?: { localId: string } } }) => update.body.message?.localId === "g3" && resolve());
      back.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
    });
    back.close();
    expect((await client.api("DELETE", `/sessions/${id}/messages/g3`)).body).toEqual({ status: "busy", localId: "g3" });
  });

  test("the session took it back and its answer was lost: it says so when it gets the prompt again, and the row goes", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    await client.api("POST", `/sessions/${id}/messages`, { text: "oops", localId: "c3" });
    // Asked, and silent: nobody can tell.
    expect((await client.api("DELETE", `/sessions/${id}/messages/c3`)).body).toEqual({ status: "busy", localId: "c3" });
    socket.close();
    await using sse = await client.sse();
    const auth = { token: client.accessToken, clientType: "session-scoped", sessionId: id, capabilities: ["stages"] };
    const back = await client.socket(auth);
    back.on("update", (_update: unknown, ack?: (answer: unknown) => void) => ack?.({ ok: true, canceled: true }));
    back.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
    expect((await sse.find(({ event }) => event.type === "message-cancelled")).event).toMatchObject({ localId: "c3" });
    back.close();
  });

  test.each([
    [{ removed: true }, { status: "cancelled", localId: "c2" }],
    [{ removed: false, consumed: true }, { status: "invoked" }],
    [
      { removed: false, inFlight: true },
      { status: "busy", localId: "c2" },
    ],
    [null, { status: "busy", localId: "c2" }],
  ])("the session answers %p", async (answer, expected) => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    socket.on("update", (update: { body: { t: string } }, ack?: (answer: unknown) => void) => {
      if (update.body.t === "cancel-queued-message" && answer !== null) ack?.(answer);
    });
    await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "c2" });
    expect((await client.api("DELETE", `/sessions/${id}/messages/c2`)).body).toMatchObject(expected);
    socket.close();
  });

  test("steer, indeterminate, retry and queued-state", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const post = (localId: string) => client.api("POST", `/sessions/${id}/messages`, { text: localId, localId });
    await Promise.all(["s1", "s2", "s3"].map(post));
    expect((await client.api("POST", `/sessions/${id}/messages/s1/steer`)).body).toMatchObject({ status: "failed", localId: "s1" });
    await serveRpc(socket, id, { "steer-queued-message": () => ({ steered: true }) });
    expect((await client.api("POST", `/sessions/${id}/messages/s1/steer`)).body).toEqual({ status: "steered", localId: "s1" });
    expect(await socket.emitWithAck("messages-steer-state", { sid: id, localIds: ["s1"], state: "dispatching" })).toEqual({ ok: true });
    socket.emit("messages-consumed", { sid: id, localIds: ["s1"], steered: true });
    socket.emit("messages-indeterminate", { sid: id, localIds: ["s2"] });
    await socket.emitWithAck("ping");
    const state = (await client.api("POST", `/sessions/${id}/messages/queued-state`, { localIds: ["s1", "s2", "s3", "s4"] })).body;
    expect(state).toMatchObject({ queuedLocalIds: ["s3"], indeterminateLocalIds: ["s2"] });
    expect(state["invokedLocalMessages"]).toMatchObject([{ localId: "s1" }]);
    expect((await client.api("POST", `/sessions/${id}/messages/s3/retry`)).body).toEqual({ status: "already-queued", localId: "s3" });
    expect((await client.api("POST", `/sessions/${id}/messages/nope/retry`)).body).toEqual({ status: "not-found" });
    socket.on("update", (update: { body: { t: string } }, ack?: (answer: unknown) => void) => {
      if (update.body.t === "retry-queued-message") ack?.({ accepted: true });
    });
    expect((await client.api("POST", `/sessions/${id}/messages/s2/retry`)).body).toEqual({ status: "retried", localId: "s2" });
    socket.close();
  });
});
