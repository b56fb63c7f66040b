/** How a session's last turn ended and what was seen of it: in the list, in the session, and told to who asks for it. */
import { expect, test } from "bun:test";
import { encodeEvent, promptContent } from "@hapi/core";
import { openSqlite } from "@hapi/platform";
import type { AgentEvent, SessionSummary } from "@hapi/protocol";
import type { HubClient } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { migrate } from "../../src/sqlite/migrate.ts";
import { migrations } from "../../src/sqlite/migrations.ts";
import { withHub } from "./setup.ts";

const rig = withHub();

interface Told {
  lastTurn?: Record<string, unknown>;
  seenAt?: number;
  updatedAt: number;
  status: { what: string; code?: string; cure?: boolean; unread: boolean };
}

async function listed(client: HubClient, id: string): Promise<Told> {
  const { sessions } = (await client.api("GET", "/sessions")).body as unknown as { sessions: (SessionSummary & Told)[] };
  return sessions.find((session) => session.id === id) as Told;
}

let ends = 0;
const end = (patch: Partial<Extract<AgentEvent, { type: "turn-ended" }>>): AgentEvent => {
  ends += 1;
  return { type: "turn-ended", id: `end-${ends}`, outcome: "completed", ...patch };
};
async function say(socket: Socket, sid: string, event: AgentEvent): Promise<void> {
  socket.emit("message", { sid, key: event.id, message: encodeEvent(event) });
  await socket.emitWithAck("ping");
}
const auth = { code: "auth" as const, message: "Invalid API key · Please run /login", retryable: false };

test("a failed turn is failed in list, session and event, until another one ends", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  await using able = await client.sse("caps=outcomes");
  await using plain = await client.sse();
  await say(socket, id, { type: "agent-message", id: "words", text: "hm" });
  await say(socket, id, end({ outcome: "failed", failure: auth, localIds: ["p1"] }));
  expect(await listed(client, id)).toMatchObject({
    lastTurn: { outcome: "failed", localId: "p1", code: "auth", message: auth.message, retryable: false },
    status: { what: "failed", code: "auth", cure: true, unread: true },
  });
  const { body } = await client.api("GET", `/sessions/${id}`);
  expect(body).toMatchObject({ session: { lastTurn: { outcome: "failed" } }, status: { what: "failed" } });
  const told = await able.find(({ event }) => event.type === "session-outcome");
  expect(told.event).toMatchObject({ sessionId: id, lastTurn: { outcome: "failed", code: "auth" } });
  await say(socket, id, { type: "agent-message", id: "more", text: "ok" });
  await say(socket, id, end({ localIds: ["p2"] }));
  expect(await listed(client, id)).toMatchObject({ lastTurn: { outcome: "completed", localId: "p2" }, status: { what: "done" } });
  await plain.find(({ event }) => event.type === "message-received" && JSON.stringify(event).includes("more"));
  expect(plain.of("session-outcome")).toEqual([]);
});

test("an end that is told twice, first badly and then well, is the bad one", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  await say(socket, id, end({ outcome: "interrupted" }));
  await say(socket, id, { type: "usage", id: "u", usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 } });
  await say(socket, id, end({}));
  expect((await listed(client, id)).lastTurn).toMatchObject({ outcome: "interrupted" });
});

test("the end of a sub-agent is not the session's", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  await say(socket, id, { ...end({ outcome: "failed", failure: auth }), parent: "task" });
  expect((await listed(client, id)).lastTurn).toBeUndefined();
});

test("a prompt nobody can tell of is uncertain, until it is sent again", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session({ capabilities: ["stages"] });
  await client.api("POST", `/sessions/${id}/messages`, { text: "deploy", localId: "p1" });
  const stage = async (name: string, detail?: object): Promise<void> => {
    socket.emit("message-stage", { sid: id, localId: "p1", stage: name, at: Date.now(), detail });
    await socket.emitWithAck("ping");
  };
  await stage("handed");
  await stage("unknown");
  expect(await listed(client, id)).toMatchObject({
    lastTurn: { outcome: "unknown", localId: "p1" },
    status: { what: "unknown", unread: true },
  });
  await stage("failed", { code: "thread_in_use", message: "open elsewhere", retryable: true });
  expect((await listed(client, id)).lastTurn).toMatchObject({ outcome: "failed", code: "thread_in_use" });
});

test("what was seen is seen on every device, and can be made unread again", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  await using other = await client.sse("caps=outcomes");
  await say(socket, id, { type: "agent-message", id: "words", text: "done" });
  await say(socket, id, end({}));
  const { lastTurn } = await listed(client, id);
  const at = lastTurn?.["at"] as number;
  expect((await client.api("PUT", `/sessions/${id}/seen`, { at })).status).toBe(200);
  const told = await other.find(({ event }) => event["seenAt"] === at);
  expect(told.event).toMatchObject({ type: "session-outcome", lastTurn: { outcome: "completed" } });
  expect(await listed(client, id)).toMatchObject({ seenAt: at, status: { what: "idle", unread: false } });
  // A device that was away says late what it saw before.
  await client.api("PUT", `/sessions/${id}/seen`, { at: at - 5 });
  expect((await listed(client, id)).seenAt).toBe(at);
  await client.api("PUT", `/sessions/${id}/seen`, { at: at - 1, back: true });
  expect((await listed(client, id)).status).toMatchObject({ what: "done", unread: true });
  expect((await client.api("PUT", `/sessions/${id}/seen`, { at: "now" })).status).toBe(400);
});

test("a reader that was away hears it when it is back", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  const first = await client.sse("caps=outcomes,caught-up");
  await first.find(({ event }) => event.type === "session-updated" || event.type === "caught-up");
  await say(socket, id, { type: "agent-message", id: "words", text: "x" });
  await first.find(({ event }) => event.type === "message-received");
  const { lastId } = first;
  await first.close();
  await say(socket, id, end({ outcome: "failed", failure: auth }));
  await using back = await client.sse(`caps=outcomes,caught-up&lastEventId=${lastId ?? ""}`);
  const told = await back.find(({ event }) => event.type === "session-outcome");
  expect(told.event).toMatchObject({ lastTurn: { outcome: "failed" } });
});

test("sessions of an earlier HAPI: the end is read from their rows, and all of it counts as seen", async () => {
  const db = openSqlite(":memory:");
  try {
    const before = migrations.findIndex((step) => step.includes("ADD COLUMN last_turn"));
    migrate(db, migrations.slice(0, before));
    const session = (pk: number): void => {
      db.run(
        "INSERT INTO sessions (pk, id, namespace, created_at, updated_at, active_at, thinking_at) VALUES (?, ?, 'default', 1, 50, 1, 1)",
        pk,
        `s${pk}`,
      );
    };
    const row = (pk: number, seq: number, content: object): void => {
      db.run(
        "INSERT INTO messages (session_pk, seq, id, content, created_at, position) VALUES (?, ?, ?, ?, ?, ?)",
        pk,
        seq,
        `m${pk}.${seq}`,
        JSON.stringify(content),
        seq,
        10 * seq,
      );
    };
    [1, 2, 3, 4].forEach(session);
    row(1, 1, encodeEvent(end({})));
    row(1, 2, encodeEvent(end({ outcome: "failed", failure: { ...auth, cause: "thread_in_use" } })));
    row(1, 3, encodeEvent({ ...end({}), parent: "task" }));
    row(2, 1, encodeEvent(end({ outcome: "failed", failure: auth })));
    row(2, 2, encodeEvent(end({ localIds: ["p"] })));
    row(3, 1, promptContent({ text: '"ready" is a word of mine' }));
    migrate(db);
    const kept = db.all<{ last_turn: string | null; seen_at: number }>("SELECT last_turn, seen_at FROM sessions ORDER BY pk");
    expect(kept.map((one) => [one.last_turn === null ? null : (JSON.parse(one.last_turn) as unknown), one.seen_at])).toEqual([
      [
        {
          turn: { outcome: "failed", at: 20, code: "thread_in_use", message: auth.message, retryable: false, localId: null },
          seq: 2,
          saidAt: 2,
        },
        50,
      ],
      [{ turn: { outcome: "completed", at: 20, localId: null }, seq: 2, saidAt: 2 }, 50],
      [null, 50],
      [null, 50],
    ]);
  } finally {
    await db.close();
  }
});
