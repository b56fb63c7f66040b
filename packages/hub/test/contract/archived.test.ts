/** An archived session is put away: only a person who reopens it, or takes it back, changes that. */
import { expect, test } from "bun:test";
import type { HubClient } from "@hapi/testkit";
import { machine, withHub } from "./setup.ts";

const rig = withHub();

type Json = Record<string, unknown>;

const metadataOf = async (client: HubClient, id: string): Promise<Json> =>
  ((await client.api("GET", `/sessions/${id}`)).body["session"] as { metadata: Json }).metadata;

/** With one prompt that was sent before it was archived, and a runner that starts it again. */
async function archived(client: HubClient): Promise<{ id: string; calls: unknown[]; close(): void }> {
  const id = crypto.randomUUID();
  const machineId = `m-${id}`;
  const { socket } = await client.session({ id, metadata: { claudeSessionId: "t", machineId, hostPid: 1 } });
  await client.api("POST", `/sessions/${id}/messages`, { text: "before", localId: "before" });
  await client.api("POST", `/sessions/${id}/archive`);
  socket.close();
  const runner = await machine(client, machineId, {
    async "spawn-happy-session"() {
      const process = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
      process.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
      await process.emitWithAck("ping");
      return { type: "success", sessionId: id };
    },
  });
  return { id, calls: runner.calls, close: () => void runner.socket.close() };
}

test("a prompt does not revive it, at once or later; one it has is answered again", async () => {
  const client = await rig.client();
  const { id, calls, close } = await archived(client);
  const send = (body: Json) => client.api("POST", `/sessions/${id}/messages`, { text: "x", ...body });
  const refused = { status: 409, body: { code: "session_archived" } };
  expect(await send({ localId: "a", wake: true })).toMatchObject(refused);
  expect(await send({})).toMatchObject(refused);
  expect(await send({ localId: "b", scheduledAt: Date.now() + 60_000 })).toMatchObject(refused);
  expect(await client.api("POST", `/sessions/${id}/retry`)).toMatchObject(refused);
  expect(await send({ localId: "before", wake: true })).toMatchObject({ status: 200, body: { message: { localId: "before" } } });
  expect(calls).toEqual([]);
  expect((await metadataOf(client, id))["lifecycleState"]).toBe("archived");
  close();
});

test("reopen starts it and takes it out of the archive", async () => {
  const client = await rig.client();
  const { id, calls, close } = await archived(client);
  expect((await client.api("POST", `/sessions/${id}/reopen`)).body).toMatchObject({ ok: true, sessionId: id });
  expect(calls).toHaveLength(1);
  const metadata = await metadataOf(client, id);
  expect([metadata["lifecycleState"], metadata["archivedBy"], metadata["archiveReason"]]).toEqual(["running", undefined, undefined]);
  close();
});

test("unarchive takes it back without starting it; twice is once", async () => {
  const client = await rig.client();
  const { id, calls, close } = await archived(client);
  for (let n = 0; n < 2; n++) expect((await client.api("POST", `/sessions/${id}/unarchive`)).body).toEqual({ ok: true });
  const metadata = await metadataOf(client, id);
  expect([metadata["lifecycleState"], metadata["archivedBy"], metadata["archiveReason"]]).toEqual(["completed", undefined, undefined]);
  expect(calls).toEqual([]);
  expect((await client.api("POST", `/sessions/${id}/messages`, { text: "x" })).body).toMatchObject({ code: "session_inactive" });
  close();
});
