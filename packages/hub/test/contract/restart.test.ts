/** A hub that was away starts from its disk: leases, schedules, repeats of what was said before. Time is the test's. */
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { connectHub, createManualClock, type HubClient, type ManualClock, startTestHub, type TestHub } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { agentText, machine, once, serveRpc } from "./setup.ts";

type Json = Record<string, unknown>;
interface Update {
  body: { t: string; message: { localId: string } };
}

interface Rig extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly hub: TestHub;
  readonly client: HubClient;
  /** Down, this much later up again. */
  restart(awayMs: number): Promise<void>;
}

async function start(): Promise<Rig> {
  const clock = createManualClock(Date.now());
  let hub = await startTestHub({ clock, keepHome: true });
  let client = await connectHub(hub);
  return {
    clock,
    get hub() {
      return hub;
    },
    get client() {
      return client;
    },
    async restart(awayMs) {
      await hub.close();
      await clock.advance(awayMs);
      hub = await startTestHub({ clock, home: hub.home });
      client = await connectHub(hub);
    },
    async [Symbol.asyncDispose]() {
      await hub.close();
      rmSync(hub.home, { recursive: true, force: true });
    },
  };
}

const sessionOf = async (client: HubClient, id: string): Promise<Json> =>
  (await client.api("GET", `/sessions/${id}`)).body["session"] as Json;

/** The session's process comes back. */
async function attach(rig: Rig, id: string): Promise<{ socket: Socket; got: Update[] }> {
  const { client, clock } = rig;
  const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  const got: Update[] = [];
  socket.on("update", (update: Update) => got.push(update));
  socket.emit("session-alive", { sid: id, time: clock.now(), thinking: false });
  await socket.emitWithAck("ping");
  return { socket, got };
}

test("a prompt that falls due while the hub is away comes once after its start; one that is due later comes later", async () => {
  await using rig = await start();
  const { clock } = rig;
  const { id, socket: first } = await rig.client.session();
  const schedule = (localId: string, inMs: number): Promise<unknown> =>
    rig.client.api("POST", `/sessions/${id}/messages`, { text: localId, localId, scheduledAt: clock.now() + inMs });
  await schedule("due", 20_000);
  await schedule("later", 200_000);
  first.close();
  await rig.restart(60_000);
  const { socket, got } = await attach(rig, id);
  while (got.length === 0) await once(socket, "update");
  socket.emit("messages-consumed", { sid: id, localIds: ["due"] });
  await socket.emitWithAck("ping");
  const later = once<Update>(socket, "update");
  await clock.advance(20_000);
  await socket.emitWithAck("ping");
  expect(got.map(({ body }) => body.message.localId)).toEqual(["due"]);
  await clock.advance(120_000);
  expect((await later).body.message.localId).toBe("later");
  socket.emit("messages-consumed", { sid: id, localIds: ["later"] });
  await socket.emitWithAck("ping");
  const sent = got.length;
  await clock.advance(120_000);
  await socket.emitWithAck("ping");
  expect(got).toHaveLength(sent);
  socket.close();
});

test("due while the hub was away, for a session that rests: it is woken for it when its machine is back", async () => {
  await using rig = await start();
  const { clock } = rig;
  const { id, socket } = await rig.client.session({ metadata: { claudeSessionId: "t", machineId: "m" } });
  const body = { text: "later", localId: "s", wake: true, scheduledAt: clock.now() + 20_000 };
  await rig.client.api("POST", `/sessions/${id}/messages`, body);
  socket.emit("session-end", { sid: id, time: clock.now() });
  await socket.emitWithAck("ping");
  socket.close();
  expect(await sessionOf(rig.client, id)).toMatchObject({ active: false });
  await rig.restart(60_000);
  const woken = Promise.withResolvers<Json>();
  const runner = await machine(rig.client, "m", {
    "spawn-happy-session"(params) {
      woken.resolve(params);
      return { type: "success", sessionId: id };
    },
  });
  expect(await woken.promise).toMatchObject({ existingSessionId: id });
  const { socket: back, got } = await attach(rig, id);
  while (got.length === 0) await once(back, "update");
  back.emit("messages-consumed", { sid: id, localIds: ["s"] });
  await back.emitWithAck("ping");
  const sent = got.length;
  await clock.advance(120_000);
  await back.emitWithAck("ping");
  expect(got).toHaveLength(sent);
  // On the attach it may be said twice, under one id; after it was taken, never again.
  expect(new Set(got.map(({ body: { message } }) => message.localId))).toEqual(new Set(["s"]));
  back.close();
  runner.socket.close();
});

test("who was active is active after a restart, and inactive when it does not come back; also when the clock was set back", async () => {
  await using rig = await start();
  const { clock } = rig;
  const { id, socket } = await rig.client.session();
  const other = await rig.client.session();
  socket.close();
  other.socket.close();
  await rig.restart(10 * 60_000);
  expect(await sessionOf(rig.client, id)).toMatchObject({ active: true });
  const { socket: back } = await attach(rig, id);
  await clock.advance(20_000);
  back.emit("session-alive", { sid: id, time: clock.now(), thinking: false });
  await back.emitWithAck("ping");
  await clock.advance(20_000);
  expect([(await sessionOf(rig.client, id))["active"], (await sessionOf(rig.client, other.id))["active"]]).toEqual([true, false]);
  back.close();
  await rig.restart(-3_600_000);
  await clock.advance(60_000);
  expect(await sessionOf(rig.client, id)).toMatchObject({ active: false });
});

test("what is said again after a restart, because nobody heard the answer, is taken once and acknowledged again", async () => {
  await using rig = await start();
  const { id, socket } = await rig.client.session({ capabilities: ["message-ack", "stages"] });
  await rig.client.api("POST", `/sessions/${id}/messages`, { text: "go", localId: "p" });
  const frame = { sid: id, key: "k1", message: agentText("once", "k1") };
  const request = { tool: "Bash", arguments: {}, createdAt: 1 };
  const state = { controlledByUser: false, requests: { r: request } };
  expect(await socket.emitWithAck("message", frame)).toEqual({ ok: true });
  await socket.emitWithAck("message-stage", { sid: id, localId: "p", stage: "started", at: 5 });
  const { version } = (await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: state })) as { version: number };
  socket.close();
  await rig.restart(1_000);
  const { client } = rig;
  const { socket: back } = await attach(rig, id);
  await using sse = await client.sse();
  expect(await back.emitWithAck("message", frame)).toEqual({ ok: true });
  expect(await back.emitWithAck("message-stage", { sid: id, localId: "p", stage: "started", at: 5 })).toEqual({ ok: true });
  expect(await back.emitWithAck("message-stage", { sid: id, localId: "p", stage: "handed", at: 4 })).toEqual({ ok: true });
  expect(await back.emitWithAck("update-state", { sid: id, expectedVersion: version - 1, agentState: state })).toMatchObject({
    result: "version-mismatch",
    version,
    agentState: { requests: { r: { tool: "Bash" } } },
  });
  expect(await back.emitWithAck("message", { ...frame, key: "k2" })).toEqual({ ok: true });
  // The first that is told is the first that is new.
  const { event } = await sse.find((found) => found.event["type"] === "message-received");
  const { messages } = (await client.api("GET", `/sessions/${id}/messages`)).body as { messages: Json[] };
  expect((event["message"] as Json)["id"]).toBe(messages.at(-1)?.["id"] as string);
  expect(messages.map(({ localId, stage }) => [localId, stage])).toEqual([
    [null, undefined],
    ["p", "started"],
    [null, undefined],
  ]);
  expect(Object.keys(((await sessionOf(client, id))["agentState"] as { requests: Json }).requests)).toEqual(["r"]);
  back.close();
});

test("its machine was away while the hub restarted: two prompts of two devices and one whose time passed run once, in order, when it comes back", async () => {
  await using rig = await start();
  const metadata = { claudeSessionId: "t", machineId: "m-away" };
  const { id, socket } = await rig.client.session({ metadata });
  socket.emit("session-end", { sid: id, time: rig.clock.now() });
  await socket.emitWithAck("ping");
  socket.close();
  const post = (localId: string, more: Json = {}) =>
    rig.client.api("POST", `/sessions/${id}/messages`, { text: localId, localId, wake: true, ...more });
  await post("phone");
  await post("planned", { scheduledAt: rig.clock.now() + 30_000 });
  await post("laptop");
  await rig.restart(3_600_000);
  // Its clock ran ahead for a moment, and was set right.
  await rig.clock.advance(600_000);
  const { client, clock } = rig;
  await client.cli("POST", "/machines", { id: "m-away", metadata: { host: "h", platform: "linux", happyCliVersion: "1" } });
  let spawns = 0;
  const up = Promise.withResolvers<string[]>();
  const comeBack = async (): Promise<Socket> => {
    const runner = await client.socket({ token: client.accessToken, clientType: "machine-scoped", machineId: "m-away" });
    await serveRpc(runner, "m-away", {
      async "spawn-happy-session"() {
        spawns += 1;
        const process = await attach(rig, id);
        // What was not confirmed is said again; a session takes each once.
        const wait = (): void => {
          const told = new Set(process.got.map(({ body }) => body.message.localId));
          if (told.size >= 3) up.resolve([...told]);
          else process.socket.once("update", () => setImmediate(wait));
        };
        wait();
        return { type: "success", sessionId: id };
      },
    });
    runner.emit("machine-alive", { machineId: "m-away", time: clock.now() });
    await runner.emitWithAck("ping");
    return runner;
  };
  // Twice within a moment, as after a bad line.
  const first = await comeBack();
  const second = await comeBack();
  expect(await up.promise).toEqual(["phone", "planned", "laptop"]);
  expect((await client.api("POST", `/sessions/${id}/resume`)).status).toBe(200);
  expect(spawns).toBe(1);
  first.close();
  second.close();
});

/** A request that came up just before its hub ended, and who looks at the next one so much later. */
async function askedBefore(awayMs: number) {
  const rig = await start();
  const { id, socket } = await rig.client.session({ metadata: { name: "Shop" } });
  const requests = { r1: { tool: "Bash", arguments: {}, title: "Run ls" } };
  await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: { requests } });
  await rig.restart(awayMs);
  const looking = await rig.client.sse("all=true&visibility=visible");
  await looking.find(({ event }) => event.type === "connection-changed");
  return { rig, looking };
}

test("a request of which the hub could not tell any more is told by the next one", async () => {
  const { rig, looking } = await askedBefore(10_000);
  await using _rig = rig;
  await rig.clock.advance(500);
  const { event } = await looking.find(({ event: one }) => one.type === "toast");
  expect(event["data"]).toMatchObject({ title: "Shop", body: "Run ls waits for you" });
});

test("hours later it is no news any more, and what comes up then is", async () => {
  const { rig, looking } = await askedBefore(3 * 3_600_000);
  await using _rig = rig;
  await rig.clock.advance(500);
  const { id, socket } = await rig.client.session({ metadata: { name: "Kiosk" } });
  const end = { type: "event", id: crypto.randomUUID(), data: { type: "ready", outcome: "completed" } };
  socket.emit("message", { sid: id, message: { role: "agent", content: end } });
  await looking.find(({ event }) => event.type === "toast");
  expect(looking.of("toast").map(({ event }) => (event["data"] as { title: string }).title)).toEqual(["Kiosk"]);
});
