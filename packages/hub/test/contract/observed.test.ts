/** A mode or a model that a session was seen in is shown while it runs; what a person chose is what it is started with. */
import { describe, expect, test } from "bun:test";
import type { HubClient } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { comeUp, end, type Json, ours, ranBefore, sessionOf } from "./ran-before.ts";
import { machine, withHub } from "./setup.ts";

const rig = withHub();
const seen = { permissionMode: "bypassPermissions", model: "claude-other-1" };

async function seenIn(client: HubClient, machineId: string, chosen: Json) {
  const { id, socket } = await client.session({ metadata: { ...ours, machineId, flavor: "claude", ...chosen } });
  await socket.emitWithAck("message", { sid: id, message: { role: "agent", content: { n: 1 } }, key: "kept" });
  socket.emit("session-alive", { sid: id, time: Date.now(), thinking: false, ...seen });
  await socket.emitWithAck("ping");
  return { id, socket };
}

/** What a wake, and a branch, hand to the machine. */
async function startsOf(client: HubClient, machineId: string, id: string) {
  const up: Promise<Socket>[] = [];
  const runner = await machine(client, machineId, {
    async "spawn-happy-session"(params) {
      up.push(comeUp(client, String(params["sessionId"]), { how: "resume", used: "thread-1" }));
      return { type: "success", sessionId: params["sessionId"] };
    },
  });
  expect((await client.api("POST", `/sessions/${id}/fork`)).status).toBe(200);
  expect((await client.api("POST", `/sessions/${id}/resume`)).status).toBe(200);
  runner.socket.close();
  for (const process of await Promise.all(up)) process.close();
  return runner.calls.map(({ params: { permissionMode, model } }) => ({ permissionMode, model }));
}

describe("seen in a mode and a model", () => {
  test.each([
    ["others were chosen", { preferredPermissionMode: "plan", preferredModel: "opus" }, { permissionMode: "plan", model: "opus" }],
    ["nothing was chosen", { preferredModel: null }, { permissionMode: undefined, model: undefined }],
  ])("%s: shown while it runs; then it is started with what was chosen", async (_, chosen, expected) => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await seenIn(client, machineId, chosen);
    expect(await sessionOf(client, id)).toMatchObject(seen);
    await end(socket, id);
    socket.close();
    // Nothing is in force in what does not run.
    expect(await sessionOf(client, id)).toMatchObject({
      permissionMode: expected.permissionMode ?? "default",
      model: expected.model ?? null,
    });
    expect((await client.api("GET", `/sessions/${id}/diagnostics`)).body["launch"]).toMatchObject({
      permissionMode: expected.permissionMode ?? null,
      model: expected.model ?? null,
    });
    expect(await startsOf(client, machineId, id)).toEqual([expected, expected]);
  });

  test("chosen by a person, also while it does not run, it is what it is started with", async () => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await seenIn(client, machineId, { preferredPermissionMode: "default", preferredModel: null });
    await end(socket, id);
    socket.close();
    for (const [path, body] of [
      ["permission-mode", { mode: seen.permissionMode }],
      ["model", { model: seen.model }],
    ] as const)
      expect((await client.api("POST", `/sessions/${id}/${path}`, body)).status).toBe(200);
    expect(await sessionOf(client, id)).toMatchObject({
      ...seen,
      metadata: { preferredPermissionMode: seen.permissionMode, preferredModel: seen.model },
    });
    expect(await startsOf(client, machineId, id)).toEqual([seen, seen]);
  });

  test("another CLI's session has its row alone", async () => {
    const client = await rig.client();
    const machineId = `m-${crypto.randomUUID()}`;
    const { id, socket } = await ranBefore(client, machineId, { capabilities: undefined, lastStart: undefined });
    socket.close();
    for (const [path, body] of [
      ["permission-mode", { mode: "plan" }],
      ["model", { model: "opus" }],
    ] as const)
      expect((await client.api("POST", `/sessions/${id}/${path}`, body)).status).toBe(200);
    expect((await sessionOf(client, id)).metadata["preferredPermissionMode"]).toBeUndefined();
    const runner = await machine(client, machineId, { "spawn-happy-session": () => ({ type: "error", message: "no" }) });
    await client.api("POST", `/sessions/${id}/resume`);
    expect(runner.calls[0]?.params).toMatchObject({ permissionMode: "plan", model: "opus" });
    runner.socket.close();
  });

  test.each([
    ["codex", "model-reasoning-effort", { modelReasoningEffort: "high" }, "modelReasoningEffort"],
    ["codex", "effort", { effort: "high" }, "modelReasoningEffort"],
    ["gemini", "effort", { effort: "high" }, "effort"],
  ])(
    "an effort chosen for a %s session by /%s stands under the agent's name for it, and is what it is started with",
    async (flavor, path, body, field) => {
      const client = await rig.client();
      const machineId = `m-${crypto.randomUUID()}`;
      const { id, socket } = await ranBefore(client, machineId, { flavor, capabilities: { ...ours.capabilities, setEffort: true } });
      socket.emit("session-alive", { sid: id, time: Date.now(), thinking: false, [field]: "low" });
      await end(socket, id);
      socket.close();
      expect((await client.api("POST", `/sessions/${id}/${path}`, body)).status).toBe(200);
      expect(await sessionOf(client, id)).toMatchObject({ [field]: "high", metadata: { preferredEffort: "high" } });
      const runner = await machine(client, machineId, { "spawn-happy-session": () => ({ type: "error", message: "no" }) });
      await client.api("POST", `/sessions/${id}/resume`);
      expect(runner.calls[0]?.params).toMatchObject({ [field]: "high" });
      runner.socket.close();
    },
  );

  test("an agent without a choice of effort refuses", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({
      metadata: { ...ours, machineId: "m", flavor: "claude", capabilities: { setEffort: false } },
    });
    socket.close();
    const { status, body } = await client.api("POST", `/sessions/${id}/effort`, { effort: "high" });
    expect([status, body["code"]]).toEqual([400, "unsupported_flavor"]);
  });
});
