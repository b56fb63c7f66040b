/** kill -9 of the host while real Claude Code works: it goes with all it started, asks its model nothing more, and the session goes on by itself. */
import { existsSync, writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { isAlive, type ProcessId } from "@hapi/platform";
import { allProcesses } from "./processes.ts";
import { atPrompt, BANNER, enter, shows } from "./tui.ts";
import type { WebSession } from "./web.ts";
import { createWorld, type World } from "./world.ts";

/** A shell in the background, a daemon, a tool that is soon over, and more to come. */
const loop = (file: string): string => `while :; do echo step >>${file}; sleep 0.1; done`;
const WORK = [
  `call: Bash {"command":"${loop("background")}","description":"serve","run_in_background":true}`,
  `run: bash work.sh`,
  "run: touch next-tool",
  "say: all done",
].join("\n");

function layOut(world: World): void {
  const daemon = `(nohup setsid bash -c 'trap "" HUP TERM; ${loop("daemon")}' >/dev/null 2>&1 </dev/null &)`;
  writeFileSync(join(world.cwd, "work.sh"), `trap '' HUP TERM\n${daemon}\ntouch tool\nsleep 2\ntouch tool-over\nsleep 600\n`);
}

const has = (world: World, path: string): boolean => existsSync(join(world.cwd, path));
const kindOf = (argv: readonly string[]): string => argv.join(" ");

/** Whatever a host of this home's sessions has started as an agent, or an agent has. */
function family(world: World): ProcessId[] {
  return allProcesses().filter((one) => {
    const words = one.environment ?? [];
    return words.includes(`HOME=${world.home}`) && words.some((word) => word.startsWith("HAPI_HOST_MARK="));
  });
}

async function atWork(world: World): Promise<ProcessId[]> {
  await world.until(() => has(world, "background") && has(world, "daemon") && has(world, "tool"), "tool, background shell and daemon run");
  const found = family(world);
  const lines = allProcesses()
    .filter(({ pid }) => found.some((one) => one.pid === pid))
    .map(({ argv }) => kindOf(argv));
  for (const part of ["claude", "work.sh", "daemon", "background"]) expect(lines.some((line) => line.includes(part))).toBe(true);
  return found;
}

/** Resolves with the milliseconds it took. Nothing more is asked, no tool goes on. */
async function killHost(world: World, session: WebSession, running: readonly ProcessId[]): Promise<number> {
  const { pid, startTime } = await world.facts(session.id);
  const asked = world.models.requests.length;
  await world.kill({ pid, startTime });
  const killedAt = performance.now();
  await world.until(() => !running.some(isAlive) && family(world).length === 0, "agent, tool, background shell and daemon are gone");
  const ms = performance.now() - killedAt;
  expect(world.models.requests.slice(asked).filter((request) => request.op === "answer")).toEqual([]);
  expect([has(world, "tool-over"), has(world, "next-tool")]).toEqual([false, false]);
  return ms;
}

async function goesOn(session: WebSession, cut: string, waiting: string): Promise<void> {
  await session.finished(cut, "interrupted");
  await session.finished(waiting);
  expect(session.told).toContain("ended: interrupted");
  expect(session.told).toContain("says: Echo: and then this");
}

test("steered from the web (pipes), a prompt waiting behind the turn: it runs without anybody's help", async () => {
  await using world = await createWorld();
  layOut(world);
  await world.startRunner();
  const { terminal, session } = await world.start("claude --hapi-starting-mode remote --yolo");
  await shows(terminal, BANNER);
  const cut = await session.send(WORK);
  const running = await atWork(world);
  const waiting = await session.send("and then this");
  const ms = await killHost(world, session, running);
  process.stdout.write(`gone after ${Math.round(ms)} ms\n`);
  await goesOn(session, cut, waiting);
}, 480_000);

test("in its own terminal (a PTY): the same", async () => {
  await using world = await createWorld();
  layOut(world);
  await world.startRunner();
  const { terminal, session } = await world.start("claude --allowedTools Bash");
  await atPrompt(terminal);
  await enter(terminal, "run: bash work.sh");
  await world.until(() => has(world, "daemon") && has(world, "tool"), "the tool runs");
  await killHost(world, session, family(world));
  await session.tells("ended: interrupted");
  await session.ask("still there?");
  expect(session.told).toContain("says: Echo: still there?");
}, 480_000);

test("host and keeper killed, no runner: Claude stands still; the next runner ends it, and what was accepted runs", async () => {
  await using world = await createWorld();
  layOut(world);
  const { terminal, session } = await world.start("claude --hapi-starting-mode remote --yolo");
  await shows(terminal, BANNER);
  const cut = await session.send(WORK);
  const running = await atWork(world);
  const waiting = await session.send("and then this");
  const { pid } = await world.facts(session.id);
  const keeper = allProcesses().find((one) => one.parent === pid && kindOf(one.argv).includes("hapi-keeper"));
  if (!keeper) throw new Error("there is no keeper");
  const asked = world.models.requests.length;
  process.kill(keeper.pid, "SIGSTOP");
  // The signal takes effect some time after it was sent.
  await world.until(() => readFileSync(`/proc/${keeper.pid}/stat`, "latin1").includes(") T "), "the keeper stands still");
  await world.kill({ pid, startTime: null });
  await world.kill(keeper);
  // Its tool goes on to its end, and is told to nobody.
  await world.until(() => has(world, "tool-over"), "the tool is over");
  expect(running.some(isAlive)).toBe(true);
  await world.startRunner();
  await world.until(
    () => !running.some(isAlive) && family(world).every(({ pid: one }) => !running.some((old) => old.pid === one)),
    "all gone",
  );
  await goesOn(session, cut, waiting);
  const answers = world.models.requests.slice(asked).filter((request) => request.op === "answer" && !request.aux);
  expect(answers.map(({ user }) => user)).toEqual(["and then this"]);
}, 480_000);

test("killed at every moment of Claude's start: never two, never one without a host", async () => {
  await using world = await createWorld();
  await world.startRunner();
  const { terminal, session } = await world.start("claude --hapi-starting-mode remote --yolo");
  await shows(terminal, BANNER);
  await session.ask("first");
  await world.kill({ ...(await world.facts(session.id)), startTime: null });
  for (const pause of [0, 100, 400]) {
    await session.send(`after ${pause}`);
    const host = await world.until(async () => {
      const facts = await world.facts(session.id);
      return facts.processes.some((one) => one.exit === null) && facts;
    }, "its agent starts");
    await new Promise((resolve) => setTimeout(resolve, pause));
    await world.kill({ pid: host.pid, startTime: host.startTime });
    await world.until(() => !family(world).some(({ pid }) => host.processes.some((old) => old.pid === pid)), "it is gone");
  }
  const last = await session.send("last");
  await session.finished(last);
  expect(session.told.filter((line) => line === "says: Echo: last")).toHaveLength(1);
  const claudes = allProcesses().filter(
    ({ argv, environment }) => environment?.includes(`HOME=${world.home}`) && argv.includes("--input-format"),
  );
  expect(claudes).toHaveLength(1);
}, 480_000);
