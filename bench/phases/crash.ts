/**
 * SIGKILL of the hub while sessions write and a reader reads, then a start on the same home. The plain path is the wire of existing CLIs,
 * which has no acknowledgements: what it loses is reported. Through our link nothing may be lost, doubled or out of order.
 */
import type { HubClient } from "../lib/hub-client.ts";
import type { HubUnderTest } from "../lib/hub.ts";
import { Follower } from "../lib/follower.ts";
import { linkProducer, plainProducer, type Producer } from "../lib/producers.ts";
import { median, toHundredths } from "../lib/stats.ts";
import { now, pause } from "../lib/timing.ts";
import { storedFaults, type StoredFaults } from "../lib/track.ts";
import { type Metrics, newNamespace, type Phase, type PhaseContext } from "./phase.ts";

const sessionCount = 5;
const tag = "c";
const downMs = 150;
const settleLimitMs = 30_000;
/** Messages per second, of all sessions together. */
export const crashRates = [200, 2_000] as const;

type Path = "plain" | "link";

export const crash: Phase = {
  name: "crash",
  summary: "kill -9 at 200 and 2,000 messages per second: loss on the plain path and through our link",
  limitMs: ({ crashRuns }) => 120_000 + crashRuns * crashRates.length * 60_000,
  async run(hub, context) {
    const metrics: Metrics = {};
    for (const rate of crashRates) {
      const ms = context.quick ? 4_000 : 6_000;
      report(metrics, `crash.${rate}ps`, [await crashOnce({ hub, context, path: "plain", rate, ms })]);
    }
    if (!hub.program.hasKeyedAcks) return metrics;
    for (const rate of context.crashRuns === 0 ? [] : crashRates) {
      const outcomes: Outcome[] = [];
      for (let run = 0; run < context.crashRuns; run++) {
        const outcome = await crashOnce({ hub, context, path: "link", rate, ms: 3_000 });
        outcomes.push(outcome);
        if (!isClean(outcome)) context.violation(`crash through the link at ${rate}/s, run ${run}: ${JSON.stringify(outcome)}`);
      }
      const name = `crash.link${rate}ps`;
      report(metrics, name, outcomes);
      metrics[`${name}.runs`] = outcomes.length;
      metrics[`${name}.cleanRuns`] = outcomes.filter(isClean).length;
    }
    return metrics;
  },
};

interface Outcome {
  sent: number;
  unacknowledged: number;
  stored: StoredFaults;
  /** Stored and never shown to the reader; shown and not stored. */
  missing: number;
  ghosts: number;
  repeated: number;
  caughtUpRows: number;
  gaps: number;
  restartMs: number;
}

const isClean = ({ unacknowledged, stored, missing, ghosts }: Outcome): boolean =>
  [unacknowledged, missing, ghosts, ...Object.values(stored)].every((count) => count === 0);

interface Crash {
  hub: HubUnderTest;
  context: PhaseContext;
  path: Path;
  rate: number;
  ms: number;
}

async function crashOnce({ hub, context, path, rate, ms }: Crash): Promise<Outcome> {
  await hub.start();
  const namespace = newNamespace();
  const client = await hub.client(namespace);
  const sessions = await client.createSessions(tag, sessionCount);
  const connect = path === "plain" ? plainProducer : linkProducer;
  const producers = await Promise.all(sessions.map((id) => connect(client, id)));
  const follower = new Follower(client, sessions);
  await follower.start();
  // Somewhere in the middle half, another moment each time.
  const killAfterMs = ms * (0.25 + 0.5 * context.random());
  const [restartMs, sent] = await Promise.all([killAndRestart(hub, killAfterMs), produce(producers, rate, ms)]);
  let unacknowledged = 0;
  for (const producer of producers) unacknowledged += (await producer.settle(settleLimitMs)).unacknowledged;
  await follower.settle();
  const outcome = {
    sent: sent.reduce((sum, one) => sum + one, 0),
    unacknowledged,
    restartMs,
    ...(await compare(client, sessions, sent, follower)),
  };
  await follower.stop();
  await Promise.all(producers.map((producer) => producer.close()));
  await hub.stop();
  return outcome;
}

async function killAndRestart(hub: HubUnderTest, afterMs: number): Promise<number> {
  const { home, port } = hub;
  await pause(afterMs);
  await hub.kill();
  await pause(downMs);
  await hub.start({ home, port });
  return hub.startMs;
}

/** How many messages each session sent. */
async function produce(producers: readonly Producer[], rate: number, ms: number): Promise<number[]> {
  const sent = producers.map(() => 0);
  const start = now();
  for (let total = 0; now() - start < ms; await pause(4)) {
    const due = ((now() - start) * rate) / 1000;
    for (; total < due; total++) {
      const session = total % producers.length;
      producers[session]!.send({ tag, session, index: sent[session]!++ });
    }
  }
  return sent;
}

async function compare(client: HubClient, sessions: readonly string[], sent: readonly number[], follower: Follower) {
  const stored: StoredFaults = { lost: 0, doubled: 0, outOfOrder: 0, badSeq: 0 };
  let missing = 0;
  let ghosts = 0;
  for (const [session, id] of sessions.entries()) {
    const rows = await client.history(id);
    const faults = storedFaults(rows, tag, session, sent[session]!);
    for (const name of Object.keys(stored) as (keyof StoredFaults)[]) stored[name] += faults[name];
    const kept = new Set(rows.map((row) => row.id));
    const shown = follower.shown[session]!;
    missing += [...kept].filter((row) => !shown.has(row)).length;
    ghosts += [...shown].filter((row) => !kept.has(row)).length;
  }
  const { repeated, caughtUpRows, gaps } = follower;
  return { stored, missing, ghosts, repeated, caughtUpRows, gaps };
}

/** Sums, and the middle of the times. */
function report(metrics: Metrics, name: string, outcomes: readonly Outcome[]): void {
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, one) => total + of(one), 0);
  metrics[`${name}.sent`] = sum((one) => one.sent);
  metrics[`${name}.dbLost`] = sum((one) => one.stored.lost);
  metrics[`${name}.dbDup`] = sum((one) => one.stored.doubled);
  metrics[`${name}.dbOutOfOrder`] = sum((one) => one.stored.outOfOrder);
  metrics[`${name}.sseMissing`] = sum((one) => one.missing);
  metrics[`${name}.sseGhost`] = sum((one) => one.ghosts);
  metrics[`${name}.sseRawDup`] = sum((one) => one.repeated);
  metrics[`${name}.catchupRows`] = sum((one) => one.caughtUpRows);
  metrics[`${name}.resumeGaps`] = sum((one) => one.gaps);
  metrics[`${name}.restart.ms`] = toHundredths(median(outcomes.map((one) => one.restartMs)));
}
