/** Answers that nobody can read: one stable error, in the shape each route has for failures. */
import { expect, test } from "bun:test";
import { machine, serveRpc, withHub } from "./setup.ts";

const rig = withHub();

test("of a session", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session({ metadata: { machineId: "m-unread", flavor: "claude" } });
  const runner = await machine(client, "m-unread", { "spawn-happy-session": () => ({ type: "success", sessionId: "never" }) });
  const unreadable = ["git-status", "listSlashCommands", "uploadFile", "set-session-config", "fork-conversation", "steer-queued-message"];
  await serveRpc(socket, id, Object.fromEntries(unreadable.map((name) => [name, () => "what"])));
  const relayed = { success: false, error: "The answer could not be read", code: "rpc_result_invalid" };
  expect(await client.api("GET", `/sessions/${id}/git-status`)).toMatchObject({ status: 200, body: relayed });
  expect(await client.api("GET", `/sessions/${id}/slash-commands`)).toMatchObject({ status: 200, body: relayed });
  const file = { filename: "a.png", content: "aGk=", mimeType: "image/png" };
  expect(await client.api("POST", `/sessions/${id}/upload`, file)).toMatchObject({ status: 200, body: relayed });
  // The contract has one code for a change that was not taken.
  const mode = await client.api("POST", `/sessions/${id}/permission-mode`, { mode: "plan" });
  expect(mode).toMatchObject({ status: 409, body: { code: "apply_failed", error: "The answer could not be read" } });
  expect(await client.api("POST", `/sessions/${id}/fork`, {})).toMatchObject({ status: 502, body: { code: "rpc_result_invalid" } });
  expect(runner.calls).toEqual([]);
  runner.socket.close();
  socket.close();
});

test("of a machine; a session that was to be branched off leaves nothing behind", async () => {
  const client = await rig.client();
  const unreadable = ["spawn-happy-session", "agent-availability", "list-directory"];
  const runner = await machine(client, "m-mute", {
    ...Object.fromEntries(unreadable.map((name) => [name, () => "what"])),
    // What was passed over before still is.
    "path-exists": () => "what",
  });
  const code = "rpc_result_invalid";
  expect(await client.api("POST", "/machines/m-mute/spawn", { directory: "/w" })).toMatchObject({
    status: 200,
    body: { type: "error", code },
  });
  expect(await client.api("GET", "/machines/m-mute/agent-availability")).toMatchObject({ status: 502, body: { code } });
  expect((await client.api("POST", "/machines/m-mute/list-directory", { path: "/" })).body).toMatchObject({ success: false, code });
  expect((await client.api("POST", "/machines/m-mute/paths/exists", { paths: ["/a"] })).body).toEqual({ exists: {} });

  const { id, socket } = await client.session({ metadata: { machineId: "m-mute", flavor: "claude" } });
  await serveRpc(socket, id, { "fork-conversation": () => ({ nativeSessionId: "thread" }) });
  expect(await client.api("POST", `/sessions/${id}/fork`, {})).toMatchObject({ status: 502, body: { code: "spawn_failed", cause: code } });
  socket.emit("session-end", { sid: id, time: Date.now() });
  await socket.emitWithAck("ping");
  socket.close();
  expect((await client.api("GET", "/sessions")).body["sessions"]).toHaveLength(1);
  expect(await client.api("POST", `/sessions/${id}/resume`)).toMatchObject({ status: 500, body: { code: "resume_failed", cause: code } });
  runner.socket.close();
});
