/**
 * A start on a home with 10,000 sessions and a million messages, against an empty one, in turn. The home is filled over the real wire, once
 * per run of the benchmark: each round starts on it again.
 */
import type { HubClient } from "../lib/hub-client.ts";
import type { HubProgram, HubUnderTest } from "../lib/hub.ts";
import { Http } from "../lib/http.ts";
import { messagePacket, prose } from "../lib/messages.ts";
import { median, summarize, toHundredths } from "../lib/stats.ts";
import { now, pause } from "../lib/timing.ts";
import { describeFaults, isFaulty, storedFaults } from "../lib/track.ts";
import { type Metrics, newNamespace, type Phase, type PhaseContext, putLatency } from "./phase.ts";

const tag = "r";
const messagesPerSession = 100;
const sessionsAtOnce = 8;
const settleMs = 1_000;

interface Filled {
  home: string;
  namespace: string;
  sessions: readonly string[];
  loadSeconds: number;
}

/** Filled once for all rounds. */
const filled = new WeakMap<HubProgram, Filled>();

export const restart: Phase = {
  name: "restart",
  summary: "start with 10,000 sessions and 1,000,000 messages against an empty start (our hub only)",
  limitMs: ({ quick }) => (quick ? 180_000 : 1_800_000),
  async run(hub, context) {
    // At the peer's rate the filling alone would take longer than everything else together.
    if (!hub.program.hasKeyedAcks) return {};
    const full = filled.get(hub.program) ?? (await fill(hub, context));
    filled.set(hub.program, full);
    const empty: number[] = [];
    const loaded: number[] = [];
    const memory: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      await hub.start();
      empty.push(hub.startMs);
      await hub.stop();
      await hub.start({ home: full.home });
      loaded.push(hub.startMs);
      await pause(settleMs);
      memory.push(hub.memoryMb());
      if (turn < 2) await hub.stop();
    }
    const metrics: Metrics = {
      "restart.empty.ms": toHundredths(median(empty)),
      "restart.full.ms": toHundredths(median(loaded)),
      "restart.full.rssMB": toHundredths(median(memory)),
      "restart.full.dbMB": toHundredths(hub.databaseBytes() / 2 ** 20),
      "restart.load.perSec": toHundredths((full.sessions.length * messagesPerSession) / full.loadSeconds),
    };
    metrics["restart.fullOverEmpty"] = toHundredths(metrics["restart.full.ms"]! / metrics["restart.empty.ms"]!);
    await measureAfterStart(hub, context, metrics, full);
    await hub.stop();
    return metrics;
  },
};

async function fill(hub: HubUnderTest, context: PhaseContext): Promise<Filled> {
  const count = context.quick ? 200 : 10_000;
  await hub.start();
  const namespace = newNamespace();
  const client = await hub.client(namespace);
  const sessions: string[] = Array.from({ length: count });
  let next = 0;
  const start = now();
  const work = async (): Promise<void> => {
    const http = new Http(hub.url);
    for (let number = next++; number < count; number = next++) sessions[number] = await fillSession(client, number, http);
    http.close();
  };
  await Promise.all(Array.from({ length: sessionsAtOnce }, work));
  const loadSeconds = (now() - start) / 1000;
  await hub.stop();
  hub.keepHome(hub.home);
  return { home: hub.home, namespace, sessions, loadSeconds };
}

async function fillSession(client: HubClient, number: number, http: Http): Promise<string> {
  const sessionId = await client.createSession(`${tag}-${number}`, number, http);
  const socket = await client.socket(sessionId);
  for (let index = 0; index < messagesPerSession; index++)
    socket.raw(messagePacket(sessionId, { tag, session: number, index }, prose(250, (index % 64) + 100)));
  await socket.barrier();
  socket.close();
  return sessionId;
}

/** The full hub answers as fast as any other, and has everything. */
async function measureAfterStart(
  hub: HubUnderTest,
  context: PhaseContext,
  metrics: Metrics,
  { namespace, sessions }: Filled,
): Promise<void> {
  const client = await hub.client(namespace);
  const listMs: number[] = [];
  const pageMs: number[] = [];
  for (let round = 0; round < 40; round++) {
    listMs.push((await client.api("GET", "/api/sessions?cursor=&limit=25")).ms);
    pageMs.push((await client.api("GET", `/api/sessions/${sessions[(round * 37) % sessions.length]}/messages?limit=50`)).ms);
  }
  putLatency(metrics, "restart.full.list.ms", summarize(listMs));
  putLatency(metrics, "restart.full.page.ms", summarize(pageMs));
  const all = await client.api("GET", "/api/sessions");
  if (all.json.sessions.length !== sessions.length)
    context.violation(`restart: ${all.json.sessions.length} of ${sessions.length} sessions after the start`);
  for (let sample = 0; sample < 20; sample++) {
    const number = Math.floor(context.random() * sessions.length);
    const faults = storedFaults(await client.history(sessions[number]!), tag, number, messagesPerSession);
    if (isFaulty(faults)) context.violation(`restart: session ${number} stored ${describeFaults(faults)}`);
  }
}
