/** Every route that names a session or a machine × a foreign namespace. The list is read from the app itself, so that none is forgotten. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { silentLogger, systemClock } from "@hapi/platform";
import { listRoutes } from "../../src/testing.ts";
import { withHub } from "./setup.ts";

const rig = withHub();
const routes = listRoutes({ log: silentLogger, clock: systemClock });
let session = "";
let machineId = "";
let close: () => void = () => undefined;

beforeAll(async () => {
  const owner = await rig.client();
  const created = await owner.session();
  session = created.id;
  machineId = "machine-of-owner";
  await owner.cli("POST", "/machines", { id: machineId, metadata: { host: "h", platform: "linux", happyCliVersion: "1" } });
  close = () => void created.socket.close();
});
afterAll(() => close());

const scoped = routes.filter(({ path }) => /^\/(api|cli)\/(sessions|machines)\/:id/.test(path));

test("the app has such routes", () => {
  expect(scoped.length).toBeGreaterThan(60);
});

describe("a stranger", () => {
  test.each(scoped.map((route) => [route.method, route.path] as const))("%s %s", async (method, path) => {
    const stranger = await rig.client();
    const id = path.includes("/machines/") ? machineId : session;
    const concrete = path.replace(":id", id).replace(/:\w+/g, "x").replace("*", "x");
    const call = concrete.startsWith("/api") ? stranger.api : stranger.cli;
    const body = method === "GET" ? undefined : {};
    const answer = await call(method, `${concrete.slice(4)}${queryFor(path)}`, body);
    expect([answer.status, answer.body["code"]]).toEqual([
      403,
      path.includes("/machines/") ? "machine_access_denied" : "session_access_denied",
    ]);
  });

  test("hears nothing of it on the stream", async () => {
    const stranger = await rig.client();
    await using sse = await stranger.sse();
    expect((await stranger.api("GET", `/events?sessionId=${session}`)).status).toBe(403);
    expect((await stranger.api("GET", `/events?machineId=${machineId}`)).status).toBe(403);
    const { socket, id } = await stranger.session();
    const answer: unknown = await socket.emitWithAck("message", { sid: session, message: { role: "agent", content: {} } });
    expect(answer).toMatchObject({ code: "session_access_denied" });
    for (const [event, frame] of socketFrames()) expect(await socket.emitWithAck(event, frame)).toMatchObject(refusal(event));
    await socket.emitWithAck("message", { sid: id, message: { role: "agent", content: {} } });
    await sse.find(({ event }) => event.type === "message-received");
    expect(JSON.stringify(sse.frames)).not.toContain(session);
    socket.close();
  });

  test("finds nothing of it in lists", async () => {
    const stranger = await rig.client();
    expect((await stranger.api("GET", "/sessions")).body["sessions"]).toEqual([]);
    expect((await stranger.api("GET", "/machines?all=1")).body["machines"]).toEqual([]);
    expect((await stranger.cli("GET", "/sessions/resumable")).body["sessions"]).toEqual([]);
    const create = await stranger.cli("POST", "/sessions", { tag: "t", metadata: null, machine: { id: machineId, metadata: null } });
    expect(create).toMatchObject({ status: 403, body: { code: "machine_access_denied" } });
  });
});

function socketFrames(): [string, object][] {
  const sid = session;
  return [
    ["session-alive", { sid, time: Date.now() }],
    ["session-end", { sid, time: Date.now() }],
    ["session-ready", { sid, time: Date.now() }],
    ["messages-consumed", { sid, localIds: ["x"] }],
    ["messages-indeterminate", { sid, localIds: ["x"] }],
    ["messages-steer-state", { sid, localIds: ["x"], state: "queued" }],
    ["message-stage", { sid, localId: "x", stage: "handed", at: 1 }],
    ["stream", { sid, itemId: "i", kind: "text", offset: 0, delta: "x" }],
    ["update-metadata", { sid, expectedVersion: 1, metadata: { path: "/", host: "h" } }],
    ["update-state", { sid, expectedVersion: 1, agentState: {} }],
    ["machine-alive", { machineId, time: Date.now() }],
    ["machine-update-metadata", { machineId, expectedVersion: 1, metadata: null }],
    ["machine-update-state", { machineId, expectedVersion: 1, runnerState: null }],
    ["rpc-register", { method: `${sid}:abort` }],
  ];
}

function refusal(event: string): object {
  if (event.includes("update-")) return { result: "error", reason: "access-denied" };
  if (event === "rpc-register") return { code: "access_denied" };
  return { code: event.startsWith("machine") ? "machine_access_denied" : "session_access_denied" };
}

function queryFor(path: string): string {
  return path.endsWith("/messages") && path.startsWith("/cli") ? "?afterSeq=0" : "?path=x&cwd=x";
}
