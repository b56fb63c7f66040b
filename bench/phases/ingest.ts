/** Agent output into the hub and out to one reader: at a low rate for latency, in a closed loop for throughput, and without a reader. */
import type { HubClient } from "../lib/hub-client.ts";
import type { HubUnderTest } from "../lib/hub.ts";
import { type BodySize, bodyOf, keyedMessage, markIn, messagePacket } from "../lib/messages.ts";
import { type Spent, startMeter } from "../lib/meter.ts";
import { summarize, toHundredths } from "../lib/stats.ts";
import { atRate, now, pause, waitFor } from "../lib/timing.ts";
import { describeFaults, isFaulty, storedFaults, Track } from "../lib/track.ts";
import { type Metrics, newNamespace, type Phase, type PhaseContext, putLatency } from "./phase.ts";

const lowRate = 50;
/** Half a second of warming up, and then enough samples for a p99. */
const lowRateWarmup = 25;
const lowRateSamples = 1_050;
const warmupMs = 700;
const drainMs = 10_000;
/** Messages between two barriers when nobody reads. */
const batch = 200;

interface Load {
  sessions: number;
  size: BodySize;
  /** Messages sent and not yet seen by the reader, at most. */
  window: number;
}

const loads: readonly Load[] = [
  { sessions: 1, size: 1, window: 64 },
  { sessions: 20, size: 1, window: 64 },
  { sessions: 1, size: 20, window: 32 },
  { sessions: 20, size: 20, window: 32 },
];

export const ingest: Phase = {
  name: "ingest",
  summary: "agent output → reader: latency at 50/s, throughput in a closed loop",
  limitMs: () => 240_000,
  async run(hub, context) {
    const metrics: Metrics = {};
    const ms = context.quick ? 2_000 : 5_000;
    await hub.start();
    await measureLowRate(hub, context, metrics, "plain");
    if (hub.program.hasKeyedAcks) await measureLowRate(hub, context, metrics, "keyed");
    for (const load of loads) await measureThroughput(hub, context, metrics, { ...load, ms });
    await measureWithoutReader(hub, context, metrics, ms);
    metrics["ingest.rssMB"] = toHundredths(hub.memoryMb());
    await hub.stop();
    return metrics;
  },
};

/** Sends counted messages of several sessions in turn, and watches them come out of one reader. */
async function openPipe(client: HubClient, sessions: readonly string[], { tag, size }: { tag: string; size: BodySize }) {
  const sockets = await Promise.all(sessions.map((id) => client.socket(id)));
  const track = new Track(sessions.length);
  const sent = sessions.map(() => 0);
  const sentAt = sessions.map((): number[] => []);
  const latencies: number[] = [];
  let next = 0;
  let onSeen: () => void = () => undefined;
  let underway = 0;

  const reader = client.sse({
    onEvent: (data) => {
      const mark = markIn(data, tag);
      if (!mark) return;
      const latency = now() - sentAt[mark.session]![mark.index]!;
      if (!track.add(mark.session, mark.index)) return;
      latencies.push(latency);
      underway--;
      onSeen();
    },
  });
  await reader.ready;

  /** The next message of the next session, noted as sent now. */
  function take() {
    const session = next;
    next = (next + 1) % sessions.length;
    const index = sent[session]!++;
    sentAt[session]![index] = now();
    underway++;
    return { id: sessions[session]!, socket: sockets[session]!, mark: { tag, session, index }, body: bodyOf(size) };
  }

  return {
    track,
    sent,
    latencies,
    get underway() {
      return underway;
    },
    onSeen(listener: () => void) {
      onSeen = listener;
    },
    send(): void {
      const { id, socket, mark, body } = take();
      socket.raw(messagePacket(id, mark, body));
    },
    /** Resolves when the hub says that it is on disk. */
    async sendKeyed(): Promise<void> {
      const { id, socket, mark, body } = take();
      const answer = (await socket.ask(keyedMessage(id, mark, body))) as { ok?: boolean };
      if (answer?.ok !== true) throw new Error(`a keyed message was answered with ${JSON.stringify(answer)}`);
    },
    close(): void {
      reader.close();
      for (const socket of sockets) socket.close();
    },
  };
}

type Pipe = Awaited<ReturnType<typeof openPipe>>;

async function measureLowRate(hub: HubUnderTest, context: PhaseContext, metrics: Metrics, kind: "plain" | "keyed"): Promise<void> {
  const tag = kind === "plain" ? "lo" : "ack";
  const client = await hub.client(newNamespace());
  const sessions = await client.createSessions(tag, 1);
  const pipe = await openPipe(client, sessions, { tag, size: 1 });
  const ackLatencies: number[] = [];
  const acks: Promise<void>[] = [];
  const sendKeyed = async (): Promise<void> => {
    const start = now();
    await pipe.sendKeyed();
    ackLatencies.push(now() - start);
  };
  const count = context.quick ? 100 : lowRateWarmup + lowRateSamples;
  await atRate(lowRate, count, () => (kind === "plain" ? pipe.send() : void acks.push(sendKeyed())));
  await waitFor(() => pipe.underway === 0, drainMs);
  await Promise.all(acks);
  const name = kind === "plain" ? "ingest.low50" : "ingest.low50acked";
  putLatency(metrics, `${name}.ms`, summarize(pipe.latencies.slice(lowRateWarmup)));
  if (kind === "keyed") putLatency(metrics, `${name}.ack.ms`, summarize(ackLatencies.slice(lowRateWarmup)));
  await judge(client, sessions, { tag, pipe, context, what: name });
  pipe.close();
}

async function measureThroughput(hub: HubUnderTest, context: PhaseContext, metrics: Metrics, load: Load & { ms: number }): Promise<void> {
  const name = `ingest.${load.sessions}s.${load.size}KB`;
  const tag = `i${load.sessions}z${load.size}`;
  const client = await hub.client(newNamespace());
  const sessions = await client.createSessions(name, load.sessions);
  const pipe = await openPipe(client, sessions, { tag, size: load.size });
  const { perSecond, spent, count } = await closedLoop(hub, pipe, load);
  metrics[`${name}.msgPerSec`] = toHundredths(perSecond);
  metrics[`${name}.hubCpuUsPerMsg`] = toHundredths((spent.hubCpuSeconds * 1e6) / count);
  putLatency(metrics, `${name}.sat.ms`, summarize(pipe.latencies));
  metrics[`${name}.hubCores`] = toHundredths(spent.hubCpuSeconds / spent.seconds);
  metrics[`${name}.genCores`] = toHundredths(spent.ownCpuSeconds / spent.seconds);
  await waitFor(() => pipe.underway === 0, drainMs);
  await judge(client, sessions, { tag, pipe, context, what: name });
  pipe.close();
}

/** As many messages as the reader takes, with a bounded number underway; the pipe's latencies are those of the measured time. */
async function closedLoop(
  hub: HubUnderTest,
  pipe: Pipe,
  { window, ms }: Load & { ms: number },
): Promise<{ perSecond: number; spent: Spent; count: number }> {
  let isStopped = false;
  const pump = (): void => {
    while (!isStopped && pipe.underway < window) pipe.send();
  };
  pipe.onSeen(pump);
  pump();
  await pause(warmupMs);
  pipe.latencies.length = 0;
  const before = pipe.track.count;
  const meter = startMeter(hub);
  await pause(ms);
  const spent = meter();
  const count = pipe.track.count - before;
  isStopped = true;
  pipe.latencies.length = count;
  return { perSecond: count / spent.seconds, spent, count };
}

async function measureWithoutReader(hub: HubUnderTest, context: PhaseContext, metrics: Metrics, ms: number): Promise<void> {
  const tag = "q";
  const client = await hub.client(newNamespace());
  const sessionId = await client.createSession(tag, 0);
  const socket = await client.socket(sessionId);
  let count = 0;
  const sendBatch = (): Promise<void> => {
    for (let index = 0; index < batch; index++) socket.raw(messagePacket(sessionId, { tag, session: 0, index: count++ }, bodyOf(1)));
    return socket.barrier();
  };
  const meter = startMeter(hub);
  const end = now() + ms;
  let earlier = sendBatch();
  while (now() < end) {
    const later = sendBatch();
    await earlier;
    earlier = later;
  }
  await earlier;
  const { seconds, hubCpuSeconds } = meter();
  metrics["ingest.nosub.1KB.msgPerSec"] = toHundredths(count / seconds);
  metrics["ingest.nosub.1KB.hubCpuUsPerMsg"] = toHundredths((hubCpuSeconds * 1e6) / count);
  const faults = storedFaults(await client.history(sessionId), tag, 0, count);
  if (isFaulty(faults)) context.violation(`ingest without a reader: stored ${describeFaults(faults)}`);
  socket.close();
}

interface Judged {
  tag: string;
  pipe: Pipe;
  context: PhaseContext;
  what: string;
}

/** The reader saw each message once and in order, and so did the database, for the first sessions. */
async function judge(client: HubClient, sessions: readonly string[], { tag, pipe, context, what }: Judged): Promise<void> {
  const seen = pipe.track.faults(pipe.sent);
  if (isFaulty(seen)) context.violation(`${what}: the reader's ${describeFaults(seen)}`);
  for (const [session, id] of sessions.slice(0, 3).entries()) {
    const stored = storedFaults(await client.history(id), tag, session, pipe.sent[session]!);
    if (isFaulty(stored)) context.violation(`${what}: stored ${describeFaults(stored)}`);
  }
}
