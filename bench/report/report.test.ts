import { expect, test } from "bun:test";
import { phases } from "../phases/index.ts";
import { benchmarkDocument, type Circumstances, reachSummary, reachTable } from "./document.ts";
import { type Measurements, ratioOf, showNumber } from "./measurements.ts";
import { type Goal, goals, judgeGoal } from "./reach.ts";
import { metricTable } from "./table.ts";

const measured = (peer: Record<string, number[]>, ours: Record<string, number[]>): Measurements => ({
  figures: { peer, ours },
  violations: [],
  notes: [],
  noise: [],
});

const latency: Goal = { figure: "f", metric: "m", unit: "ms", wanted: { ratio: 0.5, is: "at most" }, source: 2 };
const rate: Goal = { figure: "f", metric: "m", unit: "/s", wanted: { ratio: 4, is: "at least" }, source: 100 };

test("a ratio is the middle of rounds beside each other, not of all rounds", () => {
  // The machine got slower by ten from round to round: the middles of each hub would say 20/10.
  const measurements = measured({ m: [1, 10, 100] }, { m: [2, 20, 50] });
  expect(ratioOf(measurements, "m")).toBe(2);
  expect(ratioOf(measured({ m: [] }, { m: [2] }), "m")).toBeNaN();
});

test.each([
  [latency, [2, 2, 2], [1, 1, 1], true, true],
  [latency, [2, 2, 2], [1.01, 1.01, 1.01], false, false],
  [latency, [8, 8, 8], [1.5, 1.5, 1.5], true, false],
  [latency, [1.5, 1.5, 1.5], [0.9, 0.9, 0.9], false, true],
  [rate, [10, 10, 10], [400, 400, 400], true, true],
  [rate, [10, 10, 10], [399, 399, 399], true, false],
  [rate, [100, 100, 100], [399, 399, 399], false, false],
])("%j with peer %j and ours %j", (goal, peer, ours, isMet, isMetAgainstSource) => {
  expect(judgeGoal(goal, measured({ m: peer }, { m: ours }))).toMatchObject({ isMet, isMetAgainstSource });
});

test("what was not measured is neither met nor missed", () => {
  expect(judgeGoal(latency, measured({}, {}))).toMatchObject({ isMet: null, isMetAgainstSource: null });
  expect(judgeGoal(latency, measured({}, { m: [1] }))).toMatchObject({ isMet: null, isMetAgainstSource: true });
});

test("a figure that stands by itself needs no peer, and its bound is part of it", () => {
  const goal: Goal = { figure: "f", metric: "m", unit: "ms", wanted: { value: 1, is: "at most" } };
  expect(judgeGoal(goal, measured({}, { m: [5, 1, 0.5] })).isMet).toBe(true);
  expect(judgeGoal(goal, measured({}, { m: [5, 1.1, 0.5] })).isMet).toBe(false);
});

test("nothing lost means in every round", () => {
  const goal: Goal = { figure: "f", metric: "m", unit: "", wanted: { value: 0, is: "exactly" } };
  expect(judgeGoal(goal, measured({}, { m: [0, 0, 0] })).isMet).toBe(true);
  expect(judgeGoal(goal, measured({}, { m: [0, 0, 1] })).isMet).toBe(false);
});

test("every goal asks for a metric of a phase that exists, and each is asked for once", () => {
  expect(new Set(goals.map(({ figure, metric }) => `${figure} ${metric}`)).size).toBe(goals.length);
  const areas: Record<string, string> = { perm: "permission" };
  const known = new Set(phases.map(({ name }) => name));
  for (const { metric } of goals) expect(known).toContain(areas[metric.split(".")[0]!] ?? metric.split(".")[0]!);
});

test("the table of metrics names the better one, and nobody where better has no meaning", () => {
  const table = metricTable(
    measured({ "a.ms": [2], "a.perSec": [10], "a.genCores": [1] }, { "a.ms": [1], "a.perSec": [5], "a.genCores": [2] }),
    ["peer", "ours"],
  );
  const lines = table.split("\n").map((line) => line.replaceAll(/\s+/g, " "));
  expect(lines[2]).toBe("| a.ms | 2 | 1 | 0.5 | ours |");
  expect(lines[3]).toBe("| a.perSec | 10 | 5 | 0.5 | peer |");
  expect(lines[4]).toBe("| a.genCores | 1 | 2 | 2 | |");
});

test("numbers keep three digits, large ones all", () => {
  expect([0.123456, 12.3456, 12345.6, 0, Number.NaN].map(showNumber)).toEqual(["0.123", "12.3", "12,346", "0", "–"]);
});

const circumstances: Circumstances = {
  at: new Date("2026-01-02T03:04:05Z"),
  machine: { cpu: "A processor", cores: 2, memoryGiB: 24, kernel: "6.1", runtime: "Bun 1" },
  hubs: [
    { label: "peer", version: "0.30.7" },
    { label: "ours", version: "0.1.0" },
  ],
  rounds: 3,
  seed: 9,
  isComplete: true,
  missingPeer: null,
};

test("the document says when, where, of what, and every goal with both verdicts", () => {
  const measurements = measured({ "coldstart.ms": [300, 300, 300] }, { "coldstart.ms": [104, 104, 104] });
  const text = benchmarkDocument(circumstances, measurements);
  expect(text).toContain("2026-01-02 03:04 UTC; A processor, 2 cores, 24 GiB");
  expect(text).toContain("peer 0.30.7, ours 0.1.0; 3 rounds");
  for (const { figure } of goals) expect(text).toContain(figure);
  const row = text.split("\n").find((line) => line.startsWith("| cold start")) ?? "";
  expect(row.split("|").map((cell) => cell.trim())).toEqual([
    "",
    "cold start to healthy, empty",
    "300 ms",
    "286 ms",
    "31 ms",
    "104 ms",
    "0.347×",
    "≤ 0.35×",
    "met",
    "**missed**",
    "",
  ]);
  expect(text).not.toContain("Not a complete run");
});

test("a document never hides that it is not whole, or that something broke", () => {
  const measurements = {
    ...measured({}, { "crash.link200ps.runs": [2, 1], "crash.link200ps.cleanRuns": [2, 0] }),
    violations: ["one was lost"],
  };
  const text = benchmarkDocument({ ...circumstances, isComplete: false, missingPeer: "no network" }, measurements);
  expect(text).toContain("Not a complete run");
  expect(text).toContain("no network");
  expect(text).toContain("**1 broken:**\n- one was lost");
  expect(text).toContain("2 of 3 runs");
});

test("the summary counts what can be judged, and only that", () => {
  const measurements = measured(
    { "coldstart.ms": [300], "coldstart.rssMB": [100], "fanout.100.deliveriesPerSec": [10] },
    { "coldstart.ms": [104], "coldstart.rssMB": [90], "sessions.firstPage.KB": [17] },
  );
  expect(reachSummary(measurements)).toBe("Met: 2 of 3 in this run; 0 of 2 of the ratios against the peer 0.29 too.");
});

test("the table on the screen leaves out what was not measured", () => {
  expect(reachTable(measured({}, { "coldstart.ms": [104] }), "measured").split("\n")).toHaveLength(3);
  expect(reachTable(measured({}, {}), "all").split("\n")).toHaveLength(goals.length + 2);
});
