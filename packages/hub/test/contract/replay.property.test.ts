/** Applying what was pushed, live and replayed after a break at any point, gives what reading afresh gives. The reducer is core's. */
import { expect, test } from "bun:test";
import { applyPage, applySyncEvent, emptySyncState, openWindow, withList, withMachines, withSession, type SyncState } from "@hapi/core";
import type { Machine, MessagesResponse, Session, SessionSummary, SyncEvent } from "@hapi/protocol";
import { createManualClock, type HubClient, type SseConnection } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { agentText, machine, withHub } from "./setup.ts";

const clock = createManualClock(Date.now());
const rig = withHub({ clock });
const caps = "caps=stages,caught-up,outcomes";

/** Small and repeatable: the seed is in the test's name. */
function random(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface World {
  client: HubClient;
  open: { id: string; socket: Socket }[];
  asked: { id: string; localId: string }[];
  /** Not due yet. */
  planned: { id: string; localId: string }[];
  /** Nobody runs them: they can be deleted. */
  ended: string[];
  machine: { id: string; socket: Socket };
  /** Hears all that is pushed, from the beginning to the end; nothing is compared with it. */
  witness: SseConnection;
  count: number;
}

const SOON_MS = 100;
const inAnHour = (): number => clock.now() + 3_600_000;

const listOf = async ({ client }: World) => ((await client.api("GET", "/sessions")).body as { sessions: SessionSummary[] }).sessions;
const machinesOf = async ({ client }: World) => ((await client.api("GET", "/machines?all=1")).body as { machines: Machine[] }).machines;
const sessionOf = async ({ client }: World, id: string) => (await client.api("GET", `/sessions/${id}`)).body["session"] as Session;
const pageOf = async ({ client }: World, id: string) =>
  (await client.api("GET", `/sessions/${id}/messages?limit=200`)).body as unknown as MessagesResponse;

async function readAfresh(world: World, windows: readonly string[]): Promise<SyncState> {
  const sessions = await listOf(world);
  let state = withMachines(withList(emptySyncState, sessions), await machinesOf(world));
  for (const { id } of sessions) {
    state = withSession(state, await sessionOf(world, id));
    if (windows.includes(id)) state = applyPage(openWindow(state, id), id, await pageOf(world, id));
  }
  return state;
}

/** What a client does next: it reads again what the events could not tell it, and only that. */
async function readWanted(world: World, heard: SyncState): Promise<SyncState> {
  let state = heard;
  if (heard.refetch.list) state = withList(state, await listOf(world));
  if (heard.refetch.machines) state = withMachines(state, await machinesOf(world));
  for (const id of Object.keys(heard.refetch.sessions)) state = withSession(state, await sessionOf(world, id));
  for (const [id, window] of Object.entries(heard.windows)) if (window.stale) state = applyPage(state, id, await pageOf(world, id));
  return state;
}

async function act(world: World, roll: (below: number) => number): Promise<void> {
  const { client, open, asked } = world;
  const target = open[roll(open.length)];
  const n = world.count++;
  if (!target) return;
  const { id, socket } = target;
  switch (roll(16)) {
    case 0:
    case 1:
      await socket.emitWithAck("message", { sid: id, key: `k${n}`, message: agentText(`text ${n}`) });
      break;
    case 2:
    case 3:
      await client.api("POST", `/sessions/${id}/messages`, { text: `prompt ${n}`, localId: `l${n}` });
      asked.push({ id, localId: `l${n}` });
      break;
    case 4: {
      const prompt = asked[roll(asked.length || 1)];
      const stage = ["handed", "in-transcript", "done", "failed", "unknown"][roll(5)];
      if (prompt) await socket.emitWithAck("message-stage", { sid: prompt.id, localId: prompt.localId, stage, at: n });
      break;
    }
    case 5: {
      const prompt = asked[roll(asked.length || 1)];
      if (prompt) await client.api("DELETE", `/sessions/${prompt.id}/messages/${prompt.localId}`);
      break;
    }
    case 6:
      await client.api("PATCH", `/sessions/${id}`, { name: `name ${n}` });
      break;
    case 7:
      socket.emit("session-alive", { sid: id, time: clock.now(), thinking: n % 2 === 0, permissionMode: n % 3 === 0 ? "plan" : "default" });
      await socket.emitWithAck("ping");
      break;
    case 8:
      await client.api("PATCH", `/machines/${world.machine.id}`, { displayName: `machine ${n}` });
      break;
    case 9: {
      const state = { status: "running", pid: n };
      const known = (await machinesOf(world)).find((one) => one.id === world.machine.id);
      const expectedVersion = known?.runnerStateVersion;
      await world.machine.socket.emitWithAck("machine-update-state", { machineId: world.machine.id, expectedVersion, runnerState: state });
      break;
    }
    case 10: {
      const prompt = { text: `later ${n}`, localId: `l${n}`, scheduledAt: inAnHour() };
      await client.api("POST", `/sessions/${id}/messages`, prompt);
      asked.push({ id, localId: `l${n}` });
      break;
    }
    case 11: {
      // Nobody can say what became of it, and it is sent again.
      const { queued } = applyPage(openWindow(emptySyncState, id), id, await pageOf(world, id)).windows[id] ?? { queued: [] };
      const localId = queued[roll(queued.length || 1)]?.localId;
      if (!localId) break;
      await socket.emitWithAck("message-stage", { sid: id, localId, stage: "unknown", at: n });
      if (n % 2 === 0) await client.api("POST", `/sessions/${id}/messages/${localId}/retry`);
      break;
    }
    case 12: {
      const gone = world.ended.pop();
      if (gone !== undefined) await client.api("DELETE", `/sessions/${gone}`);
      break;
    }
    case 13:
      await plansOrFallsDue(world, id, n);
      break;
    default: {
      const { agentStateVersion } = (await client.api("GET", `/sessions/${id}`)).body["session"] as Session;
      const requests = { [`r${n}`]: { tool: "Bash", arguments: { n }, createdAt: n } };
      await socket.emitWithAck("update-state", { sid: id, expectedVersion: agentStateVersion, agentState: { requests } });
    }
  }
}

/** A prompt is planned, and the next time its time comes: what its planning made everybody read again is read by then. */
async function plansOrFallsDue(world: World, id: string, n: number): Promise<void> {
  const { client, witness, planned } = world;
  const next = planned.pop();
  if (!next) {
    const localId = `l${n}`;
    await client.api("POST", `/sessions/${id}/messages`, { text: `soon ${n}`, localId, scheduledAt: clock.now() + SOON_MS });
    planned.push({ id, localId });
    return;
  }
  const row = (await pageOf(world, next.id)).messages.find(({ localId }) => localId === next.localId);
  const before = witness.of("scheduled-matured").length;
  await clock.advance(SOON_MS);
  if (row?.invokedAt === null) await witness.find(() => witness.of("scheduled-matured").length > before);
}

async function openSession(world: World): Promise<void> {
  const session = await world.client.session();
  // Prompts in this process are taken back when asked.
  session.socket.on("update", (update: { body: { t: string } }, ack?: (answer: unknown) => void) => {
    if (update.body.t === "cancel-queued-message") ack?.({ removed: true });
    if (update.body.t === "retry-queued-message") ack?.({ accepted: true });
  });
  world.open.push(session);
}

async function openEnded(world: World): Promise<void> {
  const { id, socket } = await world.client.session();
  await socket.emitWithAck("message", { sid: id, key: "k", message: agentText("over") });
  socket.emit("session-end", { sid: id, time: clock.now() });
  await socket.emitWithAck("ping");
  socket.close();
  world.ended.push(id);
}

/** Times of life signs are not pushed one by one; everything else must be equal. */
function comparable(state: SyncState): unknown {
  const strip = <T extends object>(entry: T): T => ({ ...entry, activeAt: 0, thinkingAt: 0 });
  const map = <T extends object>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).map(([id, value]) => [id, strip(value)]));
  const windows = Object.fromEntries(Object.entries(state.windows).map(([id, { rows, queued, stale }]) => [id, { rows, queued, stale }]));
  const machines = Object.fromEntries(Object.entries(state.machines).map(([id, one]) => [id, { ...one, activeAt: 0 }]));
  return { sessions: map(state.sessions), summaries: map(state.summaries), machines, windows };
}

async function settled(world: World, sse: SseConnection, mark: string): Promise<void> {
  const marker = world.open[0];
  if (!marker) return;
  await world.client.api("PATCH", `/sessions/${marker.id}`, { name: mark });
  await sse.find(({ event }) => event.type === "session-updated" && JSON.stringify(event).includes(mark));
}

const applied = (state: SyncState, { frames }: SseConnection): SyncState =>
  frames.slice(1).reduce((before, { event }) => applySyncEvent(before, event as unknown as SyncEvent), state);

const heard = { live: new Set<string>(), replayed: new Set<string>() };
const windows = { told: 0, readAgain: 0 };

for (let seed = 1; seed <= 12; seed++) {
  test(`seed ${seed}`, async () => {
    const roll = random(seed);
    const client = await rig.client();
    const { socket: runner } = await machine(client, `machine-${seed}`);
    await using witness = await client.sse();
    const of = { id: `machine-${seed}`, socket: runner };
    const world: World = { client, open: [], asked: [], planned: [], ended: [], machine: of, witness, count: 0 };
    for (let n = 0; n < 2; n++) await openSession(world);
    for (let n = 0; n < 3; n++) await openEnded(world);
    const ids = [...world.open.map(({ id }) => id), ...world.ended];
    const first = await world.client.sse(caps);
    await settled(world, first, "begin");
    let state = await readAfresh(world, ids);
    const [seen, missed] = [15 + roll(10), 10 + roll(20)];
    for (let n = 0; n < seen; n++) await act(world, roll);
    await settled(world, first, "away");
    await first.close();
    // What the first events left open is read now, so that it does not hide what the later ones leave open.
    state = await readWanted(world, applied(state, first));
    for (let n = 0; n < missed; n++) await act(world, roll);
    await using second = await world.client.sse(`${caps}&lastEventId=${first.lastId}`);
    expect(second.frames[0]?.event["data"]).toMatchObject({ resume: "ok" });
    for (let n = 0; n < 10; n++) await act(world, roll);
    await settled(world, second, "end");
    state = applied(state, second);
    for (const { stale } of Object.values(state.windows)) windows[stale ? "readAgain" : "told"] += 1;
    const liveFrom = second.frames.findIndex(({ event }) => event.type === "caught-up");
    for (const { event } of second.frames.slice(0, liveFrom)) heard.replayed.add(event.type);
    for (const { event } of [...first.frames, ...second.frames.slice(liveFrom)]) heard.live.add(event.type);
    state = await readWanted(world, state);
    expect(comparable(state)).toEqual(comparable(await readAfresh(world, ids)));
    for (const { socket } of [...world.open, world.machine]) socket.close();
  });
}

test("a prompt falls due and nothing else happens, heard live and replayed: what is left to wait for is right", async () => {
  const client = await rig.client();
  await using witness = await client.sse();
  const { socket: runner } = await machine(client, "machine-due");
  const of = { id: "machine-due", socket: runner };
  const world: World = { client, open: [], asked: [], planned: [], ended: [], machine: of, witness, count: 0 };
  await openSession(world);
  const [session] = world.open;
  if (!session) throw new Error("no session");
  const fallsDue = async (times: number): Promise<void> => {
    await clock.advance(SOON_MS);
    await witness.find(() => witness.of("scheduled-matured").length === times);
  };
  for (const at of [1, 2]) {
    const prompt = { text: `soon ${at}`, localId: `due-${at}`, scheduledAt: clock.now() + at * SOON_MS };
    await client.api("POST", `/sessions/${session.id}/messages`, prompt);
  }
  let state = await readAfresh(world, [session.id]);
  expect(state.summaries[session.id]?.futureScheduledMessageCount).toBe(2);
  const first = await client.sse(caps);
  await fallsDue(1);
  await first.find(({ event }) => event.type === "scheduled-matured");
  await first.close();
  state = await readWanted(world, applied(state, first));
  expect(comparable(state)).toEqual(comparable(await readAfresh(world, [session.id])));
  expect(state.summaries[session.id]?.futureScheduledMessageCount).toBe(1);
  await fallsDue(2);
  await using second = await client.sse(`${caps}&lastEventId=${first.lastId}`);
  await second.find(({ event }) => event.type === "caught-up");
  state = await readWanted(world, applied(state, second));
  expect(comparable(state)).toEqual(comparable(await readAfresh(world, [session.id])));
  expect(state.summaries[session.id]?.futureScheduledMessageCount).toBe(0);
  for (const { socket } of [session, of]) socket.close();
});

test("the seeds together said everything, live and replayed", () => {
  const all = [
    "session-updated",
    "session-removed",
    "machine-updated",
    "message-received",
    "message-stage",
    "message-cancelled",
    "messages-consumed",
    "messages-indeterminate",
    "messages-requeued",
    "scheduled-matured",
  ];
  expect([...heard.live]).toEqual(expect.arrayContaining(all));
  expect([...heard.replayed]).toEqual(expect.arrayContaining(all));
  // Most windows are right without having been read again.
  expect(windows.told).toBeGreaterThan(windows.readAgain);
});
