/** The client against the real hub in this process: what a web app, a session process and a runner do, through a restart of the hub. */
import { describe, expect, test } from "bun:test";
import { createTimeline, decodeContent, encodeEvent, type SyncState } from "@hapi/core";
import type { AgentEvent, UpdateBody } from "@hapi/protocol";
import { startTestHub, type TestHub } from "@hapi/testkit";
import { createHubApi, createOutbox, createSyncEngine, machineCalls, type OutboxEntry } from "../src/index.ts";
import { systemClock } from "../src/clock.ts";
import { connectMachine, createCliRest, createSessionLink, type RpcHandler } from "../src/link/index.ts";
import { sleepless } from "./sleepless.ts";

const metadata = {
  path: "/tmp/project",
  host: "h",
  flavor: "demo",
  machineId: "m1",
  lifecycleState: "running",
  capabilities: { control: "switch" },
};

function web(hub: TestHub) {
  const changed = sleepless();
  const api = createHubApi({ baseUrl: hub.url, accessToken: () => hub.token });
  const engine = createSyncEngine({ api, onChange: changed.tell, onStatus: changed.tell, pageSize: 5, random: () => 0 });
  const stored = new Map<string, OutboxEntry>();
  const outbox = createOutbox({
    storage: {
      list: async () => [...stored.values()],
      put: async (entry) => void stored.set(entry.localId, entry),
      delete: async (localId) => void stored.delete(localId),
    },
    send: api.messages.send,
    newId: () => crypto.randomUUID(),
    onChange: changed.tell,
    random: () => 0,
  });
  const until = (fits: (state: SyncState) => boolean): Promise<void> => changed.until(() => fits(engine.state));
  return { api, engine, outbox, until, changed };
}

async function session(hub: TestHub, handlers: Record<string, RpcHandler> = {}) {
  const id = crypto.randomUUID();
  const link = createSessionLink({ hubUrl: hub.url, token: hub.token, sessionId: id });
  const row = await link.register({ id, tag: id, metadata, agentState: { controlledByUser: false } });
  const changed = sleepless();
  const updates: UpdateBody[] = [];
  link.on("update", (body) => {
    updates.push(body);
    changed.tell();
    return body.t === "cancel-queued-message" ? { removed: true } : undefined;
  });
  let ups = 0;
  link.on("connected", () => {
    ups += 1;
    link.alive({ thinking: false, mode: "remote", permissionMode: "default", model: null });
    changed.tell();
  });
  link.on("disconnected", changed.tell);
  link.open(handlers);
  await changed.until(() => ups === 1);
  const say = (event: AgentEvent, key = event.id): Promise<void> =>
    link.sendMessage({ key, content: encodeEvent(event), createdAt: Date.now() });
  return { id, row, link, updates, say, connectedTimes: (times: number) => changed.until(() => ups >= times), until: changed.until };
}

describe("with the real hub", () => {
  test("a prompt, its stages, live text, a permission and the end of the turn", async () => {
    await using hub = await startTestHub();
    const answered: unknown[] = [];
    const agent = await session(hub, {
      permission: async (params) => {
        answered.push(params);
        return { status: "applied" };
      },
    });
    const { api, engine, outbox, until } = web(hub);
    await engine.start();
    await outbox.start();
    engine.openSession(agent.id);
    await until((state) => state.summaries[agent.id]?.active === true && state.windows[agent.id]?.stale === false);

    const { localId } = await outbox.add({ sessionId: agent.id, text: "hello" });
    await agent.until(() => agent.updates.some((body) => body.t === "new-message"));
    const update = agent.updates.find((body) => body.t === "new-message")!;
    expect(update.message.localId).toBe(localId);
    expect(decodeContent(update.message.content, update.message)).toMatchObject([
      { type: "user-message", text: "hello", origin: "remote" },
    ]);
    await until((state) => state.windows[agent.id]?.queued.length === 1);

    agent.link.consumed([localId]);
    await agent.link.sendStage({ localId, stage: "handed", at: Date.now() });
    agent.link.stream({ itemId: "i1", kind: "text", offset: 0, delta: "Hel" });
    await until((state) => state.windows[agent.id]?.streams.i1?.text === "Hel");
    await agent.say({ type: "user-message", id: "u1", text: "hello", localId, origin: "remote" });
    await agent.say({ type: "agent-message", id: "i1", text: "Hello" });
    await agent.say({ type: "agent-message", id: "i1", text: "Hello" });
    await agent.say({ type: "tool-call", id: "t1", tool: "Bash", kind: "execute", title: "ls", input: { command: "ls" } });
    const request = { tool: "Bash", arguments: { command: "ls" }, createdAt: Date.now(), kind: "permission", toolCallId: "t1" };
    const asked = await agent.link.updateState(agent.row.agentStateVersion, { controlledByUser: false, requests: { p1: request } });
    expect(asked.result).toBe("success");
    await until((state) => state.sessions[agent.id]?.agentState?.requests?.p1 !== undefined);
    expect(engine.state.summaries[agent.id]).toMatchObject({ pendingRequestsCount: 1 });

    const build = () => {
      const window = engine.state.windows[agent.id]!;
      return createTimeline().update({
        messages: [...window.rows, ...window.queued],
        streams: Object.values(window.streams),
        agentState: engine.state.sessions[agent.id]?.agentState,
      });
    };
    expect(build().items.map((item) => item.type)).toEqual(["prompt", "text", "tool"]);
    expect(build().items[2]).toMatchObject({ status: "waiting", request: { id: "p1" } });
    expect(await api.permissions.approve(agent.id, "p1", { decision: "approved" })).toEqual({ status: "applied" });
    expect(answered).toMatchObject([{ id: "p1", approved: true }]);
    if (asked.result === "success") {
      const completedRequests = { p1: { ...request, status: "approved", completedAt: Date.now() } };
      await agent.link.updateState(asked.version, { controlledByUser: false, requests: {}, completedRequests });
    }
    expect(await api.permissions.approve(agent.id, "p1")).toMatchObject({ status: "closed", outcome: { status: "approved" } });

    await agent.say({ type: "tool-result", id: "r1", callId: "t1", status: "completed", output: "a\n" });
    await agent.link.sendStage({ localId, stage: "done", at: Date.now() });
    await agent.say({ type: "turn-ended", id: "e1", outcome: "completed", durationMs: 5, localIds: [localId] });
    await until(() => build().items.at(-1)?.type === "turn-end" && build().items[0]?.type === "prompt" && build().running === false);
    await until((state) => state.windows[agent.id]?.rows.some((row) => row.stage === "done") === true);
    expect(build()).toMatchObject({ queue: [], running: false });
    expect(build().items.map((item) => item.type)).toEqual(["prompt", "text", "tool", "turn-end"]);
    await engine.stop();
    outbox.stop();
    await agent.link.close();
  });

  test("following events gives what reading afresh gives, whatever connections break in between", async () => {
    await using hub = await startTestHub();
    const agent = await session(hub);
    const follower = web(hub);
    await follower.engine.start();
    follower.engine.openSession(agent.id);
    await follower.until((state) => state.windows[agent.id]?.stale === false && state.sessions[agent.id] !== undefined);

    let metadataVersion = agent.row.metadataVersion;
    for (let step = 0; step < 40; step += 1) {
      const localId = `l${step}`;
      if (step % 4 === 0) await follower.api.messages.send(agent.id, { text: localId, localId, wake: true });
      if (step % 4 === 1) agent.link.consumed([`l${step - 1}`]);
      if (step % 8 === 2) await agent.link.sendStage({ localId: `l${step - 2}`, stage: "started", at: Date.now() });
      if (step % 5 === 0) await agent.say({ type: "agent-message", id: `a${step}`, text: "x" });
      if (step % 7 === 0) {
        const ack = await agent.link.updateMetadata(metadataVersion, { ...metadata, name: `n${step}` });
        if (ack.result !== "error") metadataVersion = ack.version;
      }
      if (step % 9 === 0)
        await agent.say({ type: "plan", id: `p${step}`, entries: [{ id: "1", content: "c", status: "pending", priority: "low" }] });
      if (step % 6 === 0) follower.engine.reconnect();
      if (step === 20) {
        await follower.api.messages.send(agent.id, { text: "gone", localId: "gone", wake: true, scheduledAt: Date.now() + 60_000 });
        await follower.api.messages.cancel(agent.id, "gone");
      }
    }
    await agent.link.sendStage({ localId: "l36", stage: "done", at: Date.now() });
    await follower.until((state) => state.windows[agent.id]?.rows.some((row) => row.localId === "l36" && row.stage === "done") === true);

    const fresh = web(hub);
    await fresh.engine.start();
    fresh.engine.openSession(agent.id);
    await fresh.until(
      (state) => state.windows[agent.id]?.stale === false && state.sessions[agent.id] !== undefined && fresh.engine.listed === "hub",
    );
    while (fresh.engine.state.windows[agent.id]?.hasOlder) await fresh.engine.loadOlder(agent.id);
    while (follower.engine.state.windows[agent.id]?.hasOlder) await follower.engine.loadOlder(agent.id);
    const view = ({ engine }: typeof fresh) => {
      const { rows, queued } = engine.state.windows[agent.id]!;
      // `seq` counts changes at the hub and travels only with whole sessions.
      const { seq: _seq, ...session } = engine.state.sessions[agent.id]!;
      return { rows, queued, session, summary: engine.state.summaries[agent.id] };
    };
    expect(view(follower)).toEqual(view(fresh));
    expect(view(fresh).rows.length).toBeGreaterThan(20);
    await follower.engine.stop();
    await fresh.engine.stop();
    await agent.link.close();
  });

  test("a restart of the hub loses nothing and repeats nothing", async () => {
    const first = await startTestHub({ keepHome: true });
    const port = Number(new URL(first.url).port);
    const agent = await session(first);
    const { engine, outbox, until, changed } = web(first);
    await engine.start();
    await outbox.start();
    engine.openSession(agent.id);
    await until((state) => state.windows[agent.id]?.stale === false);
    await agent.say({ type: "agent-message", id: "a1", text: "before" });
    await first.close();
    await agent.until(() => !agent.link.connected);
    await expect(agent.say({ type: "agent-message", id: "a2", text: "during" })).rejects.toMatchObject({ code: "hub_unreachable" });
    await outbox.add({ sessionId: agent.id, text: "typed while away" });
    await changed.until(() => outbox.entries[0]?.error !== undefined);

    await using second = await startTestHub({ home: first.home, port });
    await agent.connectedTimes(2);
    await agent.say({ type: "agent-message", id: "a1", text: "before" });
    await agent.say({ type: "agent-message", id: "a2", text: "during" });
    engine.reconnect();
    outbox.kick();
    await until((state) => {
      const window = state.windows[agent.id];
      return window?.stale === false && window.rows.length === 2 && window.queued.length === 1;
    });
    await changed.until(() => outbox.entries.length === 0);
    const { rows } = engine.state.windows[agent.id]!;
    expect(rows.flatMap((row) => decodeContent(row.content, row)).map((event) => event.id)).toEqual(["a1", "a2"]);
    expect((await agent.link.messagesAfter(0, 200)).length).toBe(3);
    await engine.stop();
    outbox.stop();
    await agent.link.close();
    expect(second.url).toBe(first.url);
  });

  test("a runner registers, answers for its machine, and keeps its state", async () => {
    await using hub = await startTestHub();
    const about = { host: "h", platform: "linux", happyCliVersion: "0", capabilities: ["agent-availability", "stop-runner"] };
    const link = await connectMachine({ hubUrl: hub.url, token: hub.token, machineId: "m1", metadata: about });
    const spawned: unknown[] = [];
    link.handle("spawn-happy-session", async (params) => {
      spawned.push(params);
      return { type: "error", errorMessage: "no such folder" };
    });
    await link.updateRunnerState((current) => ({ ...current, status: "running", pid: 7 }));
    await link.updateRunnerState((current) => ({ ...current, status: current?.pid === 7 ? "running-7" : "lost" }));
    const { api } = web(hub);
    const [machine] = await api.machines.list();
    expect(machine).toMatchObject({ id: "m1", active: true, runnerState: { status: "running-7" } });
    expect(await machineCalls(api).spawn("m1", { directory: "/nowhere", agent: "demo", launchId: "x" })).toMatchObject({ type: "error" });
    expect(spawned).toMatchObject([{ type: "spawn-in-directory", directory: "/nowhere", agent: "demo" }]);
    await link.close();
  });

  test("a machine whose clock is an hour behind is there, and so are its sessions: the hub's clock counts", async () => {
    await using hub = await startTestHub();
    const clock = { ...systemClock, now: () => Date.now() - 3_600_000 };
    const { engine, until, api } = web(hub);
    await engine.start();
    const id = crypto.randomUUID();
    const link = createSessionLink({ hubUrl: hub.url, token: hub.token, sessionId: id, clock });
    await link.register({ id, tag: id, metadata, agentState: null });
    link.on("connected", () => link.alive({ thinking: true, mode: "remote", model: null }));
    link.open({});
    await until((state) => state.summaries[id]?.thinking === true);
    expect(Date.now() - (await api.sessions.get(id)).activeAt).toBeLessThan(60_000);
    const about = { host: "h", platform: "linux", happyCliVersion: "0" };
    const machine = await connectMachine({ hubUrl: hub.url, token: hub.token, machineId: "m-late", metadata: about, clock });
    await until((state) => state.machines["m-late"]?.active === true);
    await machine.close();
    await link.close();
    await engine.stop();
  });

  test("another namespace sees nothing of it, and a wrong token is refused", async () => {
    await using hub = await startTestHub();
    const agent = await session(hub);
    const foreign = createHubApi({ baseUrl: hub.url, accessToken: () => hub.accessToken("other") });
    expect(await foreign.sessions.list()).toEqual([]);
    await expect(foreign.sessions.get(agent.id)).rejects.toMatchObject({ code: "session_access_denied" });
    const link = createSessionLink({ hubUrl: hub.url, token: "wrong", sessionId: agent.id });
    const refused = new Promise((resolve) => link.on("refused", resolve));
    link.open({});
    expect(await refused).toMatchObject({ code: "invalid_token" });
    await link.close();
    await agent.link.close();
  });
});

test("a row that someone else began is registered by its id, whatever its tag; the tag of another row is not taken", async () => {
  await using hub = await startTestHub();
  const rest = createCliRest({ hubUrl: hub.url, token: hub.token, clock: systemClock });
  const id = crypto.randomUUID();
  await rest.createSession({ id, tag: "theirs", metadata, agentState: null });
  expect((await rest.createSession({ id, tag: "ours", metadata, agentState: null })).id).toBe(id);
  const other = { id: crypto.randomUUID(), tag: "theirs", metadata, agentState: null };
  await expect(rest.createSession(other)).rejects.toMatchObject({ code: "session_conflict" });
});
