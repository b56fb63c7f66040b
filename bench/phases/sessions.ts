/**
 * Making, listing and reading sessions while their number grows. A list with pages is measured as a client with pages uses it: the first
 * page when it opens, then what changes as events; a list without pages is its own first page.
 */
import { Http } from "../lib/http.ts";
import type { HubClient } from "../lib/hub-client.ts";
import type { HubUnderTest } from "../lib/hub.ts";
import { summarize, toHundredths } from "../lib/stats.ts";
import { now, within } from "../lib/timing.ts";
import { type Metrics, newNamespace, type Phase, type PhaseContext, putLatency } from "./phase.ts";

const callersAtOnce = 8;
const warmups = 3;
/** Rows of the first page: more than a tall phone shows. */
const pageSize = 25;
const walkPageSize = 500;
const seenLimitMs = 3_000;

export const sessions: Phase = {
  name: "sessions",
  summary: "create, list and get with up to 5,000 sessions",
  limitMs: () => 240_000,
  async run(hub, context) {
    const metrics: Metrics = {};
    await hub.start();
    const namespace = newNamespace();
    const client = await hub.client(namespace);
    const ids = new Set<string>();
    const stage: Stage = { hub, client, context, metrics, ids };
    const steps = context.quick ? [100, 500] : [100, 1_000, 5_000];
    for (const count of steps) {
      await grow(stage, count);
      await measureList(stage, count);
    }
    await measureFirstPage(stage);
    await measureDelta(stage);
    await measureGet(stage);
    metrics["sessions.rssMB"] = toHundredths(hub.memoryMb());
    await restart(stage, namespace);
    return metrics;
  },
};

interface Stage {
  hub: HubUnderTest;
  client: HubClient;
  context: PhaseContext;
  metrics: Metrics;
  ids: Set<string>;
}

async function grow({ hub, client, metrics, ids }: Stage, count: number): Promise<void> {
  const isFirst = ids.size === 0;
  const before = ids.size;
  const callers = Array.from({ length: isFirst ? 1 : callersAtOnce }, () => new Http(hub.url));
  const times: number[] = [];
  let made = before;
  const start = now();
  const make = async (http: Http): Promise<void> => {
    while (made < count) {
      const number = made++;
      const at = now();
      ids.add(await client.createSession(`s-${number}`, number, http));
      times.push(now() - at);
    }
  };
  await Promise.all(callers.map(make));
  if (isFirst) putLatency(metrics, "sessions.create.ms", summarize(times));
  else metrics[`sessions.create.to${count}.perSec`] = toHundredths(((count - before) * 1000) / (now() - start));
  for (const http of callers) http.close();
}

async function measureList({ client, context, metrics, ids }: Stage, count: number): Promise<void> {
  const rounds = count >= 5_000 ? 20 : 40;
  const plain = await timed(rounds, () => client.api("GET", "/api/sessions"));
  const gzip = await timed(rounds / 2, () => client.api("GET", "/api/sessions", { headers: { "accept-encoding": "gzip" } }));
  putLatency(metrics, `sessions.list${count}.ms`, summarize(plain.times));
  putLatency(metrics, `sessions.list${count}.gzip.ms`, summarize(gzip.times));
  metrics[`sessions.list${count}.KB`] = toHundredths(plain.answer.wire / 1024);
  metrics[`sessions.list${count}.gzipKB`] = toHundredths(gzip.answer.wire / 1024);
  judgeList(context, plain.answer.json.sessions, ids, `the list of ${count}`);
}

async function measureFirstPage({ hub, client, context, metrics, ids }: Stage): Promise<void> {
  const path = hub.program.hasListPages ? `/api/sessions?cursor=&limit=${pageSize}` : "/api/sessions";
  const { times, answer } = await timed(hub.program.hasListPages ? 120 : 20, () => client.api("GET", path));
  putLatency(metrics, "sessions.firstPage.ms", summarize(times));
  metrics["sessions.firstPage.KB"] = toHundredths(answer.wire / 1024);
  if (!hub.program.hasListPages) return;
  const rows: { id: string }[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page = await client.api("GET", `/api/sessions?cursor=${encodeURIComponent(cursor)}&limit=${walkPageSize}`);
    rows.push(...page.json.sessions);
    cursor = page.json.nextCursor;
  }
  judgeList(context, rows, ids, "the list walked in pages");
  if (rows.length !== ids.size) context.violation(`sessions: walking the list in pages gave ${rows.length} rows of ${ids.size} sessions`);
}

/** One session of many is renamed: how long until a reader of the whole list knows, and in how many bytes. */
async function measureDelta({ hub, client, context, metrics, ids }: Stage): Promise<void> {
  let wanted: { name: string; seen(at: number): void } | null = null;
  const reader = client.sse({
    onEvent(data) {
      if (!wanted || !data.includes(wanted.name)) return;
      wanted.seen(now());
      wanted = null;
    },
  });
  await reader.ready;
  const writer = new Http(hub.url);
  const all = [...ids];
  const times: number[] = [];
  const sizes: number[] = [];
  for (let round = 0; round < (context.quick ? 40 : 200); round++) {
    const name = `renamed-${round}-x`;
    const seen = new Promise<number>((resolve) => (wanted = { name, seen: resolve }));
    const bytes = reader.bytes;
    const start = now();
    const { status } = await client.api("PATCH", `/api/sessions/${all[(round * 37) % all.length]}`, { body: { name } }, writer);
    if (status !== 200) context.violation(`sessions: renaming was answered with ${status}`);
    times.push((await within(seen, seenLimitMs, "sessions: the reader sees the new name")) - start);
    sizes.push(reader.bytes - bytes);
  }
  putLatency(metrics, "sessions.delta.ms", summarize(times));
  metrics["sessions.delta.KB"] = toHundredths(summarize(sizes).p50 / 1024);
  reader.close();
  writer.close();
}

async function measureGet({ client, metrics, ids }: Stage): Promise<void> {
  const all = [...ids];
  let next = 0;
  const { times } = await timed(60, () => client.api("GET", `/api/sessions/${all[(next++ * 37) % all.length]}`));
  putLatency(metrics, "sessions.get1.ms", summarize(times));
}

async function restart({ hub, context, metrics, ids }: Stage, namespace: string): Promise<void> {
  const { home } = hub;
  await hub.stop();
  await hub.start({ home });
  metrics[`sessions.restart${ids.size}.ms`] = toHundredths(hub.startMs);
  const client = await hub.client(namespace);
  const { json } = await client.api("GET", "/api/sessions");
  judgeList(context, json.sessions, ids, "the list after a restart");
  metrics["sessions.restart.rssMB"] = toHundredths(hub.memoryMb());
  await hub.stop();
}

async function timed<T extends { ms: number }>(rounds: number, call: () => Promise<T>): Promise<{ times: number[]; answer: T }> {
  let answer = await call();
  for (let round = 1; round < warmups; round++) answer = await call();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    answer = await call();
    times.push(answer.ms);
  }
  return { times, answer };
}

function judgeList(context: PhaseContext, rows: readonly { id: string }[], ids: ReadonlySet<string>, what: string): void {
  const shown = new Set(rows.map(({ id }) => id));
  const missing = [...ids].filter((id) => !shown.has(id)).length;
  if (missing > 0 || shown.size !== ids.size) context.violation(`sessions: ${what} has ${shown.size} of ${ids.size}, ${missing} missing`);
}
