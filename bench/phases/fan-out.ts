/** One session's output to a hundred and to five hundred readers, and to a hundred that take gzip. */
import type { CliSocket } from "../lib/cli-socket.ts";
import type { HubClient } from "../lib/hub-client.ts";
import type { HubUnderTest } from "../lib/hub.ts";
import { bodyOf, markIn, messagePacket } from "../lib/messages.ts";
import { startMeter } from "../lib/meter.ts";
import type { Sse } from "../lib/sse.ts";
import { summarize, toHundredths } from "../lib/stats.ts";
import { atRate, now, pause, waitFor } from "../lib/timing.ts";
import { type Metrics, newNamespace, type Phase, type PhaseContext, putLatency } from "./phase.ts";

const tag = "f";
/** Messages not yet with every reader, at most, in the closed loop. */
const window = 8;
const connectAtOnce = 50;
const settleMs = 300;

interface Audience {
  name: string;
  readers: number;
  gzip: boolean;
}

const audiences: readonly Audience[] = [
  { name: "fanout.100", readers: 100, gzip: false },
  { name: "fanout.500", readers: 500, gzip: false },
  { name: "fanout.100gz", readers: 100, gzip: true },
];

export const fanOut: Phase = {
  name: "fanout",
  summary: "one session's output to 100, 500 and 100 gzip readers",
  limitMs: () => 180_000,
  async run(hub, context) {
    const metrics: Metrics = {};
    for (const audience of audiences) {
      await hub.start();
      await measure(hub, context, metrics, audience);
      await hub.stop();
    }
    return metrics;
  },
};

async function measure(hub: HubUnderTest, context: PhaseContext, metrics: Metrics, audience: Audience): Promise<void> {
  const { name, readers } = audience;
  const client = await hub.client(newNamespace());
  const sessionId = await client.createSession(name, 0);
  const socket = await client.socket(sessionId);
  const emptyMb = hub.memoryMb();
  const crowd = gather(client, audience);
  for (let at = 0; at < readers; at += connectAtOnce)
    await Promise.all(crowd.streams.slice(at, at + connectAtOnce).map((one) => one.ready));
  await pause(settleMs);
  metrics[`${name}.connMB`] = toHundredths((hub.memoryMb() - emptyMb) / readers);
  const stage = { hub, metrics, audience, crowd, socket, sessionId, ms: context.quick ? 2_000 : 4_000 };
  await atLowRate(stage);
  await saturated(stage);
  metrics[`${name}.rssMB`] = toHundredths(hub.memoryMb());
  await judge(context, stage);
  for (const stream of crowd.streams) stream.close();
  socket.close();
}

interface Stage {
  hub: HubUnderTest;
  metrics: Metrics;
  audience: Audience;
  crowd: Crowd;
  socket: CliSocket;
  sessionId: string;
  ms: number;
}

/** The readers, what each is owed next, and how many messages are with all of them. */
function gather(client: HubClient, { readers, gzip }: Audience) {
  const next = new Int32Array(readers);
  const deliveries: number[] = [];
  const crowd = {
    streams: [] as Sse[],
    sentAt: [] as number[],
    latencies: [] as number[],
    next,
    /** Messages that came when another one was due. */
    misplaced: 0,
    complete: 0,
    isLate: false,
    onComplete: (): void => undefined,
  };
  // With gzip only the first reader decodes as it goes; the others' bytes are decoded and checked afterwards.
  const wantedPerMessage = gzip ? 1 : readers;
  const onEvent = (reader: number, data: string): void => {
    const mark = markIn(data, tag);
    if (!mark) return;
    const { index } = mark;
    if (index !== next[reader]) crowd.misplaced++;
    next[reader] = index + 1;
    if (crowd.isLate) return;
    crowd.latencies.push(now() - crowd.sentAt[index]!);
    deliveries[index] = (deliveries[index] ?? 0) + 1;
    if (deliveries[index] !== wantedPerMessage) return;
    crowd.complete++;
    crowd.onComplete();
  };
  const modeOf = (reader: number) => (reader === 0 ? "inline" : "defer");
  for (let reader = 0; reader < readers; reader++)
    crowd.streams.push(client.sse({ gzip: gzip && modeOf(reader), onEvent: (data) => onEvent(reader, data) }));
  return crowd;
}

type Crowd = ReturnType<typeof gather>;

function send({ crowd, socket, sessionId }: Stage): void {
  const index = crowd.sentAt.push(now()) - 1;
  socket.raw(messagePacket(sessionId, { tag, session: 0, index }, bodyOf(1)));
}

const isComplete = ({ crowd }: Stage): boolean => crowd.complete >= crowd.sentAt.length;

async function atLowRate(stage: Stage): Promise<void> {
  const { hub, metrics, crowd, ms } = stage;
  const { name, readers } = stage.audience;
  const rate = readers >= 500 ? 5 : 20;
  const meter = startMeter(hub);
  await atRate(rate, (rate * ms) / 1000, () => send(stage));
  await waitFor(() => isComplete(stage), 8_000);
  putLatency(metrics, `${name}.rate${rate}.ms`, summarize(crowd.latencies));
  metrics[`${name}.rate${rate}.hubCpuUsPerDelivery`] = toHundredths((meter().hubCpuSeconds * 1e6) / (crowd.sentAt.length * readers));
}

async function saturated(stage: Stage): Promise<void> {
  const { hub, metrics, crowd, ms } = stage;
  const { name, readers } = stage.audience;
  crowd.latencies.length = 0;
  const before = crowd.complete;
  const meter = startMeter(hub);
  let isStopped = false;
  crowd.onComplete = () => {
    while (!isStopped && crowd.sentAt.length - crowd.complete < window) send(stage);
  };
  crowd.onComplete();
  await pause(ms);
  const { seconds, hubCpuSeconds, ownCpuSeconds } = meter();
  const deliveries = (crowd.complete - before) * readers;
  isStopped = true;
  await waitFor(() => isComplete(stage), 15_000);
  putLatency(metrics, `${name}.sat.ms`, summarize(crowd.latencies));
  metrics[`${name}.deliveriesPerSec`] = toHundredths(deliveries / seconds);
  metrics[`${name}.hubCpuUsPerDelivery`] = toHundredths((hubCpuSeconds * 1e6) / deliveries);
  metrics[`${name}.genCores`] = toHundredths(ownCpuSeconds / seconds);
}

/** Every reader got every message, once and in order. */
async function judge(context: PhaseContext, { metrics, audience, crowd }: Stage): Promise<void> {
  const { name, readers, gzip } = audience;
  const sent = crowd.sentAt.length;
  if (gzip) {
    await untilQuiet(crowd.streams);
    metrics[`${name}.wireBytesPerDelivery`] = toHundredths(crowd.streams.reduce((sum, one) => sum + one.bytes, 0) / (sent * readers));
    crowd.isLate = true;
    for (const stream of crowd.streams.slice(1)) stream.decodeKept();
  }
  const incomplete = crowd.next.filter((next) => next !== sent).length;
  if (incomplete > 0 || crowd.misplaced > 0)
    context.violation(`${name}: ${incomplete} readers incomplete, ${crowd.misplaced} messages lost, doubled or out of order`);
}

/** Until no reader got a byte for a while. */
async function untilQuiet(streams: readonly Sse[]): Promise<void> {
  const total = (): number => streams.reduce((sum, one) => sum + one.bytes, 0);
  for (let before = -1; before !== total(); await pause(500)) before = total();
}
