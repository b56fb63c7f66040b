/** Pages of histories of very different lengths, what a sign of life costs on them, and what they take on the disk. */
import type { HubClient } from "../lib/hub-client.ts";
import type { HubUnderTest } from "../lib/hub.ts";
import { markIn, messagePacket, prose } from "../lib/messages.ts";
import { summarize, toHundredths, toThousandths } from "../lib/stats.ts";
import { now } from "../lib/timing.ts";
import { describeFaults, isFaulty, storedFaults } from "../lib/track.ts";
import { type Metrics, newNamespace, type Phase, type PhaseContext, putLatency } from "./phase.ts";

const pageSize = 50;
const walkPageSize = 200;
const loadBatch = 500;
const beats = 60;
/** The length whose whole history is walked and whose size is measured. */
const walked = 10_000;

export const history: Phase = {
  name: "history",
  summary: "history pages at 100, 10,000 and 100,000 messages, size on disk",
  limitMs: () => 300_000,
  async run(hub, context) {
    const metrics: Metrics = {};
    await hub.start();
    const client = await hub.client(newNamespace());
    const lengths = context.quick ? [100, walked] : [100, walked, 100_000];
    for (const length of lengths) await measureLength({ hub, client, context, metrics, length });
    metrics["history.rssMB"] = toHundredths(hub.memoryMb());

    const { home } = hub;
    await hub.stop();
    const bytes = hub.databaseBytes();
    metrics["db.total.MB"] = toHundredths(bytes / 2 ** 20);
    metrics["db.bytesPerMsg"] = toHundredths(bytes / lengths.reduce((sum, one) => sum + one, 0));
    await hub.start({ home });
    metrics["history.restart.ms"] = toHundredths(hub.startMs);
    metrics["history.restart.rssMB"] = toHundredths(hub.memoryMb());
    await hub.stop();
    return metrics;
  },
};

interface Measured {
  hub: HubUnderTest;
  client: HubClient;
  context: PhaseContext;
  metrics: Metrics;
  length: number;
}

const tagOf = (length: number): string => `h${length}`;

async function measureLength(of: Measured): Promise<void> {
  const { hub, client, metrics, length } = of;
  const bytesBefore = hub.databaseBytes();
  const sessionId = await load(of);
  if (length === walked) metrics["db.per10k1KB.withWalMB"] = toHundredths((hub.databaseBytes() - bytesBefore) / 2 ** 20);

  const pages = { ...of, path: `/api/sessions/${sessionId}/messages` };
  const early = (await client.rowsAfter(sessionId, pageSize, 1))[0]!;
  const half = Math.floor(length / 2);
  const middle = (await client.rowsAfter(sessionId, half, 1))[0]!;
  const first = await measurePage(pages, { name: "first", query: `limit=${pageSize}`, from: length - pageSize, count: pageSize });
  metrics[`history.${length}.first.KB`] = toHundredths(first / 1024);
  await measurePage(pages, { name: "oldest", query: before(early), from: 0, count: pageSize });
  await measurePage(pages, { name: "middle", query: before(middle), from: half - pageSize, count: pageSize });
  const after = `limit=${pageSize}&afterSeq=${early.seq}&afterAt=${early.createdAt}`;
  await measurePage(pages, { name: "after", query: after, from: pageSize + 1, count: Math.min(pageSize, length - pageSize - 1) });

  await measureHeartbeat(of, sessionId);
  if (length === walked) await walk(pages, sessionId);
}

const before = ({ seq, createdAt }: { seq: number; createdAt: number }): string =>
  `limit=${pageSize}&beforeSeq=${seq}&beforeAt=${createdAt}`;

async function load({ client, metrics, length }: Measured): Promise<string> {
  const tag = tagOf(length);
  const sessionId = await client.createSession(tag, 0);
  const socket = await client.socket(sessionId);
  const start = now();
  let arrived = Promise.resolve();
  for (let index = 0; index < length;) {
    const end = Math.min(length, index + loadBatch);
    for (; index < end; index++) socket.raw(messagePacket(sessionId, { tag, session: 0, index }, prose(700, (index % 64) + 100)));
    const barrier = socket.barrier();
    await arrived;
    arrived = barrier;
  }
  await arrived;
  metrics[`history.load${length}.perSec`] = toHundredths((length * 1000) / (now() - start));
  socket.close();
  return sessionId;
}

type Pages = Measured & { path: string };

/** Bytes of a page; whether it is the right one is checked. */
async function measurePage(
  { client, context, metrics, length, path }: Pages,
  { name, query, from, count }: { name: string; query: string; from: number; count: number },
): Promise<number> {
  const times: number[] = [];
  let answer = await client.api("GET", `${path}?${query}`);
  for (let round = 0; round < 5; round++) answer = await client.api("GET", `${path}?${query}`);
  for (let round = 0; round < (context.quick ? 40 : 120); round++) {
    answer = await client.api("GET", `${path}?${query}`);
    times.push(answer.ms);
  }
  putLatency(metrics, `history.${length}.${name}.ms`, summarize(times));
  const shown = (answer.json.messages as { content: unknown }[]).map(
    ({ content }) => markIn(JSON.stringify(content), tagOf(length))?.index,
  );
  if (shown.length !== count || shown.some((index, place) => index !== from + place))
    context.violation(`history ${length} ${name}: wrong page, ${shown.length} rows from ${shown[0]}, wanted ${count} from ${from}`);
  return answer.wire;
}

/** A session process gives a sign of life every two seconds: what one costs at this length. */
async function measureHeartbeat({ client, metrics, length }: Measured, sessionId: string): Promise<void> {
  const socket = await client.socket(sessionId);
  const beat = (): void => socket.emit("session-alive", { sid: sessionId, time: Date.now(), thinking: false, mode: "remote" });
  for (let warmup = 0; warmup < 5; warmup++) beat();
  await socket.barrier();
  const start = now();
  for (let count = 0; count < beats; count++) beat();
  await socket.barrier();
  metrics[`history.${length}.heartbeat.ms`] = toThousandths((now() - start) / beats);
  socket.emit("session-end", { sid: sessionId, time: Date.now() });
  await socket.barrier();
  socket.close();
}

async function walk({ client, context, metrics, length, path }: Pages, sessionId: string): Promise<void> {
  const start = now();
  const faults = storedFaults(await client.history(sessionId), tagOf(length), 0, length);
  metrics[`history.${length}.walkCli.ms`] = toHundredths(now() - start);
  if (isFaulty(faults)) context.violation(`history ${length}: stored ${describeFaults(faults)}`);

  const webStart = now();
  let rows = 0;
  for (let query = `limit=${walkPageSize}`; query !== "";) {
    const { messages, page } = (await client.api("GET", `${path}?${query}`)).json;
    rows += messages.length;
    query = page.hasMore ? `limit=${walkPageSize}&beforeSeq=${page.nextBeforeSeq}&beforeAt=${page.nextBeforeAt}` : "";
  }
  metrics[`history.${length}.walkWeb.ms`] = toHundredths(now() - webStart);
  if (rows !== length) context.violation(`history ${length}: walking it in pages gave ${rows} rows`);
}
