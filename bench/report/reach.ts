/**
 * What the hub is meant to reach, and whether it does. A figure that is a ratio must hold twice: against the peer measured beside it in the
 * same run, and against the peer's faster version from source, whose figures are known from one machine. Figures without a peer hold by
 * themselves. A floor is a throw-away hub that does only what the phase needs: about what hardware and runtime allow.
 */
import { type Measurements, middleOf, ratioOf, valuesOf } from "./measurements.ts";

export interface Goal {
  figure: string;
  /** The metric of ours; the peer's too, unless `peerMetric` says otherwise. */
  metric: string;
  peerMetric?: string;
  unit: string;
  wanted: { ratio: number; is: "at most" | "at least" } | { value: number; is: "at most" | "exactly" };
  /** The peer 0.29 from source, and the floor, both from the machine of the table. */
  source?: number;
  floor?: number;
}

const atMost = (ratio: number) => ({ ratio, is: "at most" }) as const;
const atLeast = (ratio: number) => ({ ratio, is: "at least" }) as const;
const upTo = (value: number) => ({ value, is: "at most" }) as const;

const outputLatency = { peerMetric: "ingest.low50.ms.p50", unit: "ms", source: 1.2, floor: 0.28 };
const outputTail = { peerMetric: "ingest.low50.ms.p99", unit: "ms", source: 4.2, floor: 1.5 };

export const goals: readonly Goal[] = [
  { figure: "cold start to healthy, empty", metric: "coldstart.ms", unit: "ms", wanted: atMost(0.35), source: 286, floor: 31 },
  {
    figure: "start with 10,000 sessions and 1 M messages, against an empty one",
    metric: "restart.fullOverEmpty",
    unit: "×",
    wanted: upTo(1.5),
  },
  { figure: "memory after start", metric: "coldstart.rssMB", unit: "MB", wanted: atMost(0.7), source: 80, floor: 37 },
  { figure: "agent output → reader at 50/s, p50", metric: "ingest.low50.ms.p50", wanted: atMost(0.5), ...outputLatency },
  { figure: "… p99", metric: "ingest.low50.ms.p99", wanted: atMost(0.8), ...outputTail },
  { figure: "the same with a key and the ack after fsync, p50", metric: "ingest.low50acked.ms.p50", wanted: atMost(0.5), ...outputLatency },
  { figure: "… p99", metric: "ingest.low50acked.ms.p99", wanted: atMost(0.8), ...outputTail },
  { figure: "ingest, 1 session, 1 KB", metric: "ingest.1s.1KB.msgPerSec", unit: "msg/s", wanted: atLeast(8), source: 4_250, floor: 70_500 },
  {
    figure: "ingest, 20 sessions, 1 KB",
    metric: "ingest.20s.1KB.msgPerSec",
    unit: "msg/s",
    wanted: atLeast(5),
    source: 3_900,
    floor: 27_100,
  },
  {
    figure: "ingest, 1 session, 20 KB",
    metric: "ingest.1s.20KB.msgPerSec",
    unit: "msg/s",
    wanted: atLeast(4),
    source: 1_235,
    floor: 7_800,
  },
  {
    figure: "fan-out to 100 readers",
    metric: "fanout.100.deliveriesPerSec",
    unit: "/s",
    wanted: atLeast(3),
    source: 67_000,
    floor: 282_000,
  },
  {
    figure: "fan-out to 500 readers",
    metric: "fanout.500.deliveriesPerSec",
    unit: "/s",
    wanted: atLeast(3),
    source: 86_000,
    floor: 321_000,
  },
  {
    figure: "fan-out to 100 readers with gzip",
    metric: "fanout.100gz.deliveriesPerSec",
    unit: "/s",
    wanted: atLeast(15),
    source: 14_000,
    floor: 412_000,
  },
  { figure: "prompt → session, p50", metric: "webcli.seq.ms.p50", unit: "ms", wanted: atMost(0.4), source: 1.7, floor: 0.34 },
  {
    figure: "prompt → session, 16 callers at once",
    metric: "webcli.conc16.perSec",
    unit: "/s",
    wanted: atLeast(6),
    source: 1_043,
    floor: 11_100,
  },
  { figure: "approval round trip, p50", metric: "perm.roundtrip.ms.p50", unit: "ms", wanted: atMost(0.4), source: 2.5, floor: 0.42 },
  { figure: "… p99", metric: "perm.roundtrip.ms.p99", unit: "ms", wanted: atMost(0.6), source: 5.4, floor: 0.91 },
  { figure: "history first page, 100 messages", metric: "history.100.first.ms.p50", unit: "ms", wanted: upTo(1), source: 2.3, floor: 0.38 },
  {
    figure: "history first page, 10,000 messages",
    metric: "history.10000.first.ms.p50",
    unit: "ms",
    wanted: upTo(1),
    source: 4.3,
    floor: 0.35,
  },
  {
    figure: "history first page, 100,000 messages",
    metric: "history.100000.first.ms.p50",
    unit: "ms",
    wanted: upTo(1),
    source: 31,
    floor: 0.35,
  },
  { figure: "session list of 5,000, first page", metric: "sessions.firstPage.ms.p50", unit: "ms", wanted: upTo(2), source: 24 },
  { figure: "… its size", metric: "sessions.firstPage.KB", unit: "KB", wanted: upTo(20), source: 3_300 },
  {
    figure: "idle: 200 sessions with heartbeats and 50 readers",
    metric: "idle.beat2s.cpuPct",
    unit: "% of a core",
    wanted: upTo(2),
    source: 9.5,
    floor: 0.75,
  },
  { figure: "hapi to the agent's own screen, beyond the bare agent", metric: "startup.own.ms", unit: "ms", wanted: upTo(60) },
  {
    figure: "lost after kill -9 at 200 msg/s, through our link",
    metric: "crash.link200ps.dbLost",
    peerMetric: "crash.200ps.dbLost",
    unit: "",
    wanted: { value: 0, is: "exactly" },
  },
  {
    figure: "lost after kill -9 at 2,000 msg/s, through our link",
    metric: "crash.link2000ps.dbLost",
    peerMetric: "crash.2000ps.dbLost",
    unit: "",
    wanted: { value: 0, is: "exactly" },
  },
];

/** Null: can't be said, because something was not measured. */
export interface Verdict {
  goal: Goal;
  ours: number;
  peer: number;
  /** Ours over the peer's, of rounds beside each other. */
  ratio: number;
  isMet: boolean | null;
  /** The same ratio against the peer from source; null also where the goal is no ratio. */
  isMetAgainstSource: boolean | null;
}

export function judgeGoal(goal: Goal, measurements: Measurements): Verdict {
  const { metric, peerMetric = metric, wanted, source } = goal;
  const ours = worstWhereExact(goal, measurements);
  const peer = middleOf(measurements, "peer", peerMetric);
  const ratio = ratioOf(measurements, metric, peerMetric);
  const verdict = { goal, ours, peer, ratio };
  if ("value" in wanted) {
    const isMet = Number.isFinite(ours) ? (wanted.is === "exactly" ? ours === wanted.value : ours <= wanted.value) : null;
    return { ...verdict, isMet, isMetAgainstSource: null };
  }
  const holds = (reached: number): boolean | null =>
    Number.isFinite(reached) ? (wanted.is === "at most" ? reached <= wanted.ratio : reached >= wanted.ratio) : null;
  return { ...verdict, isMet: holds(ratio), isMetAgainstSource: source === undefined ? null : holds(ours / source) };
}

/** What must be so in every round is not judged by the middle one. */
function worstWhereExact({ metric, wanted }: Goal, measurements: Measurements): number {
  const values = valuesOf(measurements, "ours", metric);
  return wanted.is === "exactly" && values.length > 0 ? Math.max(...values) : middleOf(measurements, "ours", metric);
}
