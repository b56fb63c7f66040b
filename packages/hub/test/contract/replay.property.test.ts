/** Applying what was pushed, live and replayed after a break at any point, gives what reading afresh gives. The reducer is core's. */
import { expect, test } from "bun:test";
import { applyPage, applySyncEvent, emptySyncState, openWindow, withList, withSession, type SyncState } from "@hapi/core";
import type { MessagesResponse, Session, SessionSummary, SyncEvent } from "@hapi/protocol";
import type { HubClient, SseConnection } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { agentText, withHub } from "./setup.ts";

const rig = withHub();
const caps = "caps=stages,caught-up";

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
  count: number;
}

async function readAfresh(world: World, windows: readonly string[]): Promise<SyncState> {
  const { sessions } = (await world.client.api("GET", "/sessions")).body as { sessions: SessionSummary[] };
  let state = withList(emptySyncState, sessions);
  for (const { id } of sessions) {
    state = withSession(state, (await world.client.api("GET", `/sessions/${id}`)).body["session"] as Session);
    if (!windows.includes(id)) continue;
    state = openWindow(state, id);
    state = applyPage(state, id, (await world.client.api("GET", `/sessions/${id}/messages?limit=200`)).body as unknown as MessagesResponse);
  }
  return state;
}

async function act(world: World, roll: (below: number) => number): Promise<void> {
  const { client, open, asked } = world;
  const target = open[roll(open.length)];
  const n = world.count++;
  if (!target) return;
  const { id, socket } = target;
  switch (roll(9)) {
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
      socket.emit("session-alive", { sid: id, time: Date.now(), thinking: n % 2 === 0, permissionMode: n % 3 === 0 ? "plan" : "default" });
      await socket.emitWithAck("ping");
      break;
    default: {
      const { agentStateVersion } = (await client.api("GET", `/sessions/${id}`)).body["session"] as Session;
      const requests = { [`r${n}`]: { tool: "Bash", arguments: { n }, createdAt: n } };
      await socket.emitWithAck("update-state", { sid: id, expectedVersion: agentStateVersion, agentState: { requests } });
    }
  }
}

async function openSession(world: World): Promise<void> {
  const session = await world.client.session();
  // Prompts in this process are taken back when asked.
  session.socket.on("update", (update: { body: { t: string } }, ack?: (answer: unknown) => void) => {
    if (update.body.t === "cancel-queued-message") ack?.({ removed: true });
  });
  world.open.push(session);
}

/** Times of life signs are not pushed one by one; everything else must be equal. */
function comparable(state: SyncState): unknown {
  const strip = <T extends object>(entry: T): T => ({ ...entry, activeAt: 0, thinkingAt: 0 });
  const map = <T extends object>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).map(([id, value]) => [id, strip(value)]));
  const windows = Object.fromEntries(
    Object.entries(state.windows).map(([id, window]) => [
      id,
      window.stale ? "to be read again" : { rows: window.rows, queued: window.queued },
    ]),
  );
  return { sessions: map(state.sessions), summaries: map(state.summaries), windows };
}

async function settled(world: World, sse: SseConnection, mark: string): Promise<void> {
  const marker = world.open[0];
  if (!marker) return;
  await world.client.api("PATCH", `/sessions/${marker.id}`, { name: mark });
  await sse.find(({ event }) => event.type === "session-updated" && JSON.stringify(event).includes(mark));
}

for (let seed = 1; seed <= 12; seed++) {
  test(`seed ${seed}`, async () => {
    const roll = random(seed);
    const world: World = { client: await rig.client(), open: [], asked: [], count: 0 };
    await openSession(world);
    await openSession(world);
    const ids = world.open.map(({ id }) => id);
    const first = await world.client.sse(caps);
    await settled(world, first, "begin");
    let state = await readAfresh(world, ids);
    for (let n = 0; n < 15 + roll(10); n++) await act(world, roll);
    await first.close();
    for (let n = 0; n < roll(25); n++) await act(world, roll);
    await using second = await world.client.sse(`${caps}&lastEventId=${first.lastId}`);
    expect(second.frames[0]?.event["data"]).toMatchObject({ resume: "ok" });
    for (let n = 0; n < 10; n++) await act(world, roll);
    await settled(world, second, "end");
    for (const { event } of [...first.frames.slice(1), ...second.frames.slice(1)])
      state = applySyncEvent(state, event as unknown as SyncEvent);
    const fresh = await readAfresh(world, ids);
    const expected = comparable(fresh) as { windows: Record<string, unknown> };
    const actual = comparable(state) as { windows: Record<string, unknown> };
    const stale = ids.filter((id) => actual.windows[id] === "to be read again");
    for (const id of stale) {
      delete expected.windows[id];
      delete actual.windows[id];
    }
    expect(actual).toEqual(expected);
    for (const { socket } of world.open) socket.close();
  });
}
