/** What an accepted prompt waits for is told: in its row, as an event, and for all prompts together. */
import { expect, test } from "bun:test";
import { connectHub, createManualClock, type HubClient, startTestHub } from "@hapi/testkit";
import { end, type Json, ours } from "./ran-before.ts";
import { machine, serveRpc } from "./setup.ts";

async function hubWithSession(metadata: Json = ours) {
  const clock = createManualClock(Date.now());
  const hub = await startTestHub({ clock });
  const client = await connectHub(hub);
  const id = crypto.randomUUID();
  const { socket } = await client.session({ id, metadata: { ...metadata, machineId: "m-wait" } });
  return { clock, hub, client, id, socket };
}

const post = (client: HubClient, id: string, body: Json) =>
  client.api("POST", `/sessions/${id}/messages`, { text: "x", wake: true, ...body });

async function waitingOf(client: HubClient, id: string, localId: string): Promise<Json | undefined> {
  const { messages } = (await client.api("GET", `/sessions/${id}/messages`)).body as { messages: Json[] };
  return messages.find((row) => row["localId"] === localId)?.["waiting"] as Json | undefined;
}

test("for its machine, then for its runner, then it is started: in the row, as an event, for who comes late, and of all together", async () => {
  const { clock, hub, client, id, socket } = await hubWithSession();
  await using _ = hub;
  await end(socket, id);
  await using sse = await client.sse("caps=waiting");
  const told = (what: string) =>
    sse.find(({ event }) => event["type"] === "prompts-waiting" && JSON.stringify(event["prompts"]).includes(`"${what}"`));
  const forMachine = told("machine");
  await post(client, id, { localId: "p" });
  expect(await waitingOf(client, id, "p")).toBeUndefined();
  await clock.advance(2_000);
  await forMachine;
  expect(await waitingOf(client, id, "p")).toEqual({ for: "machine", since: expect.any(Number) });
  await using late = await client.sse("caps=waiting");
  await late.find(({ event }) => event["type"] === "prompts-waiting" && event["sessionId"] === id);
  const all = (await client.api("GET", "/prompts/waiting")).body;
  expect(all).toEqual({
    prompts: [{ sessionId: id, localId: "p", acceptedAt: expect.any(Number), waiting: { for: "machine", since: expect.any(Number) } }],
    alarms: 0,
  });
  const forRunner = told("runner");
  await client.cli("POST", "/machines", { id: "m-wait", metadata: { host: "test-host", platform: "linux", happyCliVersion: "1" } });
  const runner = await client.socket({ token: client.accessToken, clientType: "machine-scoped", machineId: "m-wait" });
  runner.emit("machine-alive", { machineId: "m-wait", time: clock.now() });
  await runner.emitWithAck("ping");
  await clock.advance(6_000);
  await forRunner;
  const forStart = told("start");
  // Its answer takes its time.
  const answer = Promise.withResolvers<object>();
  await serveRpc(runner, "m-wait", { "spawn-happy-session": () => answer.promise });
  await clock.advance(6_000);
  await forStart;
  const forPerson = told("person");
  answer.resolve({ type: "error", errorMessage: "Claude Code was not found", code: "agent_not_installed" });
  await runner.emitWithAck("ping");
  await clock.advance(6_000);
  await forPerson;
  expect(await waitingOf(client, id, "p")).toMatchObject({ for: "person", code: "agent_not_installed" });
  runner.close();
  socket.close();
});

test("its agent was not installed: when somebody has installed it, the session is started by itself", async () => {
  const { clock, hub, client, id, socket } = await hubWithSession();
  await using _ = hub;
  await end(socket, id);
  let isInstalled = false;
  const started = Promise.withResolvers<void>();
  const { socket: runner } = await machine(client, "m-wait", {
    "spawn-happy-session"() {
      if (!isInstalled) return { type: "error", errorMessage: "Claude Code was not found", code: "agent_not_installed" };
      started.resolve();
      return { type: "error", errorMessage: "far enough", code: "agent_exited" };
    },
    "agent-availability": () => ({ agents: [{ agent: "claude", available: isInstalled }] }),
  });
  await post(client, id, { localId: "p" });
  const look = async (): Promise<void> => {
    runner.emit("machine-alive", { machineId: "m-wait", time: clock.now() });
    await runner.emitWithAck("ping");
    await clock.advance(5_000);
  };
  for (let n = 0; n < 4; n++) await look();
  expect(await waitingOf(client, id, "p")).toMatchObject({ for: "person", code: "agent_not_installed" });
  isInstalled = true;
  let isStarted = false;
  void started.promise.then(() => (isStarted = true));
  for (let n = 0; n < 40 && !isStarted; n++) await look();
  expect(isStarted).toBe(true);
  runner.close();
  socket.close();
});

test("planned, behind a turn, and after its person ended the session", async () => {
  const { clock, hub, client, id, socket } = await hubWithSession({ claudeSessionId: "t" });
  await using _ = hub;
  socket.emit("session-alive", { sid: id, time: clock.now(), thinking: true });
  await socket.emitWithAck("ping");
  const later = clock.now() + 60_000;
  await post(client, id, { localId: "now" });
  await post(client, id, { localId: "later", scheduledAt: later });
  await clock.advance(2_000);
  expect(await waitingOf(client, id, "now")).toMatchObject({ for: "turn" });
  expect(await waitingOf(client, id, "later")).toMatchObject({ for: "time", until: later });
  await serveRpc(socket, id, { killSession: () => ({}) });
  await client.api("POST", `/sessions/${id}/abort`, { scope: "session" });
  await clock.advance(2_000);
  expect(await waitingOf(client, id, "now")).toMatchObject({ for: "person", code: "session_inactive" });
  socket.close();
});

test("with its agent, which does not begin with it: told like what waits in the queue, and over when it begins", async () => {
  const { clock, hub, client, id, socket } = await hubWithSession({ ...ours, capabilities: { ...ours.capabilities, given: true } });
  await using _ = hub;
  await post(client, id, { localId: "p" });
  const stage = (name: string) => socket.emitWithAck("message-stage", { sid: id, localId: "p", stage: name, at: clock.now() });
  const alive = async (): Promise<void> => {
    socket.emit("session-alive", { sid: id, time: clock.now(), thinking: false });
    await socket.emitWithAck("ping");
  };
  await stage("handed");
  await clock.advance(2_000);
  expect(await waitingOf(client, id, "p")).toBeUndefined();
  const { agentState } = (await client.api("GET", `/sessions/${id}`)).body["session"] as { agentState: Json | null };
  const since = clock.now() - 2_000;
  await socket.emitWithAck("update-state", {
    sid: id,
    expectedVersion: ((await client.api("GET", `/sessions/${id}`)).body["session"] as Json)["agentStateVersion"],
    agentState: { ...agentState, given: { for: "uptake", since, localIds: ["p"] } },
  });
  for (let s = 0; s < 12; s += 6) await alive().then(() => clock.advance(6_000));
  expect(await waitingOf(client, id, "p")).toEqual({ for: "uptake", since });
  expect((await client.api("GET", "/prompts/waiting")).body).toMatchObject({
    prompts: [{ sessionId: id, localId: "p", waiting: { for: "uptake", since } }],
    alarms: 0,
  });
  await stage("started");
  await alive();
  await clock.advance(6_000);
  expect(await waitingOf(client, id, "p")).toBeUndefined();
  expect((await client.api("GET", "/prompts/waiting")).body).toEqual({ prompts: [], alarms: 0 });
  // Killed, and its machine away: nobody else can say what became of one that it had.
  await post(client, id, { localId: "q" });
  await socket.emitWithAck("message-stage", { sid: id, localId: "q", stage: "handed", at: clock.now() });
  socket.close();
  await clock.advance(60_000);
  await clock.advance(6_000);
  expect(await waitingOf(client, id, "q")).toMatchObject({ for: "machine" });
});
