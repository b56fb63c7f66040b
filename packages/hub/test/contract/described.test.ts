/**
 * Every field, event and state that was described to us, one test per row of `tools/docs/described.ts`: sent as a CLI sends it, read back as
 * the web reads it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { permissionModesOf } from "@hapi/protocol";
import { connectHub, startTestHub, type HubClient, type TestHub } from "@hapi/testkit";
import { completedExamples, metadataExamples, requestExamples, sessionFields, todoExamples } from "../../../../tools/docs/described.ts";
import { serveRpc } from "./setup.ts";

type Json = Record<string, unknown>;

let hub: TestHub;
let client: HubClient;
let sessionId: string;
let session: Json;

const read = async (id: string): Promise<Json> => (await client.api("GET", `/sessions/${id}`)).body["session"] as Json;

beforeAll(async () => {
  hub = await startTestHub();
  client = await connectHub(hub);
  const live = await client.session({ metadata: { ...metadataExamples, flavor: "claude" } });
  sessionId = live.id;
  const created = await read(sessionId);
  const update = { sid: sessionId, expectedVersion: created["metadataVersion"], metadata: metadataExamples };
  await live.socket.emitWithAck("update-metadata", update);
  const agentState = { controlledByUser: false, requests: { req_123: requestExamples }, completedRequests: { req_124: completedExamples } };
  await live.socket.emitWithAck("update-state", { sid: sessionId, expectedVersion: created["agentStateVersion"], agentState });
  const toolUse = { type: "tool_use", id: "t1", name: "TodoWrite", input: { todos: todoExamples } };
  const message = {
    role: "agent",
    content: { type: "output", data: { type: "assistant", uuid: "u1", message: { role: "assistant", content: [toolUse] } } },
  };
  live.socket.emit("message", { sid: sessionId, message });
  live.socket.emit("session-alive", { sid: sessionId, time: Date.now(), thinking: true, mode: "remote" });
  await live.socket.emitWithAck("ping");
  session = await read(sessionId);
});

afterAll(() => hub.close());

/** A live session of one flavor that agrees to every change of its configuration. */
async function agreeable(flavor: string): Promise<string> {
  const { id, socket } = await client.session({ metadata: { flavor } });
  await serveRpc(socket, id, { "set-session-config": (params) => ({ applied: params }) });
  return id;
}

describe("fields", () => {
  for (const [name, fits] of Object.entries(sessionFields)) {
    test(`Session.${name}`, async () => {
      if (name === "permissionMode" || name === "modelMode") {
        const id = await agreeable("claude");
        expect((await client.api("POST", `/sessions/${id}/permission-mode`, { mode: "acceptEdits" })).status).toBe(200);
        expect((await client.api("POST", `/sessions/${id}/model`, { model: "opus" })).status).toBe(200);
        const value = (await read(id))[name];
        expect({ value, fits: fits(value) }).toEqual({ value, fits: true });
        return;
      }
      const value = session[name];
      expect({ value, fits: fits(value) }).toEqual({ value, fits: true });
    });
  }
  for (const [name, value] of Object.entries(metadataExamples)) {
    test(`Metadata.${name}`, () => expect((session["metadata"] as Json)[name]).toEqual(value));
  }
  test("AgentState.controlledByUser", () => expect((session["agentState"] as Json)["controlledByUser"]).toBe(false));
  for (const list of ["requests", "completedRequests"] as const) {
    test(`AgentState.${list}`, () =>
      expect(Object.keys((session["agentState"] as Json)[list] as Json)).toEqual([list === "requests" ? "req_123" : "req_124"]));
  }
  for (const [name, value] of Object.entries(requestExamples)) {
    test(`AgentStateRequest.${name}`, () =>
      expect(((session["agentState"] as Json)["requests"] as Record<string, Json>)["req_123"]?.[name]).toEqual(value));
  }
  for (const [name, value] of Object.entries(completedExamples)) {
    test(`AgentStateCompletedRequest.${name}`, () =>
      expect(((session["agentState"] as Json)["completedRequests"] as Record<string, Json>)["req_124"]?.[name]).toEqual(value));
  }
  for (const name of ["id", "content", "status", "priority"] as const) {
    test(`TodoItem.${name}`, () =>
      expect((session["todos"] as Json[]).map((todo) => todo[name])).toEqual(todoExamples.map((todo) => todo[name])));
  }
});

describe("events", () => {
  test("event session-added", async () => {
    await using stream = await client.sse();
    const { id } = await client.session();
    await stream.find(({ event }) => event.type === "session-added" && event["sessionId"] === id);
  });
  test("event session-updated", async () => {
    await using stream = await client.sse();
    const { id } = await client.session();
    await client.api("PATCH", `/sessions/${id}`, { name: "Renamed" });
    await stream.find(({ event }) => event.type === "session-updated" && event["sessionId"] === id);
  });
  test("event message-received", async () => {
    await using stream = await client.sse();
    const { id } = await client.session();
    await client.api("POST", `/sessions/${id}/messages`, { text: "hi", localId: "l1" });
    await stream.find(({ event }) => event.type === "message-received" && event["sessionId"] === id);
  });
  test("event machine-updated", async () => {
    await using stream = await client.sse();
    await client.cli("POST", "/machines", { id: "m-described", metadata: { host: "h", platform: "linux", happyCliVersion: "1" } });
    await stream.find(({ event }) => event.type === "machine-updated" && event["machineId"] === "m-described");
  });
  test("event session-end", async () => {
    await using stream = await client.sse();
    const { id, socket } = await client.session();
    socket.emit("session-end", { sid: id, time: Date.now(), reason: "completed" });
    await stream.find(({ event }) => event.type === "session-ended" && event["sessionId"] === id);
    expect(await read(id)).toMatchObject({ id, active: false });
  });
  test("event session-removed", async () => {
    const { id, socket } = await client.session();
    socket.emit("session-end", { sid: id, time: Date.now() });
    await socket.emitWithAck("ping");
    await using stream = await client.sse();
    expect((await client.api("DELETE", `/sessions/${id}`)).status).toBe(200);
    await stream.find(({ event }) => event.type === "session-removed" && event["sessionId"] === id);
  });
});

describe("lifecycle states travel with their time", () => {
  for (const state of ["initializing", "running", "paused", "completed", "aborted", "archived"]) {
    test(`state ${state}`, async () => {
      const { id } = await client.session({ metadata: { lifecycleState: state, lifecycleStateSince: 1709735200000 } });
      expect((await read(id))["metadata"]).toMatchObject({ lifecycleState: state, lifecycleStateSince: 1709735200000 });
    });
  }
});

describe("permission modes", () => {
  for (const flavor of ["claude", "codex", "gemini", "cursor", "opencode"]) {
    test(`modes of ${flavor}`, async () => {
      const id = await agreeable(flavor);
      for (const mode of permissionModesOf(flavor)) {
        expect([mode, (await client.api("POST", `/sessions/${id}/permission-mode`, { mode })).status]).toEqual([mode, 200]);
        expect((await read(id))["permissionMode"]).toBe(mode);
      }
      expect((await client.api("POST", `/sessions/${id}/permission-mode`, { mode: "no-such-mode" })).status).toBe(400);
    });
  }
});
