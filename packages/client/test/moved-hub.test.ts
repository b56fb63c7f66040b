/** A hub that comes back elsewhere, or as an older copy of itself: links find it, and it learns again what it does not know. */
import { expect, test } from "bun:test";
import { encodeEvent } from "@hapi/core";
import type { Session } from "@hapi/protocol";
import { startTestHub, type TestHub } from "@hapi/testkit";
import { createHubApi, machineCalls, watchPrompt } from "../src/index.ts";
import { connectMachine, createSessionLink, type SessionLink } from "../src/link/index.ts";
import { sleepless } from "./sleepless.ts";

const metadata = { path: "/p", host: "h", flavor: "demo", machineId: "m1", lifecycleState: "running" };
const about = { host: "h", platform: "linux", happyCliVersion: "0", capabilities: ["agent-availability", "stop-runner"] };
const token = "moved-hub-token-0123";

const apiOf = (hub: TestHub) => createHubApi({ baseUrl: hub.url, accessToken: () => hub.token });

function sessionLink(
  address: () => string,
  id: string,
): { link: SessionLink; ups: () => number; until: (fits: () => boolean) => Promise<void> } {
  const link = createSessionLink({ hubUrl: address, token, sessionId: id });
  const changed = sleepless();
  let ups = 0;
  link.on("connected", () => {
    ups += 1;
    link.alive({ thinking: false, mode: "remote", model: null });
    changed.tell();
  });
  link.on("disconnected", changed.tell);
  return { link, ups: () => ups, until: changed.until };
}

test("links follow a hub that comes back at another port", async () => {
  const first = await startTestHub({ keepHome: true, token });
  let address = first.url;
  const id = crypto.randomUUID();
  const { link, ups, until } = sessionLink(() => address, id);
  await link.register({ id, tag: id, metadata, agentState: null });
  link.open({ abort: async () => ({ heard: true }) });
  const machine = await connectMachine({ hubUrl: () => address, token, machineId: "m1", metadata: about });
  const machineBack = sleepless();
  machine.on("connected", machineBack.tell);
  await until(() => ups() === 1);
  await machineBack.until(() => machine.connected);
  await first.close();
  await until(() => !link.connected);

  await using second = await startTestHub({ home: first.home, token });
  expect(second.url).not.toBe(first.url);
  address = second.url;
  await until(() => ups() === 2);
  await machineBack.until(() => machine.connected);
  await link.sendMessage({ key: "k", content: encodeEvent({ type: "agent-message", id: "k", text: "here" }), createdAt: 1 });
  expect((await apiOf(second).messages.page(id, { limit: 10 })).messages).toHaveLength(1);
  expect(await link.register({ id, tag: id, metadata, agentState: null })).toMatchObject({ id });
  await link.close();
  await machine.close();
}, 80_000);

test("who waits for a prompt follows the hub to another port, and hears how it ended there", async () => {
  const first = await startTestHub({ keepHome: true, token });
  let address = first.url;
  const api = createHubApi({ baseUrl: () => address, accessToken: () => token });
  const id = crypto.randomUUID();
  const localId = crypto.randomUUID();
  const { link, ups, until } = sessionLink(() => address, id);
  await link.register({ id, tag: id, metadata, agentState: null });
  link.open({});
  await until(() => ups() === 1);
  await api.messages.send(id, { text: "go on", localId });
  const watched = watchPrompt({ api, sessionId: id, localId });
  await link.sendStage({ localId, stage: "started", at: 1 });
  await first.close();
  await until(() => !link.connected);

  await using second = await startTestHub({ home: first.home, token });
  expect(second.url).not.toBe(first.url);
  address = second.url;
  expect(api.baseUrl).toBe(second.url);
  await until(() => ups() === 2);
  await link.sendMessage({ key: "k", content: encodeEvent({ type: "agent-message", id: "k", text: "here" }), createdAt: 1 });
  const over = { type: "turn-ended" as const, id: "e", outcome: "completed" as const, localIds: [localId] };
  await link.sendMessage({ key: "e", content: encodeEvent(over), createdAt: 2 });
  await link.sendStage({ localId, stage: "done", at: 2 });
  expect(await watched.end).toEqual({ outcome: "done", text: "here", failure: null });
  await link.close();
}, 80_000);

test("a runner whose machine the hub does not know any more registers it again and can be called", async () => {
  const first = await startTestHub({ token });
  const port = Number(new URL(first.url).port);
  const machine = await connectMachine({ hubUrl: first.url, token, machineId: "m1", metadata: about });
  const changed = sleepless();
  let ups = 0;
  machine.on("connected", () => {
    ups += 1;
    changed.tell();
  });
  machine.handle("spawn-happy-session", async () => ({ type: "error", errorMessage: "asked" }));
  await machine.updateRunnerState(() => ({ status: "running", pid: 7 }));
  const before = ups;
  await first.close();
  await using second = await startTestHub({ port, token });
  // Once to be refused, once to be heard.
  await changed.until(() => ups === before + 2);
  await machine.updateRunnerState((current) => ({ ...current, status: "still running" }));
  const api = apiOf(second);
  expect(await api.machines.list()).toMatchObject([{ id: "m1", active: true, runnerState: { status: "still running", pid: 7 } }]);
  expect(await machineCalls(api).spawn("m1", { directory: "/p", agent: "demo", launchId: "x" })).toMatchObject({
    type: "error",
    message: "asked",
  });
  await machine.close();
}, 80_000);

test("a row whose tag another session has is registered under a tag of its own, and found there again", async () => {
  await using hub = await startTestHub({ token });
  const other = crypto.randomUUID();
  const { link: theirs } = sessionLink(() => hub.url, other);
  await theirs.register({ id: other, tag: "folder", metadata, agentState: null });
  const id = crypto.randomUUID();
  const { link } = sessionLink(() => hub.url, id);
  const rows: Session[] = [];
  for (let time = 0; time < 2; time++) rows.push(await link.register({ id, tag: "folder", metadata, agentState: null }));
  expect(rows.map((row) => row.id)).toEqual([id, id]);
  expect(await apiOf(hub).sessions.list()).toHaveLength(2);
});

test("a deleted session is told apart from one the hub never knew", async () => {
  await using hub = await startTestHub({ token });
  const id = crypto.randomUUID();
  const { link } = sessionLink(() => hub.url, id);
  const registration = { id, tag: id, metadata, agentState: null };
  await link.register(registration);
  await apiOf(hub).sessions.remove(id);
  await expect(link.register(registration)).rejects.toMatchObject({ code: "session_not_found" });
  const unknown = crypto.randomUUID();
  expect(await link.register({ ...registration, id: unknown, tag: unknown })).toMatchObject({ id: unknown });
});
