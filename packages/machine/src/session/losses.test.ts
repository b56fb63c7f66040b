import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Loss } from "@hapi/agents";
import { type AgentEvent, noticeWords, type NoticeWords } from "@hapi/protocol";
import { systemClock } from "@hapi/platform";
import { createLosses, type Losses, lossesOfHome } from "./losses.ts";

const GONE = noticeWords("record_missing_local", { agent: "Fake" });
let home: string;
let told: [string, AgentEvent][];
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "hapi-losses-"));
  told = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function session(id: string): string {
  const dir = join(home, "sessions", id);
  mkdirSync(dir, { recursive: true });
  const facts = {
    version: 1,
    sessionId: id,
    tag: id,
    flavor: "claude",
    cwd: `/work/${id}`,
    machineId: "m",
    hubUrl: "http://hub",
    createdAt: 1,
  };
  writeFileSync(join(dir, "session.json"), JSON.stringify({ ...facts, startedBy: "terminal", startingMode: "remote", args: [] }));
  return dir;
}
const open = (dir: string): Losses =>
  createLosses({ dir, tell: (key, event) => void told.push([key, event]), clock: systemClock, log: quiet });
const loss = (key: string, kind: Loss["kind"] = "record_missing", words?: NoticeWords): Loss => ({
  kind,
  key,
  ...(words === undefined ? {} : { words }),
  details: { path: "/gone" },
});

test("a loss is a warning in the history and counted once, also over a restart", () => {
  const dir = session("one");
  const first = open(dir);
  first.take(loss("a", "record_missing", GONE));
  first.take(loss("b"));
  expect(told).toEqual([["a", { type: "notice", id: "a", level: "warning", ...GONE }]]);
  const next = open(dir);
  next.take(loss("a", "record_missing", GONE));
  next.take(loss("c", "turn_empty", noticeWords("turn_empty", { agent: "Fake" })));
  expect(next.counts.map(({ kind, count, details }) => [kind, count, details])).toEqual([
    ["record_missing", 2, { path: "/gone" }],
    ["turn_empty", 1, { path: "/gone" }],
  ]);
  expect(told.map(([key]) => key)).toEqual(["a", "a", "c"]);
});

test("the counts of all sessions of a home are added up; one that can't be read is said", () => {
  expect(lossesOfHome(home)).toEqual({ counts: [], sessions: 0, latest: null, unreadable: 0 });
  open(session("one")).take(loss("a"));
  const two = open(session("two"));
  two.take(loss("b"));
  two.take(loss("c", "turn_empty"));
  session("fine");
  writeFileSync(join(session("broken"), "losses.json"), "{");
  const report = lossesOfHome(home);
  expect(report.counts.map(({ kind, count }) => [kind, count])).toEqual([
    ["record_missing", 2],
    ["turn_empty", 1],
  ]);
  expect([report.sessions, report.latest?.directory, report.unreadable]).toEqual([2, "/work/two", 1]);
});
