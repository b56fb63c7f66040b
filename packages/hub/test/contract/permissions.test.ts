/** Requests and answers: live, from afar, too late. */
import { describe, expect, test } from "bun:test";
import type { HubClient } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { serveRpc, withHub } from "./setup.ts";

const rig = withHub();

type Json = Record<string, unknown>;
const request = { tool: "Bash", arguments: { command: "ls" }, createdAt: 1 };
const stateOf = async (client: HubClient, id: string): Promise<Json> =>
  ((await client.api("GET", `/sessions/${id}`)).body["session"] as { agentState: Json }).agentState;

async function asking(client: HubClient, options: Parameters<HubClient["session"]>[0] = {}): Promise<{ id: string; socket: Socket }> {
  const session = await client.session(options);
  await session.socket.emitWithAck("update-state", { sid: session.id, expectedVersion: 1, agentState: { requests: { p1: request } } });
  return session;
}

describe("an open request", () => {
  test("shows in the state, the list and on the stream", async () => {
    const client = await rig.client();
    await using sse = await client.sse();
    const { id, socket } = await asking(client);
    await sse.find(({ event }) => event.type === "session-updated" && "agentState" in (event["data"] as Json));
    expect(await stateOf(client, id)).toEqual({ requests: { p1: request }, completedRequests: {} });
    const [summary] = (await client.api("GET", "/sessions")).body["sessions"] as Json[];
    expect(summary).toMatchObject({
      pendingRequestsCount: 1,
      pendingRequestKinds: ["permission"],
      pendingRequests: [{ id: "p1", tool: "Bash" }],
    });
    socket.close();
  });

  test("is answered with everything the person said", async () => {
    const client = await rig.client();
    const { id, socket } = await asking(client);
    const calls = await serveRpc(socket, id, { permission: () => ({ status: "applied" }) });
    const body = { mode: "acceptEdits", allowTools: ["Bash(ls)"], decision: "approved_for_session", answers: { "0": ["yes"] } };
    expect(await client.api("POST", `/sessions/${id}/permissions/p1/approve`, body)).toMatchObject({ status: 200, body: { ok: true } });
    expect(calls[0]?.params).toEqual({ id: "p1", approved: true, ...body });
    await client.api("POST", `/sessions/${id}/permissions/p1/approve`, { answers: { q: { answers: ["a"] } } });
    expect(calls[1]?.params).toEqual({ id: "p1", approved: true, answers: { q: { answers: ["a"] } } });
    await client.api("POST", `/sessions/${id}/permissions/p1/deny`, { reason: "too risky" });
    expect(calls[2]?.params).toEqual({ id: "p1", approved: false, reason: "too risky" });
    await client.api("POST", `/sessions/${id}/permissions/p1/approve`, { decision: "abort" });
    expect(calls[3]?.params).toEqual({ id: "p1", approved: false, decision: "abort" });
    socket.close();
  });

  test("bad answers", async () => {
    const client = await rig.client();
    const { id, socket } = await asking(client);
    const approve = (requestId: string, body: unknown = {}) => client.api("POST", `/sessions/${id}/permissions/${requestId}/approve`, body);
    expect((await approve("p2")).body).toEqual({ error: "Request not found", code: "request_not_found" });
    expect(await approve("p1", { mode: "warp" })).toMatchObject({ status: 400, body: { code: "invalid_mode" } });
    expect(await approve("p1", { decision: "maybe" })).toMatchObject({ status: 400, body: { code: "invalid_body" } });
    // An existing CLI without a handler: the answer would be lost, so it is refused.
    expect(await approve("p1")).toMatchObject({ status: 503, body: { code: "agent_away" } });
    await serveRpc(socket, id, { permission: () => ({ error: "no such dialog" }) });
    expect(await approve("p1")).toMatchObject({ status: 409, body: { error: "no such dialog", code: "apply_failed" } });
    socket.close();
  });

  test("an answer to a closed request says what became of it", async () => {
    const client = await rig.client();
    const { id, socket } = await asking(client);
    const completed = { ...request, completedAt: 2, status: "denied", reason: "in the terminal", decision: "denied" };
    await socket.emitWithAck("update-state", {
      sid: id,
      expectedVersion: 2,
      agentState: { requests: {}, completedRequests: { p1: completed } },
    });
    const answer = await client.api("POST", `/sessions/${id}/permissions/p1/approve`);
    expect(answer).toMatchObject({
      status: 404,
      body: { code: "request_closed", outcome: { status: "denied", reason: "in the terminal" } },
    });
    // Also after the session ended.
    socket.emit("session-end", { sid: id, time: Date.now() });
    await socket.emitWithAck("ping");
    expect((await client.api("POST", `/sessions/${id}/permissions/p1/deny`)).body).toEqual(answer.body);
    expect(answer.body["outcome"]).toEqual({ status: "denied", decision: "denied", reason: "in the terminal", completedAt: 2 });
    socket.close();
  });

  test("one that the session closed first has the same shape", async () => {
    const client = await rig.client();
    const { id, socket } = await asking(client);
    await serveRpc(socket, id, { permission: () => ({ status: "closed", outcome: "denied" }) });
    const approve = () => client.api("POST", `/sessions/${id}/permissions/p1/approve`);
    expect((await approve()).body).toMatchObject({ code: "request_closed", outcome: { status: "denied" } });
    expect((await approve()).body["outcome"]).toEqual({ status: "denied" });
    socket.close();
  });

  test("an answer that is sent and not taken yet is a success that says so; who was slower hears what really happened", async () => {
    const client = await rig.client();
    const { id, socket } = await asking(client);
    let reply: Json = { status: "sent" };
    await serveRpc(socket, id, { permission: () => reply });
    const approve = () => client.api("POST", `/sessions/${id}/permissions/p1/approve`, {});
    expect(await approve()).toMatchObject({ status: 200, body: { ok: true, status: "sent" } });
    reply = { status: "applied" };
    expect((await approve()).body).toEqual({ ok: true });
    reply = { status: "closed", outcome: "sent", decision: "denied", by: "person" };
    expect(await approve()).toMatchObject({
      status: 404,
      body: {
        code: "request_closed",
        error: "Another answer (deny) was sent already, and the agent has not taken it up yet",
        outcome: { status: "sent", decision: "denied", by: "person" },
      },
    });
    reply = { status: "closed", outcome: "approved", by: "terminal" };
    expect((await approve()).body).toMatchObject({
      error: "It was allowed in the terminal already",
      outcome: { status: "approved", by: "terminal" },
    });
    // Once more from the row, which knows it too; the row says it, and corrects it, whatever was sent.
    const answer = { decision: "denied", at: 3 };
    const provisional = { ...request, completedAt: 2, status: "denied", answeredBy: "person", provisional: true };
    const certain = { ...request, completedAt: 2, status: "approved", answeredBy: "terminal", lost: answer };
    let expectedVersion = 2;
    for (const completed of [provisional, certain]) {
      const agentState = { requests: {}, completedRequests: { p1: completed } };
      await socket.emitWithAck("update-state", { sid: id, expectedVersion: expectedVersion++, agentState });
      expect((await stateOf(client, id))["completedRequests"]).toEqual({ p1: completed });
    }
    expect(((await approve()).body["outcome"] as Json)["by"]).toBe("terminal");
    socket.close();
  });

  test("a sent answer waits for nobody: the list does not count it", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const sent = { ...request, sent: { decision: "approved", at: 5 } };
    await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: { requests: { p1: sent, p2: request } } });
    expect((await stateOf(client, id))["requests"]).toEqual({ p1: sent, p2: request });
    const summaries = (await client.api("GET", "/sessions")).body["sessions"] as Json[];
    expect(summaries.find((one) => one["id"] === id)).toMatchObject({ pendingRequestsCount: 1, pendingRequests: [{ id: "p2" }] });
    socket.close();
  });

  test("an inactive session can't be answered", async () => {
    const client = await rig.client();
    const { id, socket } = await asking(client);
    socket.emit("session-end", { sid: id, time: Date.now() });
    await socket.emitWithAck("ping");
    expect(await client.api("POST", `/sessions/${id}/permissions/p1/deny`)).toMatchObject({
      status: 409,
      body: { code: "session_inactive" },
    });
    socket.close();
  });
});

test("while our session process is away the answer waits for it; the first one wins", async () => {
  const client = await rig.client();
  const { id, socket } = await asking(client, { capabilities: ["stages"], metadata: { capabilities: { control: "switch" } } });
  socket.close();
  const approve = () => client.api("POST", `/sessions/${id}/permissions/p1/approve`, {});
  expect(await approve()).toMatchObject({ status: 202, body: { ok: true, status: "pending" } });
  expect(await approve()).toMatchObject({
    status: 404,
    body: { code: "request_closed", outcome: { status: "pending", decision: "approved" } },
  });
  const again = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id, capabilities: ["stages"] });
  const heard = Promise.withResolvers<Json>();
  await serveRpc(again, id, {
    permission(params) {
      heard.resolve(params);
      return { status: "applied" };
    },
  });
  expect(await heard.promise).toEqual({ id: "p1", approved: true });
  again.close();
}, 40_000);

test("a session process that dies while it is asked: the answer waits for the next one, at once", async () => {
  const client = await rig.client();
  const { id, socket } = await asking(client, { capabilities: ["stages"], metadata: { capabilities: { control: "switch" } } });
  const asked = Promise.withResolvers<void>();
  await serveRpc(socket, id, {
    permission() {
      asked.resolve();
      return new Promise(() => undefined);
    },
  });
  const approving = client.api("POST", `/sessions/${id}/permissions/p1/approve`, {});
  await asked.promise;
  socket.close();
  expect(await approving).toMatchObject({ status: 202, body: { ok: true, status: "pending" } });
}, 20_000);

test("only the newest answered requests travel, all open ones do", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  let expectedVersion = 1;
  const completedRequests: Json = {};
  for (let n = 0; n < 80; n++) completedRequests[`r${n}`] = { ...request, completedAt: n, status: "approved" };
  await socket.emitWithAck("update-state", {
    sid: id,
    expectedVersion: expectedVersion++,
    agentState: { requests: { open: request }, completedRequests },
  });
  const state = await stateOf(client, id);
  const kept = Object.keys(state["completedRequests"] as Json);
  expect(kept).toHaveLength(20);
  expect(kept).toContain("r79");
  expect(kept).not.toContain("r0");
  expect(Object.keys(state["requests"] as Json)).toEqual(["open"]);
  socket.close();
});

test("of requests that vanished unanswered the newest four are kept, and say how they ended; answered ones are kept as ever", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  await serveRpc(socket, id, { permission: () => ({ status: "applied" }) });
  let expectedVersion = 1;
  const say = (agentState: Json): Promise<unknown> =>
    socket.emitWithAck("update-state", { sid: id, expectedVersion: expectedVersion++, agentState });
  const completedRequests = Object.fromEntries(
    Array.from({ length: 10 }, (_, n) => [`done${n}`, { ...request, completedAt: n + 1, status: "approved", decision: "approved" }]),
  );
  const answered = Object.keys(completedRequests);
  await say({ requests: {}, completedRequests });
  const kept = async (): Promise<string[]> => Object.keys((await stateOf(client, id))["completedRequests"] as Json).toSorted();
  const names = ["gone0", "gone1", "gone2", "gone3", "gone4", "gone5"];
  await say({ requests: Object.fromEntries(names.slice(0, 4).map((name) => [name, request])), completedRequests });
  await say({ requests: {}, completedRequests });
  expect(await kept()).toEqual([...answered, ...names.slice(0, 4)].toSorted());
  // Two more, later: of those that went at once the smaller names go first.
  await say({ requests: Object.fromEntries(names.slice(4).map((name) => [name, request])), completedRequests });
  await say({ requests: {}, completedRequests });
  expect(await kept()).toEqual([...answered, ...names.slice(2)].toSorted());
  const approve = (name: string) => client.api("POST", `/sessions/${id}/permissions/${name}/approve`, {});
  const answer = await approve("gone5");
  expect(answer).toMatchObject({ status: 404, body: { code: "request_closed", outcome: { status: "canceled" } } });
  expect((answer.body["outcome"] as Json)["completedAt"]).toBeNumber();
  expect(await approve("gone0")).toMatchObject({ status: 404, body: { code: "request_not_found" } });
  // One that a person canceled was answered.
  const canceled = Object.fromEntries(
    names.map((name, n) => [`no${n}`, { ...request, completedAt: 20 + n, status: "canceled", reason: "not now" }]),
  );
  await say({ requests: {}, completedRequests: { ...completedRequests, ...canceled } });
  expect(await kept()).toEqual([...answered, ...names.slice(2), ...Object.keys(canceled)].toSorted());
  // All of them together are never more than twenty; what was closed first goes, and comes back with nobody's word.
  const more = Object.fromEntries(
    Array.from({ length: 5 }, (_, n) => [`more${n}`, { ...request, completedAt: Date.now() + 60_000 + n, status: "denied" }]),
  );
  await say({ requests: {}, completedRequests: { ...completedRequests, ...canceled, ...more } });
  expect(await kept()).toHaveLength(20);
  expect(await kept()).toEqual(expect.arrayContaining([...names.slice(2), ...Object.keys(more)]));
  expect(await kept()).not.toContain("done0");
  socket.close();
});

test("a request is shown whatever its id is", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  const requests = JSON.parse('{"__proto__":{"tool":"Bash","arguments":{}},"constructor":{"tool":"Bash","arguments":{}}}') as object;
  await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: { requests } });
  const { session } = (await client.api("GET", `/sessions/${id}`)).body as { session: { agentState: { requests: object } } };
  expect(Object.keys(session.agentState.requests).toSorted()).toEqual(["__proto__", "constructor"]);
});

test("the digest of what was shown goes to the session, whose refusal is heard; all of a shortened request can be read", async () => {
  const client = await rig.client();
  const { id, socket } = await asking(client);
  const calls = await serveRpc(socket, id, {
    permission: ({ digest }: Json) => (digest === "seen" ? { status: "applied" } : { error: "It changed", code: "request_changed" }),
    "whole-request": ({ id: requestId }: Json) =>
      requestId === "p1"
        ? { tool: "Bash", arguments: { command: "all of it" }, digest: "whole" }
        : { error: "gone", code: "request_not_found" },
  });
  const path = `/sessions/${id}/permissions`;
  expect(await client.api("POST", `${path}/p1/approve`, { digest: "older" })).toMatchObject({
    status: 409,
    body: { code: "request_changed" },
  });
  expect(await client.api("POST", `${path}/p1/approve`, { digest: "seen" })).toMatchObject({ status: 200, body: { ok: true } });
  expect(calls.map(({ params }) => (params as Json)["digest"])).toEqual(["older", "seen"]);
  expect((await client.api("GET", `${path}/p1`)).body).toEqual({ tool: "Bash", arguments: { command: "all of it" }, digest: "whole" });
  expect(await client.api("GET", `${path}/p2`)).toMatchObject({ status: 404, body: { code: "request_not_found" } });
  const other = await rig.client();
  expect((await other.api("GET", `${path}/p1`)).status).toBe((await other.api("GET", `/sessions/${id}`)).status);
  socket.close();
});
