/**
 * kill -9 at thirty seeded points of a streamed turn with a permission: hub, session process, runner, viewer, and several at once. What does not
 * start itself is started. The agent keeps its pid, the permission is answered once, the history is what the agent recorded, the client that
 * listened all the time shows what a fresh one reads, and nobody ever saw the session as ended.
 *
 * `HAPI_FAULT_SEED=n` replays one seed; `HAPI_FAULT_SEED=n HAPI_FAULT_ROUNDS=m` runs m seeds from there.
 */
import { afterAll, expect, test } from "bun:test";
import { decodeContent } from "@hapi/core";
import { checkHistory, type History } from "@hapi/testkit";
import { type Fault, faultOf, SEEDS_FOR_ALL, TARGETS } from "./schedule.ts";
import { watchHub } from "./watcher.ts";
import { createWorld, type World } from "./world.ts";

const GIVEN = process.env["HAPI_FAULT_SEED"];
const FIRST = Number(GIVEN ?? 20261120);
const ROUNDS = Number(process.env["HAPI_FAULT_ROUNDS"] ?? (GIVEN === undefined ? SEEDS_FOR_ALL : 1));
/** The host waits longer before each next start of a session process that dies young: a world does not live for too many rounds. */
const ROUNDS_PER_WORLD = 6;

interface Shared {
  world: World;
  rounds: number;
  agentPid: number;
  accepted: { localId: string; text: string }[];
  /** The text of each round's stream is said once in a world. */
  chunks: number;
}

let shared: Shared | null = null;
afterAll(() => shared?.world[Symbol.asyncDispose]());

async function leave(): Promise<void> {
  await shared?.world[Symbol.asyncDispose]();
  shared = null;
}

async function enter(): Promise<Shared> {
  if (shared && shared.rounds >= ROUNDS_PER_WORLD) await leave();
  if (!shared) {
    const world = await createWorld({ speed: 3 });
    shared = { world, rounds: 0, agentPid: await world.agentPid(), accepted: [], chunks: 20 };
  }
  shared.rounds += 1;
  return shared;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function strike(world: World, { target, delayMs, awayMs, again }: Fault): Promise<void> {
  const parts = TARGETS[target];
  for (let times = again ? 2 : 1; times > 0; times--) {
    await pause(delayMs);
    await Promise.all(parts.map((part) => world.kill(part)));
    await pause(awayMs);
    // In the order in which a person would: nothing waits for what comes after it.
    for (const part of parts) await world.start(part);
  }
}

/** Says yes until somebody has heard it: the answer may be taken by a hub or a session process that dies before it can say so. */
async function approve(world: World, requestId: string): Promise<void> {
  await world.until(() => world.api.permissions.approve(world.sessionId, requestId, { decision: "approved" }), "the answer is taken");
}

async function round(fault: Fault): Promise<void> {
  const { seed, moment } = fault;
  const here = await enter();
  const { world, accepted } = here;
  const { watcher, sessionId } = world;
  const count = here.chunks++;
  const file = `notes-${seed}.md`;
  const text = [
    `think: about ${seed}`,
    `slow ${count} 40`,
    `todo: +slow ${seed}, *write`,
    `write ${file}: of ${seed}`,
    `say: end of ${seed}`,
  ].join("\n");
  const before = new Set(watcher.requests);
  const from = watcher.events.length;

  const localId = await world.send(text);
  accepted.push({ localId, text });
  if (moment === "before the first chunk") await strike(world, fault);
  if (moment === "mid stream") {
    const word = `chunk ${1 + Math.floor(fault.depth * count)} `;
    await watcher.event((event) => event.type === "stream" && event.delta.includes(word), `"${word}"`, from);
    await strike(world, fault);
  }

  const asked = await watcher.until(
    (state) => Object.keys(state.sessions[sessionId]?.agentState?.requests ?? {}).some((id) => !before.has(id)),
    "the request",
  );
  const requestId = Object.keys(asked.sessions[sessionId]?.agentState?.requests ?? {}).find((id) => !before.has(id)) ?? "";
  if (moment === "with the permission open") await strike(world, fault);
  const struck = moment === "right after the approval" ? strike(world, fault) : Promise.resolve();
  await Promise.all([approve(world, requestId), struck]);
  if (moment === "at the end of the turn") {
    await watcher.event((event) => event.type === "stream" && event.delta.includes("end of"), "the last words", from);
    await strike(world, fault);
  }
  await watcher.until(
    (state) => state.windows[sessionId]?.rows.find((row) => row.localId === localId)?.stage === "done",
    "the turn is done",
  );
  await check(here, { seed, requestId, file, before });
}

interface Round {
  seed: number;
  requestId: string;
  file: string;
  before: ReadonlySet<string>;
}

async function check(here: Shared, { seed, requestId, file, before }: Round): Promise<void> {
  const { world } = here;
  const { watcher, sessionId, api } = world;
  const session = await world.until(async () => {
    const found = await api.sessions.get(sessionId);
    return found.agentState?.completedRequests?.[requestId] && !found.thinking ? found : null;
  }, "the request is closed and the agent rests");
  expect(session.agentState?.requests).toEqual({});
  expect(session.agentState?.completedRequests?.[requestId]).toMatchObject({ status: "approved", decision: "approved" });
  expect([...watcher.requests].filter((id) => !before.has(id))).toEqual([requestId]);
  expect((await api.permissions.approve(sessionId, requestId, { decision: "approved" })).status).toBe("closed");
  expect(world.written(file)).toBe(1);
  const history = await world.history(here.accepted);
  expect(checkHistory(history)).toEqual([]);
  expect(timelineOf(history, seed)).toEqual([
    "turn-started",
    `thought about ${seed}`,
    "agent-message",
    "plan",
    "tool-call",
    "tool-result completed",
    "agent-message",
    "turn-ended completed",
  ]);
  expect(await world.agentPid()).toBe(here.agentPid);
  expect(watcher.endings).toEqual([]);
  expect(world.isViewerAlive()).toBe(true);
  await sameAsFresh(world);
}

/** What the rows say between this turn's prompt and the next one, in words. */
function timelineOf({ rows }: History, seed: number): string[] {
  const at = rows.findIndex((row) => row.localId && JSON.stringify(row.content).includes(`end of ${seed}`));
  const events = rows.slice(at + 1).flatMap((row) => (row.localId ? [] : decodeContent(row.content, { id: row.id })));
  return events.flatMap((event) => {
    if (event.type === "thought") return [`thought ${event.text}`];
    if (event.type === "tool-result") return [`tool-result ${event.status}`];
    if (event.type === "turn-ended") return [`turn-ended ${event.outcome}`];
    return ["usage", "title-changed", "user-message"].includes(event.type) ? [] : [event.type];
  });
}

/** Signs of life are not news: they come with the next change. */
const SIGNS = { activeAt: 0, thinkingAt: 0 };

/** The client that lived through all of it shows what one shows that has just come. */
async function sameAsFresh({ api, sessionId, watcher, until }: World): Promise<void> {
  const shown = ({ state }: { state: typeof watcher.state }) => ({
    session: { ...state.sessions[sessionId], ...SIGNS },
    summary: { ...state.summaries[sessionId], ...SIGNS },
    rows: state.windows[sessionId]?.rows,
    queued: state.windows[sessionId]?.queued,
    streams: state.windows[sessionId]?.streams,
    machines: Object.values(state.machines).map(({ id, active, metadata }) => ({ id, active, metadata })),
  });
  let [old, fresh] = [shown(watcher), shown(watcher)];
  await until(async () => {
    const other = await watchHub(api, sessionId);
    [old, fresh] = [shown(watcher), shown(other)];
    await other.stop();
    return Bun.deepEquals(old, fresh);
  }, "the same picture").catch(() => undefined);
  expect(old).toEqual(fresh);
}

for (let at = 0; at < ROUNDS; at++) {
  const fault = faultOf(FIRST + at);
  test(`seed ${fault.seed}: ${fault.target}${fault.again ? " twice" : ""}, ${fault.moment}`, async () => {
    try {
      await round(fault);
    } catch (cause) {
      process.stderr.write(`\nHAPI_FAULT_SEED=${fault.seed} replays this\n`);
      await leave();
      throw cause;
    }
  }, 120_000);
}
