/**
 * kill -9 of the host: its agents go with it, and everything they started, however it was put into the background; what another host runs, and
 * what survived an agent that ended in good order, does not.
 */
import { afterEach, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, bootId, delay, isAlive, processStartTime, processTable, type ProcessId, sessionDir } from "@hapi/platform/lean";
import { endLeftBehind, startHost } from "../src/index.ts";
import { familyFile, MARK_VARIABLE, readFamily } from "../src/family-file.ts";
import { hostCommand, programEnv, readUntil, startTestHost, type TestHost } from "./harness.ts";

const slowMs = 240_000;
const onLinux = test.skipIf(process.platform !== "linux");

/** An agent deaf to polite signals, with a child of each kind. */
const stubborn = "trap '' HUP TERM; echo $$ >>$PIDS; while :; do sleep 0.1; done";
const agentScript = `
trap '' HUP TERM
sh -c "$STUBBORN" &
nohup sh -c "$STUBBORN" >/dev/null 2>&1 &
setsid sh -c "$STUBBORN" >/dev/null 2>&1 </dev/null &
(setsid sh -c "$STUBBORN" >/dev/null 2>&1 </dev/null &)
setsid sh -c 'nohup sh -c "$STUBBORN" & exit 0' >/dev/null 2>&1 </dev/null &
env -i PATH="$PATH" PIDS="$PIDS" setsid sh -c 'echo $$ >>$PIDS; exec sleep 1000' >/dev/null 2>&1 </dev/null &
set -m
sh -c "$STUBBORN" &
until [ "$(wc -l <"$PIDS")" -ge 7 ]; do sleep 0.02; done
echo $$ >>$PIDS
echo ready
while :; do sleep 0.1; done
`;

interface Agent {
  /** It, and all that it started. */
  everybody: readonly ProcessId[];
}

/** Of a test that failed some are left. */
const started: ProcessId[] = [];
afterEach(() => {
  for (const one of started.splice(0)) if (isAlive(one)) killed(one);
});

async function startAgent(host: TestHost, kind: "pty" | "pipe", launchId = "agent"): Promise<Agent> {
  const pids = join(host.home, `pids-${launchId}`);
  writeFileSync(pids, "");
  const control = await host.control();
  const env = { ...programEnv, PIDS: pids, STUBBORN: stubborn };
  const program = await control.spawn({ launchId, kind, argv: ["bash", "-c", agentScript], cwd: host.home, env });
  await readUntil(program, (text) => text.includes("ready"));
  const everybody = readFileSync(pids, "utf8")
    .trim()
    .split("\n")
    .map((line) => ({ pid: Number(line), startTime: processStartTime(Number(line)) }));
  started.push(...everybody);
  expect(everybody.length).toBe(8);
  expect(everybody.map(({ pid }) => pid)).toContain(program.pid);
  return { everybody };
}

/** It fails when it takes longer than a test may. */
async function until(look: () => boolean): Promise<void> {
  while (!look()) await delay(10);
}

const allGone = ({ everybody }: Agent): boolean => !everybody.some(isAlive);
const allThere = ({ everybody }: Agent): boolean => everybody.every(isAlive);

function keeperOf(host: TestHost): ProcessId | undefined {
  return processTable().find(
    ({ pid, parent }) =>
      parent === host.facts.pid &&
      attempt(() => readFileSync(`/proc/${pid}/cmdline`, "latin1"), "it ended")?.includes("hapi-keeper") === true,
  );
}

function killed(id: ProcessId): void {
  process.kill(id.pid, "SIGKILL");
}

for (const kind of ["pty", "pipe"] as const) {
  onLinux(
    `an agent on a ${kind}: all that it started is gone soon after its host`,
    async () => {
      await using host = await startTestHost();
      const agent = await startAgent(host, kind);
      killed(host.facts);
      await until(() => allGone(agent));
      await until(() => readFamily(host.dir) === null);
    },
    slowMs,
  );

  onLinux(
    `host and keeper of an agent on a ${kind} killed at once: it stands still, and whoever comes next ends it`,
    async () => {
      await using host = await startTestHost();
      const agent = await startAgent(host, kind);
      const keeper = keeperOf(host);
      if (!keeper) throw new Error("there is no keeper");
      process.kill(keeper.pid, "SIGSTOP");
      await until(() => stateOf(keeper.pid) === "T");
      killed(host.facts);
      killed(keeper);
      await until(() => !isAlive(host.facts) && !isAlive(keeper));
      expect(await endLeftBehind(host.dir)).toBe("ended");
      expect(allGone(agent)).toBe(true);
      expect(await endLeftBehind(host.dir)).toBe("nothing");
    },
    slowMs,
  );
}

for (const record of ["missing", "damaged"] as const) {
  onLinux(
    `where the host's record of its agents is ${record}, the keeper ends those it was told of`,
    async () => {
      await using host = await startTestHost();
      const control = await host.control();
      const argv = ["bash", "-c", "trap '' HUP TERM; while :; do sleep 0.1; done"];
      const program = await control.spawn({ launchId: "agent", kind: "pty", argv, cwd: host.home, env: programEnv });
      const agent = { pid: program.pid, startTime: processStartTime(program.pid) };
      started.push(agent);
      await until(() => readFamily(host.dir)?.agents.some(({ pid }) => pid === agent.pid) === true);
      if (record === "missing") rmSync(familyFile(host.dir));
      else writeFileSync(familyFile(host.dir), "{");
      killed(host.facts);
      await until(() => !isAlive(agent));
    },
    slowMs,
  );
}

onLinux(
  "without its keeper too an agent takes no further step once the host is dead",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const work = join(host.home, "work");
    const argv = ["bash", "-c", `while :; do echo step >>${work}; sleep 0.01; done`];
    const program = await control.spawn({ launchId: "agent", kind: "pipe", argv, cwd: host.home, env: programEnv });
    const agent = { pid: program.pid, startTime: processStartTime(program.pid) };
    await until(() => attempt(() => readFileSync(work, "utf8"), "not yet") !== undefined);
    const keeper = keeperOf(host);
    if (!keeper) throw new Error("there is no keeper");
    process.kill(keeper.pid, "SIGSTOP");
    await until(() => stateOf(keeper.pid) === "T");
    killed(host.facts);
    await until(() => stateOf(agent.pid) === "T");
    const before = readFileSync(work, "utf8");
    await delay(200);
    expect(readFileSync(work, "utf8")).toBe(before);
    killed(keeper);
    await endLeftBehind(host.dir);
    expect(isAlive(agent)).toBe(false);
  },
  slowMs,
);

onLinux(
  "a host that was suspended first, then killed",
  async () => {
    await using host = await startTestHost();
    const agent = await startAgent(host, "pipe");
    process.kill(host.facts.pid, "SIGSTOP");
    await until(() => stateOf(host.facts.pid) === "T");
    expect(await endLeftBehind(host.dir)).toBe("host-lives");
    expect(allThere(agent)).toBe(true);
    killed(host.facts);
    await until(() => allGone(agent));
  },
  slowMs,
);

onLinux(
  "a keeper that is killed is replaced, the agent does not notice; the new one does its work",
  async () => {
    await using host = await startTestHost();
    const agent = await startAgent(host, "pipe");
    for (let round = 0; round < 3; round++) {
      const keeper = keeperOf(host);
      if (!keeper) throw new Error("there is no keeper");
      killed(keeper);
      await until(() => ![undefined, keeper.pid].includes(keeperOf(host)?.pid));
    }
    expect(allThere(agent)).toBe(true);
    killed(host.facts);
    await until(() => allGone(agent));
  },
  slowMs,
);

onLinux(
  "an agent that was replaced by another one: what both started goes, but for what lost its parents and its environment",
  async () => {
    await using host = await startTestHost();
    const first = await startAgent(host, "pty", "first");
    const control = await host.control();
    await control.process("first")?.signal("SIGKILL");
    await control.process("first")?.exited;
    const second = await startAgent(host, "pipe", "second");
    const isMarked = ({ pid }: ProcessId): boolean =>
      attempt(() => readFileSync(`/proc/${pid}/environ`, "latin1"), "it ended")?.includes(`${MARK_VARIABLE}=`) === true;
    const outOfReach = first.everybody.filter((one) => isAlive(one) && !isMarked(one));
    const inReach = { everybody: first.everybody.filter((one) => !outOfReach.includes(one)) };
    expect([outOfReach.length, inReach.everybody.filter(isAlive).length]).toEqual([1, 6]);
    killed(host.facts);
    await until(() => allGone(inReach) && allGone(second));
    for (const one of outOfReach) killed(one);
  },
  slowMs,
);

onLinux(
  "of two sessions in one folder only the killed host's agents go",
  async () => {
    await using host = await startTestHost();
    await using other = await startTestHost({ sessionId: "session-2" });
    const agent = await startAgent(host, "pipe");
    const others = await startAgent(other, "pipe");
    killed(host.facts);
    await until(() => allGone(agent));
    await until(() => readFamily(host.dir) === null);
    expect(allThere(others)).toBe(true);
    killed(other.facts);
    await until(() => allGone(others));
  },
  slowMs,
);

onLinux(
  "killed while it starts agents: none of them stays",
  async () => {
    const left = (run: string): number[] =>
      readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => attempt(() => readFileSync(`/proc/${pid}/environ`, "latin1"), "it ended")?.includes(`TEST_RUN=${run}`))
        .map(Number)
        .filter((pid) => processStartTime(pid) !== null);
    for (let round = 0; round < 8; round++) {
      await using host = await startTestHost();
      const run = randomUUID();
      const control = await host.control();
      const argv = ["sh", "-c", "setsid sleep 1000 & sleep 1000"];
      const spawn = (index: number) =>
        control.spawn({ launchId: `${index}`, kind: "pipe", argv, cwd: "/", env: { ...programEnv, TEST_RUN: run } }).catch(() => null);
      const starts = Array.from({ length: 20 }, (_, index) => spawn(index));
      await delay(round * 2);
      killed(host.facts);
      await Promise.all(starts);
      await until(() => readFamily(host.dir) === null);
      expect(left(run)).toEqual([]);
    }
  },
  slowMs,
);

onLinux(
  "the next start of the session ends what no keeper and no runner could, before its own agents begin",
  async () => {
    await using host = await startTestHost();
    const agent = await startAgent(host, "pipe");
    const keeper = keeperOf(host);
    if (keeper) killed(keeper);
    killed(host.facts);
    await until(() => !isAlive(host.facts));
    const next = await startHost({ home: host.home, sessionId: "session-1", sessionArgv: [], env: process.env, cwd: "/", hostCommand });
    expect([next.joined, allGone(agent)]).toEqual([false, true]);
    expect(readFamily(sessionDir(host.home, "session-1"))?.host.pid).toBe(next.facts.pid);
  },
  slowMs,
);

onLinux(
  "a session that ends in good order: what left its agent's tree goes on",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const argv = ["bash", "-c", "(setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo server=$!); read end"];
    const program = await control.spawn({ launchId: "agent", kind: "pipe", argv, cwd: "/", env: programEnv });
    const said = await readUntil(program, (text) => text.includes("\n"));
    const server = Number(/server=(\d+)/.exec(said)?.[1]);
    await until(() => attempt(() => readFileSync(`/proc/${server}/cmdline`, "latin1"), "it starts")?.startsWith("sleep") === true);
    const id = { pid: server, startTime: processStartTime(server) };
    expect(readFileSync(`/proc/${server}/environ`, "latin1")).toContain(`${MARK_VARIABLE}=`);
    const keeper = keeperOf(host);
    await control.shutdown({ exitCode: 0 });
    await until(() => !isAlive(host.facts) && !(keeper && isAlive(keeper)));
    expect(await endLeftBehind(host.dir)).toBe("nothing");
    expect(isAlive(id)).toBe(true);
    process.kill(server, "SIGKILL");
  },
  slowMs,
);

onLinux(
  "a pid that belongs to somebody else by now is left alone: another start time, or another start of the machine",
  async () => {
    await using host = await startTestHost();
    const bystander = Bun.spawn(["sleep", "1000"]);
    const startTime = processStartTime(bystander.pid);
    const record = { host: { pid: 2 ** 22 + 1, startTime: "1" }, mark: randomUUID(), bootId: bootId() };
    const agents = [{ pid: bystander.pid, startTime: "1" }];
    writeFileSync(familyFile(host.home), JSON.stringify({ ...record, agents }));
    expect(await endLeftBehind(host.home)).toBe("ended");
    expect(processStartTime(bystander.pid)).toBe(startTime);
    writeFileSync(familyFile(host.home), JSON.stringify({ ...record, agents: [{ pid: bystander.pid, startTime }], bootId: "another" }));
    expect(await endLeftBehind(host.home)).toBe("nothing");
    expect(processStartTime(bystander.pid)).toBe(startTime);
    // The same in this life of the machine is meant.
    writeFileSync(familyFile(host.home), JSON.stringify({ ...record, agents: [{ pid: bystander.pid, startTime }] }));
    expect(await endLeftBehind(host.home)).toBe("ended");
    expect(processStartTime(bystander.pid)).toBeNull();
  },
  slowMs,
);

function stateOf(pid: number): string | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"), "it ended");
  return stat?.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
}
