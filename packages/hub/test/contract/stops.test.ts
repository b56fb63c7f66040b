/** What a person decided while a session was being started holds: archived, ended and deleted sessions do not come back by themselves. */
import { describe, expect, test } from "bun:test";
import { connectHub, createManualClock, startTestHub, type HubClient } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { machine, once, serveRpc, withHub } from "./setup.ts";

const rig = withHub();

type Json = Record<string, unknown>;

const sessionOf = async (client: HubClient, id: string): Promise<Json & { metadata: Json }> =>
  (await client.api("GET", `/sessions/${id}`)).body["session"] as Json & { metadata: Json };

const fromRunner = { path: "/p", host: "h", flavor: "claude", startedFromRunner: true, startedBy: "runner" };

/** The session process of a launch: registers, connects, says that it runs. Its calls are what the hub asked of it. */
async function comeUp(
  client: HubClient,
  id: string,
  tag: string,
  metadata: Json,
): Promise<{ status: number; socket: Socket; calls: { method: string }[] }> {
  const registered = await client.cli("POST", "/sessions", { id, tag, metadata: { ...fromRunner, ...metadata } });
  const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id, capabilities: ["stages"] });
  if (registered.status !== 200) return { status: registered.status, socket, calls: [] };
  const calls = await serveRpc(socket, id, { abort: () => ({}) });
  socket.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
  const { metadataVersion } = await sessionOf(client, id);
  const running = { ...fromRunner, ...metadata, lifecycleState: "running" };
  await socket.emitWithAck("update-metadata", { sid: id, expectedVersion: metadataVersion, metadata: running });
  await socket.emitWithAck("ping");
  return { status: 200, socket, calls };
}

/** A runner that makes the row, as it does before it starts the process. */
async function spawned(
  client: HubClient,
  onForget: () => void = () => undefined,
): Promise<{ id: string; tag: string; machineId: string; calls: { method: string; params: Json }[]; socket: Socket }> {
  const id = crypto.randomUUID();
  const tag = `t:${id}`;
  const machineId = `m-${id}`;
  const runner = await machine(client, machineId, {
    async "spawn-happy-session"() {
      await client.cli("POST", "/sessions", { id, tag, metadata: { ...fromRunner, machineId, lifecycleState: "initializing" } });
      return { type: "success", sessionId: id };
    },
    "stop-session": () => ({ status: "already_gone" }),
    "forget-session": () => (onForget(), { status: "forgotten" }),
  });
  expect((await client.api("POST", `/machines/${machineId}/spawn`, { directory: "/p" })).body).toMatchObject({ type: "success" });
  return { id, tag, machineId, calls: runner.calls, socket: runner.socket };
}

describe("while it is starting", () => {
  test("archive holds, and its process is told to end when it comes", async () => {
    const client = await rig.client();
    const { id, tag, machineId, calls, socket } = await spawned(client);
    expect((await client.api("POST", `/sessions/${id}/archive`, { reason: "not this one" })).status).toBe(200);
    expect(calls.filter((call) => call.method.endsWith(":stop-session"))).toMatchObject([{ params: { sessionId: id } }]);
    const process = await comeUp(client, id, tag, { machineId, hostPid: 4711 });
    const session = await sessionOf(client, id);
    expect(session["active"]).toBe(false);
    expect(session.metadata).toMatchObject({ lifecycleState: "archived", archivedBy: "user", archiveReason: "not this one" });
    await process.socket.emitWithAck("ping");
    expect(process.calls).toMatchObject([{ method: `${id}:abort`, params: { scope: "session" } }]);
    process.socket.close();
    socket.close();
  });

  test("the whole session can be ended", async () => {
    const client = await rig.client();
    const { id, tag, machineId, socket } = await spawned(client);
    expect((await client.api("POST", `/sessions/${id}/abort`, {})).body).toMatchObject({ code: "session_inactive" });
    expect((await client.api("POST", `/sessions/${id}/abort`, { scope: "session" })).status).toBe(200);
    const process = await comeUp(client, id, tag, { machineId, hostPid: 4711 });
    expect(await sessionOf(client, id)).toMatchObject({ active: false, metadata: { lifecycleState: "aborted" } });
    process.socket.close();
    socket.close();
  });

  test("delete is refused; after archive it holds against the process that comes late", async () => {
    const client = await rig.client();
    let forgotten = 0;
    const again = Promise.withResolvers<void>();
    const { id, tag, machineId, calls, socket } = await spawned(client, () => {
      if (++forgotten === 2) again.resolve();
    });
    expect(await client.api("DELETE", `/sessions/${id}`)).toMatchObject({ status: 409, body: { code: "session_active" } });
    await client.api("POST", `/sessions/${id}/archive`);
    expect((await client.api("DELETE", `/sessions/${id}`)).status).toBe(200);
    const process = await comeUp(client, id, tag, { machineId, hostPid: 4711 });
    expect(process.status).toBe(404);
    const refused = once<Json>(process.socket, "error");
    process.socket.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
    expect(await refused).toMatchObject({ code: "not-found", id });
    expect((await client.api("GET", `/sessions/${id}`)).status).toBe(404);
    // It left new traces there after the machine had forgotten it.
    await again.promise;
    expect(calls.slice(-2).map((call) => call.method.split(":")[1])).toEqual(["stop-session", "forget-session"]);
    process.socket.close();
    socket.close();
  });

  test("resume, then archive before the runner answered", async () => {
    const client = await rig.client();
    const id = crypto.randomUUID();
    const machineId = `m-${id}`;
    const created = await client.session({ id, metadata: { ...fromRunner, machineId, claudeSessionId: "t", hostPid: 1 } });
    created.socket.emit("session-end", { sid: id, time: Date.now() });
    await created.socket.emitWithAck("ping");
    created.socket.close();
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Json>();
    const runner = await machine(client, machineId, {
      "spawn-happy-session": () => {
        asked.resolve();
        return answer.promise;
      },
      "stop-session": () => ({ status: "stopped" }),
    });
    const resumed = client.api("POST", `/sessions/${id}/resume`);
    await asked.promise;
    expect((await client.api("POST", `/sessions/${id}/archive`)).body).toEqual({ ok: true });
    answer.resolve({ type: "success", sessionId: id });
    expect(await resumed).toMatchObject({ status: 409, body: { code: "session_archived" } });
    expect(runner.calls.map((call) => call.method.split(":")[1])).toEqual(["spawn-happy-session", "stop-session", "stop-session"]);
    expect((await sessionOf(client, id)).metadata).toMatchObject({ lifecycleState: "archived", archivedBy: "user" });
    runner.socket.close();
  });
});

test("a hub that restarts still knows what was decided", async () => {
  const first = await startTestHub({ keepHome: true });
  const before = await connectHub(first);
  const { id, socket } = await before.session({ metadata: { hostPid: 1 } });
  socket.close();
  expect((await before.api("POST", `/sessions/${id}/archive`)).status).toBe(200);
  await first.close();
  await using second = await startTestHub({ home: first.home });
  const client = await connectHub(second);
  const late = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  late.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
  await late.emitWithAck("ping");
  expect(await sessionOf(client, id)).toMatchObject({ active: false, metadata: { lifecycleState: "archived" } });
  late.close();
});

test("who starts it anew, at a terminal or from afar, is heard", async () => {
  const client = await rig.client();
  const tag = "terminal";
  const created = await client.cli("POST", "/sessions", { id: crypto.randomUUID(), tag, metadata: { path: "/p", host: "h", hostPid: 1 } });
  const { id } = created.body["session"] as { id: string };
  const old = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  old.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
  await old.emitWithAck("ping");
  old.close();
  await client.api("POST", `/sessions/${id}/archive`);
  // The same process registers again after it lost its connection: nothing new.
  await client.cli("POST", "/sessions", { id, tag, metadata: { path: "/p", host: "h", hostPid: 1 } });
  const again = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  again.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
  await again.emitWithAck("ping");
  expect((await sessionOf(client, id))["active"]).toBe(false);
  await client.cli("POST", "/sessions", { id, tag, metadata: { path: "/p", host: "h", hostPid: 2, startedBy: "terminal" } });
  const anew = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  anew.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
  await anew.emitWithAck("ping");
  expect((await sessionOf(client, id))["active"]).toBe(true);
  again.close();
  anew.close();
});

test("a start that failed can be deleted at once", async () => {
  const client = await rig.client();
  const { id, machineId, socket } = await spawned(client);
  const process = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  const metadata = { ...fromRunner, machineId, lifecycleState: "failed" };
  await process.emitWithAck("update-metadata", { sid: id, expectedVersion: 1, metadata });
  process.emit("session-end", { sid: id, time: Date.now(), reason: "error" });
  await process.emitWithAck("ping");
  expect((await client.api("DELETE", `/sessions/${id}`)).status).toBe(200);
  process.close();
  socket.close();
});

test("a session that ended, was archived, and is started in its terminal by a process of the same number", async () => {
  const client = await rig.client();
  const tag = "container";
  const metadata = { path: "/p", host: "h", hostPid: 7, startedBy: "terminal", lifecycleState: "running" };
  const { body } = await client.cli("POST", "/sessions", { tag, metadata });
  const { id } = body["session"] as { id: string };
  const start = async (): Promise<Socket> => {
    await client.cli("POST", "/sessions", { tag, metadata });
    const process = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
    process.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
    await process.emitWithAck("ping");
    return process;
  };
  const first = await start();
  first.emit("session-end", { sid: id, time: Date.now() });
  await first.emitWithAck("ping");
  expect((await client.api("POST", `/sessions/${id}/archive`)).status).toBe(200);
  const second = await start();
  expect((await sessionOf(client, id))["active"]).toBe(true);
  first.close();
  second.close();
});

test("a process that comes long after its resume was given up is welcome", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const client = await connectHub(hub);
  const metadata = { claudeSessionId: "t", machineId: "m-slow", hostPid: 1 };
  const { id, socket } = await client.session({ metadata });
  socket.close();
  await client.api("POST", `/sessions/${id}/archive`);
  const asked = Promise.withResolvers<void>();
  const runner = await machine(client, "m-slow", {
    "spawn-happy-session": () => (asked.resolve(), { type: "success", sessionId: id }),
  });
  const resumed = client.api("POST", `/sessions/${id}/reopen`);
  await asked.promise;
  for (let n = 0; n < 16; n++) {
    await clock.advance(1_000);
    await runner.socket.emitWithAck("ping");
  }
  expect((await resumed).body).toMatchObject({ code: "resume_failed" });
  const late = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  late.emit("session-alive", { sid: id, time: clock.now(), thinking: false });
  await late.emitWithAck("ping");
  expect((await sessionOf(client, id))["active"]).toBe(true);
  late.close();
  runner.socket.close();
});
