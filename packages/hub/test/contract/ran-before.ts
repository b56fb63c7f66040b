/** Sessions that have run before: how they ended, and how a process of theirs comes up again. */
import type { HubClient } from "@hapi/testkit";
import type { Socket } from "socket.io-client";

export type Json = Record<string, unknown>;
/** What a session of ours says of its agent. */
export const ours = { claudeSessionId: "thread-1", capabilities: { control: "switch", fork: true, autoRetry: true } };

export async function end(socket: Socket, id: string): Promise<void> {
  socket.emit("session-end", { sid: id, time: Date.now() });
  await socket.emitWithAck("ping");
}

export const sessionOf = async (client: HubClient, id: string): Promise<Json & { metadata: Json; metadataVersion: number }> =>
  (await client.api("GET", `/sessions/${id}`)).body["session"] as Json & { metadata: Json; metadataVersion: number };

/** A session of ours that has run before: it said how its agent was started. */
export async function ranBefore(client: HubClient, machineId: string, metadata: Json = {}): Promise<{ id: string; socket: Socket }> {
  const lastStart = { at: 1, how: "new", front: "remote", asked: null, used: "thread-1" };
  const { id, socket } = await client.session({ metadata: { ...ours, machineId, lastStart, ...metadata } });
  await socket.emitWithAck("message", { sid: id, message: { role: "agent", content: { n: 1 } }, key: "kept" });
  await end(socket, id);
  return { id, socket };
}

/** A process of the session that comes up, and what it then says of its agent's start. */
export async function comeUp(client: HubClient, id: string, start: Json, lifecycleState = "running", more: Json = {}): Promise<Socket> {
  const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  socket.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
  await socket.emitWithAck("ping");
  const { metadata, metadataVersion } = await sessionOf(client, id);
  await socket.emitWithAck("update-metadata", {
    sid: id,
    expectedVersion: metadataVersion,
    metadata: {
      ...metadata,
      ...more,
      lifecycleState,
      lastStart: { at: 2, how: "resume", front: "remote", asked: "thread-1", used: null, ...start },
    },
  });
  return socket;
}
