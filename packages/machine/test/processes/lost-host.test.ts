/** kill -9 of a session's host: the runner says at the hub what became of it, without starting an agent. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeContent } from "@hapi/core";
import { readHostMark } from "@hapi/host";
import { attempt, isAlive, processStartTime, processTable } from "@hapi/platform";
import { createProcessWorld, type ProcessWorld } from "./process-world.ts";

const endings = async (world: ProcessWorld): Promise<unknown[]> =>
  (await world.rows())
    .flatMap((row) => decodeContent(row.content, { id: row.id }))
    .flatMap((event) => (event.type === "turn-ended" ? [event.outcome] : []));

async function midTurn(world: ProcessWorld): Promise<string> {
  const localId = await world.send("slow 400 100");
  await world.until(async () => (await world.row(localId))?.stage === "started", "the turn runs");
  return localId;
}

async function settled(world: ProcessWorld, localId: string): Promise<void> {
  await world.until(async () => (await world.row(localId))?.stage === "interrupted", "the prompt is interrupted");
  await world.until(async () => !(await world.api.sessions.get(world.sessionId)).active, "inactive");
  await world.until(async () => readHostMark(world.dir) === null, "the mark is gone");
  const session = await world.api.sessions.get(world.sessionId);
  expect(session).toMatchObject({ active: false, thinking: false, metadata: { lifecycleState: "aborted" } });
  expect(await endings(world)).toEqual(["interrupted"]);
}

test("killed in a turn under a runner: soon the turn is interrupted, the session inactive; no agent was started, and it can be resumed", async () => {
  await using world = await createProcessWorld();
  await world.startRunner();
  const localId = await midTurn(world);
  const before = world.agentRecord().ran;
  await world.killHost();
  await settled(world, localId);
  expect(world.agentRecord().ran).toEqual(before);
  const next = await world.send("say: still here");
  await world.until(async () => (await world.row(next))?.stage === "done", "a prompt wakes it again");
  expect((await world.api.sessions.get(world.sessionId)).metadata?.lifecycleState).toBe("running");
}, 240_000);

test("killed while no runner and no hub ran: the next runner says it once both are there", async () => {
  await using world = await createProcessWorld();
  const localId = await midTurn(world);
  await world.killHub();
  await world.killHost();
  await world.startHub();
  await world.startRunner();
  await settled(world, localId);
}, 240_000);

test('with sessionPreservation "resume" it runs again instead', async () => {
  await using world = await createProcessWorld();
  writeFileSync(join(world.root, "home", "settings.json"), JSON.stringify({ sessionPreservation: "resume" }));
  const localId = await midTurn(world);
  await world.killHost();
  await world.startRunner();
  await world.until(async () => (await world.row(localId))?.stage === "interrupted", "the prompt is interrupted");
  await world.until(async () => (await world.facts()).processes.some((process) => process.exit === null), "its agent runs");
  await world.until(async () => (await world.api.sessions.get(world.sessionId)).metadata?.lifecycleState === "running", "running");
  expect(readdirSync(join(world.root, "home", "sessions"))).toEqual([world.sessionId]);
}, 240_000);

test("deleted at the hub after its host was killed: its folder leaves this machine", async () => {
  await using world = await createProcessWorld();
  writeFileSync(join(world.root, "home", "settings.json"), JSON.stringify({ machineId: "machine-1" }));
  await world.startRunner();
  const localId = await midTurn(world);
  await world.killHost();
  await settled(world, localId);
  await world.api.sessions.remove(world.sessionId);
  await world.until(async () => !existsSync(world.dir), "the folder is gone");
}, 240_000);

test("killed together with everything the hub knew: the runner makes its row again and says how it ended", async () => {
  await using world = await createProcessWorld();
  const localId = await midTurn(world);
  await world.killHub();
  await world.killHost();
  const home = join(world.root, "home");
  for (const name of readdirSync(home)) if (name.startsWith("hub.sqlite")) rmSync(join(home, name));
  await world.startHub();
  await world.startRunner();
  await world.until(async () => readHostMark(world.dir) === null, "the mark is gone");
  expect(await world.api.sessions.get(world.sessionId)).toMatchObject({
    active: false,
    metadata: { lifecycleState: "aborted", flavor: "demo" },
  });
  expect(await endings(world)).toEqual(["interrupted"]);
  // Its prompt was on the disk of the hub that is no more.
  expect(await world.row(localId)).toBeUndefined();
  const next = await world.send("say: still here");
  await world.until(async () => (await world.row(next))?.stage === "done", "a prompt wakes it again");
}, 240_000);

test("killed together with its keeper: the runner ends the agent and what it started, and the session goes on", async () => {
  await using world = await createProcessWorld();
  const localId = await midTurn(world);
  const agent = { pid: await world.agentPid(), startTime: processStartTime(await world.agentPid()) };
  const { pid: host } = await world.facts();
  const keeper = processTable().find(({ pid, parent }) => parent === host && commandOf(pid).includes("hapi-keeper"));
  if (!keeper) throw new Error("there is no keeper");
  process.kill(keeper.pid, "SIGKILL");
  await world.killHost();
  await world.startRunner();
  await world.until(async () => !isAlive(agent), "the agent is gone");
  await settled(world, localId);
  const next = await world.send("say: still here");
  await world.until(async () => (await world.row(next))?.stage === "done", "a prompt wakes it again");
}, 240_000);

const commandOf = (pid: number): string => attempt(() => readFileSync(`/proc/${pid}/cmdline`, "latin1"), "it ended") ?? "";
