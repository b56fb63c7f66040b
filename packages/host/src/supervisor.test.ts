/** What keeps a session process running, on a clock of the test: a death nobody reports, and a life that never comes to anything. */
import { afterEach, expect, test } from "bun:test";
import { isAlive, killTree, spawnDetached, type DetachedProcess } from "@hapi/platform/lean";
import { createManualClock } from "@hapi/testkit";
import { contactMs, lookEveryMs, Supervisor } from "./supervisor.ts";

const children: DetachedProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    killTree(child, "SIGKILL");
    await child.exited;
  }
});

/** A session process that just lives; with `isDeaf`, its end is reported to nobody. */
function supervised(options: { isDeaf: boolean; hasAgents?: boolean }) {
  const clock = createManualClock(1_000);
  const gaveUp: string[] = [];
  const supervisor = new Supervisor({
    argv: ["sleep", "600"],
    cwd: "/",
    env: { PATH: process.env["PATH"] },
    logFile: "/dev/null",
    clock,
    onGiveUp: (hint) => gaveUp.push(hint),
    hasAgents: () => options.hasAgents ?? true,
    spawn(argv, how) {
      const child = spawnDetached(argv, how);
      children.push(child);
      return options.isDeaf ? { ...child, exited: new Promise(() => undefined) } : child;
    },
  });
  supervisor.start();
  return { clock, supervisor, gaveUp };
}

async function killLast(): Promise<void> {
  const child = children.at(-1);
  if (!child) throw new Error("nothing was started");
  process.kill(child.pid, "SIGKILL");
  await child.exited;
}

test("a death that nobody reports is found by looking, and it is started again", async () => {
  const { clock, supervisor } = supervised({ isDeaf: true });
  supervisor.connected();
  await killLast();
  await clock.advance(lookEveryMs);
  expect(supervisor.facts).toEqual({ pid: null, starts: 1 });
  await clock.advance(200);
  expect(supervisor.facts).toEqual({ pid: children[1]?.pid ?? 0, starts: 2 });
});

test("one that lives and never shakes hands is ended and started again", async () => {
  const { clock, supervisor } = supervised({ isDeaf: false });
  const [first] = children;
  await clock.advance(contactMs - lookEveryMs);
  expect(isAlive(first as DetachedProcess)).toBe(true);
  await clock.advance(lookEveryMs);
  expect(await first?.exited).toEqual({ code: null, signal: "SIGKILL" });
  await clock.advance(200);
  expect(supervisor.facts.starts).toBe(2);
});

test("one that steers lives as long as it likes; one that let go of us and stays does not", async () => {
  const { clock, supervisor } = supervised({ isDeaf: false });
  supervisor.connected();
  const [first] = children;
  await clock.advance(10 * contactMs);
  expect(isAlive(first as DetachedProcess)).toBe(true);
  supervisor.disconnected();
  await clock.advance(contactMs - lookEveryMs);
  expect(isAlive(first as DetachedProcess)).toBe(true);
  await clock.advance(2 * lookEveryMs);
  expect(await first?.exited).toEqual({ code: null, signal: "SIGKILL" });
  await clock.advance(200);
  expect(supervisor.facts.starts).toBe(2);
});

test("what was stopped is not started again, whoever finds it dead", async () => {
  const { clock, supervisor } = supervised({ isDeaf: false });
  const stopped = supervisor.stop(1_000, { ask: true });
  await children[0]?.exited;
  await stopped;
  await clock.advance(10 * lookEveryMs);
  expect(supervisor.facts).toEqual({ pid: null, starts: 1 });
});

test("killed again and again after it shook hands, the next comes within a second; once it was all right, at once", async () => {
  const { clock, supervisor } = supervised({ isDeaf: false });
  const pauses: number[] = [];
  for (let kill = 1; kill <= 8; kill++) {
    supervisor.connected();
    if (kill === 8) await clock.advance(3_000);
    await killLast();
    let pause = 0;
    for (; supervisor.facts.starts === kill; pause += 50) await clock.advance(50);
    pauses.push(pause);
  }
  expect(pauses.map((pause) => Math.min(pause, 1_050))).toEqual(pauses);
  expect(pauses[6]).toBeGreaterThanOrEqual(1_000);
  expect(pauses[7]).toBeLessThanOrEqual(150);
});

test("one that ends before it shook hands is started again with pauses that grow to seconds", async () => {
  const { clock, supervisor } = supervised({ isDeaf: false });
  let pause = 0;
  for (let kill = 1; kill <= 8; kill++) {
    await killLast();
    for (pause = 0; supervisor.facts.starts === kill; pause += 50) await clock.advance(50);
  }
  expect(pause).toBeGreaterThanOrEqual(5_000);
});
