import { afterEach, beforeEach, expect, test } from "bun:test";
import { silentLogger } from "@hapi/platform";
import { createManualClock, type ManualClock } from "@hapi/testkit";
import { type OpenStores, openStores } from "../testing.ts";
import { type JobHandler, Jobs } from "./jobs.ts";
import type { JobStore } from "./store.ts";

let real: ManualClock;
let aheadMs = 0;
let opened: OpenStores;
let done: string[] = [];
const running: Jobs[] = [];
const clock = { now: () => real.now() + aheadMs, setTimer: (ms: number, fn: () => void) => real.setTimer(ms, fn) };

beforeEach(() => {
  real = createManualClock(0);
  aheadMs = 0;
  done = [];
  opened = openStores({ now: () => clock.now(), log: silentLogger });
});
afterEach(async () => {
  for (const jobs of running.splice(0)) await jobs.stop();
  await opened.close();
});

const write: JobHandler = async (jobs) => void done.push(...jobs.map(({ key }) => `${key} at ${clock.now() / 1000}`));

function startJobs(handler: JobHandler = write, store: JobStore = opened.stores.jobs): Jobs {
  const jobs = new Jobs({ store, clock, log: silentLogger }, { k: handler });
  running.push(jobs);
  jobs.start();
  return jobs;
}

const put = (key: string, due: number | null, subject?: string) =>
  opened.stores.jobs.put({ kind: "k", key, due, ...(subject === undefined ? {} : { subject }) });

test("each is done at its time, those of before too; one that is put is seen", async () => {
  await put("a", 5_000);
  await put("overdue", -1_000);
  const jobs = startJobs();
  await real.advance(1_000);
  await put("soon", 3_000);
  await jobs.look("k");
  for (let second = 0; second < 9; second++) await real.advance(1_000);
  expect(done).toEqual(["overdue at 0", "soon at 3", "a at 5"]);
  expect(await opened.stores.jobs.next("k")).toBeNull();
});

test("the clock ran ahead when the hub started and was set right: what falls due meanwhile is not passed over", async () => {
  aheadMs = 3 * 3_600_000;
  const jobs = startJobs();
  await real.advance(0);
  aheadMs = 0;
  await put("a", 61_000);
  await jobs.look("k");
  await real.advance(62_000);
  expect(done).toEqual(["a at 61"]);
});

test("a clock that leaps is noticed within a minute", async () => {
  await put("a", 3_600_000);
  startJobs();
  await real.advance(1_000);
  aheadMs = 3_600_000;
  await real.advance(60_000);
  expect(done).toEqual(["a at 3660"]);
});

test("what fails is tried again with growing pauses, and keeps nobody else", async () => {
  await put("bad", 0);
  const tries: number[] = [];
  const jobs = startJobs(async (some) => {
    if (some.some(({ key }) => key === "bad")) {
      tries.push(clock.now() / 1000);
      throw new Error("not yet");
    }
    await write(some);
  });
  await real.advance(1_000);
  await put("good", 2_000);
  await jobs.look("k");
  for (let round = 0; round < 80; round++) await real.advance(1_000);
  expect([tries, done]).toEqual([[0, 10, 30, 70], ["good at 2"]]);
});

test("a database that fails for a moment stops nothing", async () => {
  await put("a", 1_000);
  let left = 2;
  const store: JobStore = {
    ...opened.stores.jobs,
    claim: (...args) => (left-- > 0 ? Promise.reject(new Error("the disk is full")) : opened.stores.jobs.claim(...args)),
  };
  startJobs(write, store);
  for (let round = 0; round < 30; round++) await real.advance(1_000);
  expect(done).toEqual(["a at 20"]);
});

test("those that wait for somebody are done when it is there, and nobody waits for those of others", async () => {
  await put("of-m", null, "m");
  await put("of-n", null, "n");
  const gate = Promise.withResolvers<void>();
  const jobs = startJobs(async (some) => {
    if (some.some(({ subject }) => subject === "m")) await gate.promise;
    await write(some);
  });
  const slow = jobs.hurry("k", "m");
  await jobs.hurry("k", "n");
  expect(done).toEqual(["of-n at 0"]);
  gate.resolve();
  await slow;
  expect(done).toEqual(["of-n at 0", "of-m at 0"]);
});

test("who stops waits for what was begun, and begins nothing more", async () => {
  await put("a", 0);
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const jobs = startJobs(async (some) => {
    begun.resolve();
    await gate.promise;
    await write(some);
  });
  await begun.promise;
  await put("b", 0);
  const stopped = jobs.stop();
  gate.resolve();
  await stopped;
  expect(done).toEqual(["a at 0"]);
  expect((await opened.stores.jobs.claim("k", 0)).map(({ key }) => key)).toEqual(["b"]);
});
