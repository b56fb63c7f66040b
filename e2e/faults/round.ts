/**
 * One schedule: a turn with a stream, a plan, a permission and another prompt in the queue, struck at its moment. Whatever was killed and
 * however the networks were, the history must be what the agent recorded, the permission applied once, and the client that listened all the
 * time must show what a fresh one reads. Where the agent or its host was killed the turn is shown interrupted, and the next prompt goes on
 * with the whole conversation.
 */
import { expect } from "bun:test";
import { decodeContent, isFinalStage } from "@hapi/core";
import { delay } from "@hapi/platform";
import { checkHistory, type History, type Violation } from "@hapi/testkit";
import { strikeNetwork, weathers } from "./bad-network.ts";
import { type Fault, LETHAL, NETS, TARGETS } from "./schedule.ts";
import { watchHub } from "./watcher.ts";
import { createWorld, type World } from "./world.ts";

export interface Shared {
  world: World;
  rounds: number;
  agentPid: number;
  accepted: { localId: string; text: string }[];
  /** Endings of the session that were seen in earlier rounds. */
  endings: number;
  /** What agents said in turns that ended with their host. */
  lostWithHost: Set<string>;
  /** Who gave prompts; more than one are in no order among each other. */
  senders: number;
}

export async function openShared(seed: number): Promise<Shared> {
  const world = await createWorld({ speed: 3, seed });
  return { world, rounds: 0, agentPid: await world.agentPid(), accepted: [], endings: 0, lostWithHost: new Set(), senders: 1 };
}

async function strike(world: World, { target, delayMs, awayMs, again, blow, nets }: Fault): Promise<void> {
  const parts = TARGETS[target];
  for (let times = again ? 2 : 1; times > 0; times--) {
    await delay(delayMs);
    const blown = Promise.all(nets.map((net) => (blow ? strikeNetwork(world.nets[net], blow, awayMs) : null)));
    await Promise.all(parts.map((part) => world.kill(part)));
    await delay(awayMs);
    await blown;
    // In the order in which a person would: nothing waits for what comes after it.
    for (const part of parts) await world.start(part);
  }
}

/** Says yes until somebody has heard it: the answer may be taken by a hub or a session process that dies before it can say so. */
async function approve(world: World, requestId: string): Promise<void> {
  await world.until(() => world.person.permissions.approve(world.sessionId, requestId, { decision: "approved" }), "the answer is taken");
}

export async function playRound(here: Shared, fault: Fault): Promise<void> {
  const { seed } = fault;
  const { world, accepted } = here;
  const { watcher, nets } = world;
  here.rounds += 1;
  const file = `notes-${seed}.md`;
  const main = [
    `think: about ${seed}`,
    `say: ${words(seed)}`,
    `todo: +slow ${seed}, *write`,
    `write ${file}: of ${seed}`,
    `say: end of ${seed}`,
  ].join("\n");
  const turn: Turn = {
    here,
    fault,
    file,
    before: new Set(watcher.requests),
    from: watcher.events.length,
    text: main,
    main: "",
    next: "",
  };
  for (const [at, net] of NETS.entries()) {
    // Whatever this world has been through: the round's chance is its own seed's.
    nets[net].reseed(seed + at);
    nets[net].weather(fault.nets.includes(net) ? weathers[fault.weather] : {});
  }
  const send = async (text: string): Promise<string> => {
    const localId = await world.send(text);
    accepted.push({ localId, text });
    return localId;
  };
  turn.main = await send(main);
  const [, queued] = await Promise.all([playTurn(turn), fault.byCommand ? sendByCommand(turn) : send(nextText(fault))]);
  turn.next = queued;
  if (LETHAL.has(fault.target)) await goOn(turn, send);
  for (const localId of [turn.main, turn.next]) await settled(world, localId);
  for (const net of NETS) nets[net].weather({});
  await check(turn);
}

const WORDS = 90;
/** A long answer; any part of it is said once in a world, whole or cut short. */
const words = (seed: number): string => Array.from({ length: WORDS }, (_, index) => `${seed}-${index}`).join(" ");

/** What waits in the queue behind the turn. */
const nextText = ({ seed }: Fault): string => `say: after ${seed}`;

/** Behind the prompt of the other sender, as soon as the hub has that: order is promised to each sender, not between two. */
async function sendByCommand({ here, fault, main }: Turn): Promise<string> {
  const { world, accepted } = here;
  await world.watcher.until(() => stageOf(world, main) !== undefined, "the hub has the prompt before");
  const text = nextText(fault);
  here.senders = 2;
  const localId = await world.sendByCommand(text);
  accepted.push({ localId, text });
  return localId;
}

interface Turn {
  here: Shared;
  fault: Fault;
  file: string;
  /** Requests of earlier rounds. */
  before: ReadonlySet<string>;
  from: number;
  /** What is asked, and the two prompts by id. */
  text: string;
  main: string;
  next: string;
}

const openRequest = ({ here: { world }, before }: Turn): string | undefined =>
  Object.keys(world.watcher.state.sessions[world.sessionId]?.agentState?.requests ?? {}).find((id) => !before.has(id));

const stageOf = ({ watcher, sessionId }: World, localId: string) =>
  watcher.state.windows[sessionId]?.rows.find((row) => row.localId === localId)?.stage;

const turnIsOver = ({ here: { world }, main }: Turn): boolean => isFinalStage(stageOf(world, main) ?? "accepted");

async function settled(world: World, localId: string): Promise<void> {
  await world.watcher.until(() => isFinalStage(stageOf(world, localId) ?? "accepted"), "the turn has ended");
}

/** Walks through the turn up to the moment, strikes, and walks on as far as there still is a turn. */
async function playTurn(turn: Turn): Promise<void> {
  const { here, fault, from } = turn;
  const { world } = here;
  const { watcher } = world;
  const { moment } = fault;
  if (moment === "before the first chunk") await strike(world, fault);
  if (moment === "mid stream") {
    const number = Math.floor(fault.depth * WORDS);
    // Live text is not repeated to a line that was down: a later piece, or the question after it, will do.
    const isThere = (delta: string): boolean => [...delta.matchAll(/\d+-(\d+)/g)].some(([, said]) => Number(said) >= number);
    await watcher.until(
      () => openRequest(turn) !== undefined || watcher.events.slice(from).some((event) => event.type === "stream" && isThere(event.delta)),
      `word ${number}`,
    );
    await strike(world, fault);
  }
  await watcher.until(() => openRequest(turn) !== undefined || turnIsOver(turn), "the request");
  const requestId = openRequest(turn);
  if (requestId === undefined || turnIsOver(turn)) return;
  if (moment === "with the permission open") await strike(world, fault);
  const struck = moment === "right after the approval" ? strike(world, fault) : Promise.resolve();
  await Promise.all([approve(world, requestId), struck]);
  if (moment === "at the end of the turn") {
    const isEnd = (delta: string): boolean => delta.includes("end of");
    await watcher.until(
      () => turnIsOver(turn) || watcher.events.slice(from).some((event) => event.type === "stream" && isEnd(event.delta)),
      "the last words",
    );
    await strike(world, fault);
  }
}

/** The turn is gone with its agent, and shown so; the conversation is not. */
async function goOn(turn: Turn, send: (text: string) => Promise<string>): Promise<void> {
  const { here, fault } = turn;
  const { world } = here;
  const { session } = world;
  await settled(world, turn.main);
  const recall = await send(`recall ${fault.seed}`);
  await settled(world, recall);
  const stage = stageOf(world, turn.main);
  expect(["done", "interrupted"]).toContain(stage ?? "accepted");
  if (stage === "done") expect(session.ended(turn.text)).toBe(true);
  expect(stageOf(world, recall)).toBe("done");
  const { agent, rows } = await session.history(here.accepted);
  const texts = rows
    .flatMap((row) => decodeContent(row.content, { id: row.id }))
    .flatMap((event) => (event.type === "agent-message" ? event.text : []));
  // What another sender's prompt did after it is no part of what it knew.
  const known = agent.ran.slice(0, agent.ran.indexOf(`recall ${fault.seed}`) + 1);
  const list = known.map((text, index) => `${index + 1}. ${text.slice(0, 200)}`).join("\n");
  expect(texts.findLast((text) => text.startsWith("You have said"))).toBe(`You have said ${known.length} things:\n\n${list}`);
  const given = here.accepted.map(({ text }) => text);
  if (here.senders === 1) expect(agent.ran).toEqual(given);
  else {
    // What the other sender has sent may stand behind it, once its host was killed with it.
    await settled(world, turn.next);
    const all = await session.history(here.accepted);
    expect(all.agent.ran.toSorted()).toEqual(given.toSorted());
  }
  if (fault.target === "host") await world.start("viewer");
  here.agentPid = await world.agentPid();
}

async function check(turn: Turn): Promise<void> {
  const { here, fault, file, before } = turn;
  const { world } = here;
  const { watcher, sessionId, api } = world;
  const session = await world.until(async () => {
    const found = await api.sessions.get(sessionId);
    return Object.keys(found.agentState?.requests ?? {}).length === 0 && !found.thinking ? found : null;
  }, "no request is open and the agent rests");
  const history: History = { ...(await world.history(here.accepted)), stages: watcher.stages };
  expect(notLost(checkHistory(history), turn)).toEqual([]);
  expect(world.written(file)).toBeLessThanOrEqual(1);
  expect([...world.client.refused]).toEqual([]);
  expect(await world.agentPid()).toBe(here.agentPid);
  expect(world.isViewerAlive()).toBe(true);
  if (!LETHAL.has(fault.target)) {
    const [requestId = "", ...others] = [...watcher.requests].filter((id) => !before.has(id));
    expect(others).toEqual([]);
    expect(session.agentState?.completedRequests?.[requestId]).toMatchObject({ status: "approved", decision: "approved" });
    expect((await api.permissions.approve(sessionId, requestId, { decision: "approved" })).status).toBe("closed");
    expect(world.written(file)).toBe(1);
    expect(timelineOf(history, fault.seed)).toEqual([
      "turn-started",
      `thought about ${fault.seed}`,
      "agent-message",
      "plan",
      "tool-call",
      "tool-result completed",
      "agent-message",
      "turn-ended completed",
      "turn-started",
      "agent-message",
      "turn-ended completed",
    ]);
    expect(watcher.endings.slice(here.endings)).toEqual([]);
  }
  await sameAsFresh(world);
  here.endings = watcher.endings.length;
}

/**
 * What the agent wrote down while or after its host died was in nobody's hands but its own: it is in its conversation, and can't come into the
 * history. Everything that was said before that turn must be there.
 */
function notLost(violations: Violation[], { here, fault, text }: Turn): Violation[] {
  // The next prompt may have been under way already.
  const cut = fault.target === "host" ? [text, nextText(fault)] : [];
  for (const said of cut.flatMap((one) => here.world.session.saidIn(one))) here.lostWithHost.add(said);
  return violations.filter(({ kind, what }) => kind !== "output-lost" || !here.lostWithHost.has(what));
}

/** What the rows say between this turn's prompt and the next round's, in words. */
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

/** Rows that a client reads at first. */
const PAGE = 100;
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
    // One that has just come holds the newest page; what it holds must be the end of what the other has.
    old.rows = old.rows?.slice(-PAGE);
    return Bun.deepEquals(old, fresh);
  }, "the same picture").catch(() => undefined);
  expect(old).toEqual(fresh);
}
