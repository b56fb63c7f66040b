/** Starting things: spawn and what is said right after it, waking, resting, retrying, forking, schedules. */
import { describe, expect, test } from "bun:test";
import { connectHub, createManualClock, startTestHub, type HubClient } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { agentText, machine, once, serveRpc, withHub } from "./setup.ts";

const rig = withHub();

type Json = Record<string, unknown>;
interface Update {
  body: { message: { localId: string; content: { content: { text: string } } } };
}
const end = async (socket: Socket, id: string, reason?: string): Promise<void> => {
  socket.emit("session-end", { sid: id, time: Date.now(), ...(reason === undefined ? {} : { reason }) });
  await socket.emitWithAck("ping");
};

/** A process of the session that comes up and says what it was given. */
async function comeUp(client: HubClient, id: string): Promise<{ socket: Socket; first: Promise<Update> }> {
  const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  const first = once<Update>(socket, "update");
  socket.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
  await socket.emitWithAck("ping");
  return { socket, first };
}

test("a prompt right after spawn waits for the session, without wake and without local id", async () => {
  const client = await rig.client();
  const created = await client.cli("POST", "/sessions", { tag: "new", metadata: { path: "/p", host: "h" } });
  const { id } = created.body["session"] as { id: string };
  const runner = await machine(client, "m-spawn", { "spawn-happy-session": () => ({ type: "success", sessionId: id }) });
  expect((await client.api("POST", `/sessions/${id}/messages`, { text: "too early" })).status).toBe(409);
  await client.api("POST", "/machines/m-spawn/spawn", { directory: "/p" });
  expect((await client.api("POST", `/sessions/${id}/messages`, { text: "right away" })).status).toBe(200);
  const { socket, first } = await comeUp(client, id);
  expect((await first).body.message.content.content.text).toBe("right away");
  socket.close();
  runner.socket.close();
});

describe("a session that goes while prompts wait", () => {
  async function withPrompt(): Promise<{
    client: HubClient;
    id: string;
    socket: Socket;
    spawns: Json[];
    up: Promise<Update>;
    close(): void;
  }> {
    const client = await rig.client();
    const id = crypto.randomUUID();
    const machineId = `m-${id}`;
    const { socket } = await client.session({ id, metadata: { claudeSessionId: "t", machineId } });
    const up = Promise.withResolvers<Update>();
    const spawns: Json[] = [];
    const runner = await machine(client, machineId, {
      async "spawn-happy-session"(params) {
        spawns.push(params);
        const process = await comeUp(client, id);
        void process.first.then((update) => up.resolve(update));
        return { type: "success", sessionId: id };
      },
    });
    await client.api("POST", `/sessions/${id}/messages`, { text: "do it", localId: "w", wake: true });
    return { client, id, socket, spawns, up: up.promise, close: () => void runner.socket.close() };
  }

  test("by itself: it is started for them", async () => {
    const { id, socket, up, close } = await withPrompt();
    await end(socket, id);
    expect((await up).body.message.localId).toBe("w");
    socket.close();
    close();
  });

  test("because a person ended it: they rest", async () => {
    const { client, id, socket, spawns, close } = await withPrompt();
    await serveRpc(socket, id, { killSession: () => ({}) });
    await client.api("POST", `/sessions/${id}/abort`, { scope: "session" });
    await end(socket, id);
    expect(((await client.api("GET", `/sessions/${id}`)).body["session"] as { metadata: Json }).metadata["lifecycleState"]).toBe("aborted");
    const state = (await client.api("POST", `/sessions/${id}/messages/queued-state`, { localIds: ["w"] })).body;
    expect([spawns, state["queuedLocalIds"]]).toEqual([[], ["w"]]);
    socket.close();
    close();
  });

  test("because a person ended it, while its host was dead: what is told of that later starts nothing", async () => {
    const { client, id, socket, spawns, close } = await withPrompt();
    await serveRpc(socket, id, { killSession: () => ({}) });
    await client.api("POST", `/sessions/${id}/abort`, { scope: "session" });
    // Its machine speaks for it: a prompt that was handed had not been begun, and is in the session alone.
    socket.emit("session-end", { sid: id, time: Date.now(), reason: "terminated", holds: 1 });
    await socket.emitWithAck("ping");
    await client.api("GET", `/sessions/${id}`);
    expect(spawns).toEqual([]);
    socket.close();
    close();
  });

  test("its start fails for a moment's reason: it is started again by itself, more than a session that keeps ending would be", async () => {
    const clock = createManualClock(Date.now());
    await using hub = await startTestHub({ clock });
    const client = await connectHub(hub);
    const { id, socket } = await client.session({ metadata: { claudeSessionId: "t", machineId: "m-moment" } });
    const up = Promise.withResolvers<Update>();
    let spawns = 0;
    let coming: Promise<void> | null = null;
    const runner = await machine(client, "m-moment", {
      async "spawn-happy-session"() {
        spawns += 1;
        if (spawns <= 4) return { type: "error", errorMessage: "The hub can't be reached", code: "hub_unreachable" };
        await (coming ??= comeUp(client, id).then(({ first }) => void first.then(up.resolve)));
        return { type: "success", sessionId: id };
      },
    });
    await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "moment", wake: true });
    await end(socket, id);
    let given: Update | undefined;
    void up.promise.then((update) => (given = update));
    for (let n = 0; n < 60 && !given; n++) {
      // The clock of the hub waits while real sockets are busy: it must not run out on them.
      await coming;
      await clock.advance(1_000);
      await socket.emitWithAck("ping");
    }
    expect([given?.body.message.localId, spawns]).toEqual(["moment", 5]);
    // Joins the start, should it not be through: the hub ends at rest.
    expect((await client.api("POST", `/sessions/${id}/resume`)).status).toBe(200);
    socket.close();
    runner.socket.close();
  });

  test("again and again: it is not started for ever, and says so at the prompt", async () => {
    const clock = createManualClock(Date.now());
    await using hub = await startTestHub({ clock });
    const client = await connectHub(hub);
    const { id, socket } = await client.session({ metadata: { claudeSessionId: "t", machineId: "m-loop" } });
    const spawns: Promise<unknown>[] = [];
    const startAndFail = async () => {
      const process = await comeUp(client, id);
      await end(process.socket, id, "error");
      process.socket.close();
      return { type: "success", sessionId: id };
    };
    const runner = await machine(client, "m-loop", {
      "spawn-happy-session"() {
        const spawn = startAndFail();
        spawns.push(spawn);
        return spawn;
      },
    });
    await using sse = await client.sse();
    await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "loop", wake: true });
    await end(socket, id);
    // The start that ended at once does not become active again; the hub gives it its time.
    const told = sse.find(({ event }) => JSON.stringify(event).includes("resume_failed"));
    for (let n = 0; n < 40; n++) {
      // The clock of the hub waits while real sockets are busy, and one that is still coming up must not lose its hub.
      await Promise.all(spawns);
      await clock.advance(1_000);
      await socket.emitWithAck("ping");
    }
    await told;
    await Promise.all(spawns);
    expect(spawns.length).toBeLessThanOrEqual(3);
    socket.close();
    runner.socket.close();
  });
});

test("a session that a person wakes and ends five times within minutes is woken each time: every start was good", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session({ metadata: { claudeSessionId: "t", machineId: "m-five" } });
  await end(socket, id);
  socket.close();
  let up = Promise.withResolvers<Socket>();
  const runner = await machine(client, "m-five", {
    async "spawn-happy-session"() {
      const process = await comeUp(client, id);
      void process.first.then(() => up.resolve(process.socket));
      return { type: "success", sessionId: id };
    },
  });
  for (let n = 0; n < 5; n++) {
    up = Promise.withResolvers();
    await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: `five-${n}`, wake: true });
    const process = await up.promise;
    process.emit("messages-consumed", { sid: id, localIds: [`five-${n}`] });
    await serveRpc(process, id, { killSession: () => ({}) });
    expect((await client.api("POST", `/sessions/${id}/resume`)).status).toBe(200);
    expect((await client.api("POST", `/sessions/${id}/abort`, { scope: "session" })).status).toBe(200);
    await end(process, id);
    process.close();
  }
  runner.socket.close();
});

test.each(["its runner, then its sign of life", "its sign of life, then its runner"])(
  "a machine that was away comes back with %s: the prompt accepted meanwhile is run",
  async (order) => {
    const clock = createManualClock(Date.now());
    await using hub = await startTestHub({ clock });
    const client = await connectHub(hub);
    const { id, socket } = await client.session({ metadata: { claudeSessionId: "t", machineId: "m-away" } });
    const before = await machine(client, "m-away", {});
    await end(socket, id);
    before.socket.close();
    await clock.advance(60_000);
    expect((await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "away", wake: true })).status).toBe(200);
    const back = await client.socket({ token: client.accessToken, clientType: "machine-scoped", machineId: "m-away" });
    const up = Promise.withResolvers<Update>();
    const register = () =>
      serveRpc(back, "m-away", {
        async "spawn-happy-session"() {
          void (await comeUp(client, id)).first.then(up.resolve);
          return { type: "success", sessionId: id };
        },
      });
    const showUp = async () => {
      back.emit("machine-alive", { machineId: "m-away", time: clock.now() });
      await back.emitWithAck("ping");
    };
    // Both are through before the other begins: nothing overlaps by chance.
    const steps = order.startsWith("its runner") ? [register, showUp] : [showUp, register];
    for (const step of steps) await step();
    expect((await up.promise).body.message.localId).toBe("away");
    expect((await client.api("POST", `/sessions/${id}/resume`)).status).toBe(200);
    socket.close();
    back.close();
  },
);

test("another computer of the same name is asked only for what it knows: a prompt runs on its own machine when that comes", async () => {
  const client = await rig.client();
  const capabilities = { control: "switch" };
  const metadata = { claudeSessionId: "t", machineId: "m-own", host: "laptop", capabilities };
  const { id, socket } = await client.session({ metadata });
  await end(socket, id);
  const up = Promise.withResolvers<Update>();
  const refusal = { type: "error", errorMessage: "It belongs to another computer", code: "resume_unavailable" };
  const other = await machine(client, "m-other", { "spawn-happy-session": () => refusal }, { host: "laptop" });
  await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "own", wake: true });
  await client.api("POST", `/sessions/${id}/resume`);
  expect(other.calls[0]?.params).toMatchObject({ existingSessionId: id, knownOnly: true });
  const own = await machine(
    client,
    "m-own",
    {
      async "spawn-happy-session"() {
        void (await comeUp(client, id)).first.then(up.resolve);
        return { type: "success", sessionId: id };
      },
    },
    { host: "laptop" },
  );
  expect((await up.promise).body.message.localId).toBe("own");
  expect(own.calls[0]?.params["knownOnly"]).toBeUndefined();
  socket.close();
  other.socket.close();
  own.socket.close();
});

test("retry goes to the session, and wakes it first", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session({ metadata: { claudeSessionId: "t", machineId: "m-retry" } });
  const calls = await serveRpc(socket, id, { "retry-turn": () => ({}) });
  expect((await client.api("POST", `/sessions/${id}/retry`)).body).toEqual({ ok: true, status: "started" });
  expect(calls).toHaveLength(1);
  await end(socket, id);
  socket.close();
  const runner = await machine(client, "m-retry", {
    async "spawn-happy-session"() {
      const process = await comeUp(client, id);
      await serveRpc(process.socket, id, { "retry-turn": () => ({ error: "There is nothing to retry" }) });
      return { type: "success", sessionId: id };
    },
  });
  expect(await client.api("POST", `/sessions/${id}/retry`)).toMatchObject({ status: 409, body: { code: "retry_unavailable" } });
  expect(runner.calls).toHaveLength(1);
  runner.socket.close();
});

test("a fork has the history up to its point and a row of its own", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session({ metadata: { claudeSessionId: "t", machineId: "m-fork", name: "Original" } });
  await socket.emitWithAck("message", { sid: id, key: "1", message: agentText("before") });
  await client.api("POST", `/sessions/${id}/messages`, { text: "the point", localId: "point" });
  await socket.emitWithAck("message-stage", { sid: id, localId: "point", stage: "done", at: 1 });
  await socket.emitWithAck("message", { sid: id, key: "2", message: agentText("after") });
  expect(await client.api("POST", `/sessions/${id}/fork`, {})).toMatchObject({ status: 503, body: { code: "no_machine_online" } });
  const runner = await machine(client, "m-fork", {
    "spawn-happy-session": (params) => ({ type: "success", sessionId: params["sessionId"] }),
  });
  await serveRpc(socket, id, { "fork-conversation": () => ({ nativeSessionId: "t", forkSession: true }) });
  const forked = await client.api("POST", `/sessions/${id}/fork`, { messageLocalId: "point" });
  const forkId = forked.body["sessionId"] as string;
  expect(forkId).not.toBe(id);
  expect(runner.calls[0]?.params).toMatchObject({ existingSessionId: forkId, resumeSessionId: "t", forkSession: true });
  const { messages } = (await client.api("GET", `/sessions/${forkId}/messages`)).body as { messages: Json[] };
  expect(JSON.stringify(messages)).toContain("before");
  expect(messages).toHaveLength(1);
  expect(((await client.api("GET", `/sessions/${forkId}`)).body["session"] as { metadata: Json }).metadata).toMatchObject({
    forkedFrom: id,
    name: "Original",
  });
  runner.socket.close();
  socket.close();
});

describe("a scheduled prompt that arrives after its time", () => {
  const late = (localId: string) => ({ text: "late", localId, scheduledAt: Date.now() - 5_000, wake: true });

  test("goes to its session at once", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const first = once<Update>(socket, "update");
    expect((await client.api("POST", `/sessions/${id}/messages`, late("late-1"))).status).toBe(200);
    expect((await first).body.message.localId).toBe("late-1");
    socket.close();
  });

  test("starts a session that is not there", async () => {
    const client = await rig.client();
    const id = crypto.randomUUID();
    const { socket } = await client.session({ id, metadata: { claudeSessionId: "t", machineId: `m-${id}` } });
    await end(socket, id);
    socket.close();
    const asked = Promise.withResolvers<Json>();
    const runner = await machine(client, `m-${id}`, {
      "spawn-happy-session"(params) {
        asked.resolve(params);
        return { type: "error", message: "enough" };
      },
    });
    expect((await client.api("POST", `/sessions/${id}/messages`, late("late-2"))).status).toBe(200);
    expect(await asked.promise).toMatchObject({ existingSessionId: id });
    runner.socket.close();
  });
});

test("a scheduled prompt comes when it is due, once", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const client = await connectHub(hub);
  const { id, socket } = await client.session();
  const got: Update[] = [];
  socket.on("update", (update: Update) => got.push(update));
  const body = { text: "later", localId: "s", scheduledAt: clock.now() + 20_000 };
  expect((await client.api("POST", `/sessions/${id}/messages`, body)).status).toBe(200);
  const [summary] = (await client.api("GET", "/sessions")).body["sessions"] as Json[];
  expect(summary).toMatchObject({ futureScheduledMessageCount: 1, nextScheduledAt: body.scheduledAt });
  await socket.emitWithAck("ping");
  expect(got).toEqual([]);
  await using sse = await client.sse();
  const due = once<Update>(socket, "update");
  await clock.advance(20_000);
  expect((await due).body.message.localId).toBe("s");
  await sse.find(({ event }) => event.type === "scheduled-matured");
  socket.emit("messages-consumed", { sid: id, localIds: ["s"] });
  await socket.emitWithAck("ping");
  await clock.advance(120_000);
  await socket.emitWithAck("ping");
  expect(got).toHaveLength(1);
  socket.close();
});

test("an undelivered prompt is sent again with back-off, not with every life sign", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const client = await connectHub(hub);
  const { id, socket } = await client.session();
  let sent = 0;
  socket.on("update", () => (sent += 1));
  await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "b" });
  for (let n = 0; n < 60; n++) {
    await clock.advance(1_000);
    socket.emit("session-alive", { sid: id, time: clock.now(), thinking: true });
    await socket.emitWithAck("ping");
  }
  // At 0, 5, 15 and 35 s.
  expect(sent).toBe(4);
  socket.close();
});
