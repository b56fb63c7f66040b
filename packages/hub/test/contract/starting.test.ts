/** What is asked of a session that was started a moment ago and is not there yet: it is told when it comes, or that it did not come is said. */
import { afterEach, expect, test } from "bun:test";
import { connectHub, createManualClock, type HubClient, startTestHub } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { ranBefore } from "./ran-before.ts";
import { machine, serveRpc, withHub } from "./setup.ts";

const rig = withHub();

type Json = Record<string, unknown>;
const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

/** Its row, as the runner makes it before the process is up. */
async function spawned(client: HubClient): Promise<{ id: string; metadata: Json }> {
  const id = crypto.randomUUID();
  const machineId = `m-${id}`;
  const metadata = { path: "/p", host: "h", flavor: "claude", machineId, startedFromRunner: true, startedBy: "runner" };
  const runner = await machine(client, machineId, {
    async "spawn-happy-session"() {
      await client.cli("POST", "/sessions", { id, tag: id, metadata: { ...metadata, lifecycleState: "initializing" } });
      return { type: "success", sessionId: id };
    },
  });
  open.push(runner.socket);
  expect((await client.api("POST", `/machines/${machineId}/spawn`, { directory: "/p" })).body).toMatchObject({ type: "success" });
  return { id, metadata };
}

/** The process: alive first, then it says what can be asked of it, as ours do; it begins in the mode it was started with. */
async function comesUp(client: HubClient, { id, metadata }: { id: string; metadata: Json }): Promise<{ method: string; params: Json }[]> {
  await client.cli("POST", "/sessions", { id, tag: id, metadata });
  const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  open.push(socket);
  socket.emit("session-alive", { sid: id, time: Date.now(), thinking: false, permissionMode: "default" });
  await socket.emitWithAck("ping");
  return serveRpc(socket, id, {
    "set-session-config": (params) => ({ applied: params }),
    uploadFile: () => ({ success: true, path: "/tmp/kept" }),
  });
}

test("a permission mode chosen while it starts is told to it, and its first word does not undo it", async () => {
  const client = await rig.client();
  const session = await spawned(client);
  const chosen = client.api("POST", `/sessions/${session.id}/permission-mode`, { mode: "plan" });
  const calls = await comesUp(client, session);
  expect(await chosen).toMatchObject({ status: 200, body: { ok: true } });
  expect(calls).toMatchObject([{ params: { permissionMode: "plan" } }]);
  expect((await client.api("GET", `/sessions/${session.id}`)).body["session"]).toMatchObject({ active: true, permissionMode: "plan" });
});

test("a file that is added while it starts goes to it", async () => {
  const client = await rig.client();
  const session = await spawned(client);
  const added = client.api("POST", `/sessions/${session.id}/upload`, { filename: "a.png", content: btoa("x"), mimeType: "image/png" });
  await comesUp(client, session);
  expect(await added).toMatchObject({ status: 200, body: { success: true, path: "/tmp/kept" } });
});

test("one that does not come: the choice is refused, not written down to be undone; an ended one is as ever", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const client = await connectHub(hub);
  const session = await spawned(client);
  let answered = false;
  const before = clock.pendingTimers;
  const chosen = client.api("POST", `/sessions/${session.id}/permission-mode`, { mode: "plan" }).finally(() => (answered = true));
  // A request on its way is in no hurry on a busy machine: the hub's time goes on once it waits there for the process.
  while (clock.pendingTimers === before) await open[0]?.emitWithAck("ping");
  for (let second = 0; second < 30 && !answered; second++) {
    await clock.advance(1_000);
    await open[0]?.emitWithAck("ping");
  }
  expect(await chosen).toMatchObject({ status: 409, body: { code: "apply_failed", error: expect.stringContaining("still starting") } });
  const row = (await client.api("GET", `/sessions/${session.id}`)).body["session"] as Json;
  expect(row["permissionMode"]).not.toBe("plan");
  expect((await client.api("POST", `/sessions/${session.id}/abort`, { scope: "session" })).status).toBe(200);
  expect((await client.api("POST", `/sessions/${session.id}/permission-mode`, { mode: "plan" })).status).toBe(200);
});

test("a sandbox is asked of machines that make one; the others would start the agent without, and are not asked", async () => {
  const client = await rig.client();
  const [plain, boxing] = [`m-${crypto.randomUUID()}`, `m-${crypto.randomUUID()}`];
  const start = { "spawn-happy-session": () => ({ type: "success", sessionId: "s" }) };
  const [one, other] = [
    await machine(client, plain, start),
    await machine(client, boxing, start, { capabilities: ["agent-availability", "sandbox"] }),
  ];
  open.push(one.socket, other.socket);
  const sandbox = { network: false };
  const spawn = (id: string) => client.api("POST", `/machines/${id}/spawn`, { directory: "/p", sandbox });
  expect(await spawn(plain)).toMatchObject({ status: 424, body: { code: "sandbox_unavailable" } });
  expect((await spawn(boxing)).body).toEqual({ type: "success", sessionId: "s" });
  expect([one.calls, other.calls]).toMatchObject([[], [{ params: { sandbox } }]]);
});

test("what ran in a sandbox is woken and branched in one, or not at all: the machine may have lost the files that said so", async () => {
  const client = await rig.client();
  const sandbox = { network: false };
  for (const [capabilities, isBoxing] of [
    [["agent-availability"], false],
    [["agent-availability", "sandbox"], true],
  ] as const) {
    const machineId = `m-${crypto.randomUUID()}`;
    const refused = { type: "error", errorMessage: "not now", code: "spawn_failed" };
    const runner = await machine(client, machineId, { "spawn-happy-session": () => refused }, { capabilities: [...capabilities] });
    const { id, socket } = await ranBefore(client, machineId, { sandbox });
    open.push(runner.socket, socket);
    const [resumed, forked] = [await client.api("POST", `/sessions/${id}/resume`), await client.api("POST", `/sessions/${id}/fork`)];
    if (isBoxing) expect(runner.calls.slice(0, 2)).toMatchObject([{ params: { sandbox } }, { params: { sandbox } }]);
    else {
      expect(runner.calls).toEqual([]);
      expect(resumed.body).toMatchObject({
        code: "resume_failed",
        cause: "sandbox_unavailable",
        error: expect.stringContaining("bubblewrap"),
      });
      expect(forked).toMatchObject({ status: 424, body: { code: "sandbox_unavailable" } });
    }
  }
});
