/** The text of an earlier conversation reaches the agent in front of the first prompt, once, whatever is killed when. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { createSession } from "../src/session/create-session.ts";
import { createWorld, stages, type World } from "./world.ts";

const history = "## Person\nremember pineapple";
const fileOf = (world: World): string => join(world.dir, "history.txt");
const carriers = (world: World): string[] => world.agent.told.map(({ localId }) => localId);

async function run(world: World, localId: string, text = localId): Promise<void> {
  world.hub.prompt(localId, text);
  await world.hub.until(() => stages(world, localId).includes("started"), `${localId} runs`);
  world.agent.finish();
  await world.hub.until(() => stages(world, localId).at(-1) === "done", `${localId} is done`);
}

/** Nothing at the hub changes with it. */
async function isGone(world: World): Promise<void> {
  while (existsSync(fileOf(world))) await new Promise((resolve) => setImmediate(resolve));
}

test("the first prompt carries it, the next one does not; the person's words stay alone, and nothing is left of it", async () => {
  await using world = await createWorld({ history });
  expect(statSync(fileOf(world)).mode & 0o777).toBe(0o600);
  await run(world, "p1", "what was it?");
  await isGone(world);
  await run(world, "p2");
  await world.relaunch();
  await run(world, "p3");
  expect(world.agent.told).toEqual([{ localId: "p1", text: history }]);
  expect(world.agent.ran).toEqual(["what was it?", "p2", "p3"]);
  expect(JSON.stringify(world.hub.rows)).not.toContain("pineapple");
});

test("a session that goes on from nothing has no such file, and one that is prepared again gets none", async () => {
  await using world = await createWorld();
  const { sessionId, flavor, cwd, machineId, hubUrl, startedBy, startingMode } = world.sessionFile.value;
  const home = join(cwd, "home");
  createSession({ home, sessionId, flavor, cwd, machineId, hubUrl, startedBy, startingMode, history });
  expect(existsSync(fileOf(world))).toBe(false);
  await run(world, "p1");
  expect(world.agent.told).toEqual([]);
});

test("killed before the agent took the prompt up: it is handed again, and carries it again", async () => {
  await using world = await createWorld({ history });
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "p1");
  await world.hub.until(() => stages(world, "p1").at(-1) === "handed", "handed");
  await world.crash();
  world.agent.die({ signal: "SIGKILL" });
  world.agent.onPrompt = "run";
  await world.start();
  await world.hub.until(() => stages(world, "p1").includes("started"), "it runs");
  world.agent.finish();
  await isGone(world);
  await run(world, "p2");
  expect(carriers(world)).toEqual(["p1", "p1"]);
  expect(world.agent.ran).toEqual(["p1", "p2"]);
});

test("the session process is killed while the agent takes the prompt up: the next prompt does not carry it", async () => {
  await using world = await createWorld({ history });
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "p1");
  await world.hub.until(() => stages(world, "p1").at(-1) === "handed", "handed");
  await world.crash();
  world.agent.takeUp();
  world.agent.onPrompt = "run";
  await world.start();
  world.agent.finish();
  await world.hub.until(() => stages(world, "p1").at(-1) === "done", "done");
  await run(world, "p2");
  expect(carriers(world)).toEqual(["p1"]);
});

test("the prompt that carried it was taken back: the next one carries it", async () => {
  await using world = await createWorld({ history });
  world.agent.onPrompt = "wait";
  world.hub.prompt("p1", "p1");
  await world.hub.until(() => stages(world, "p1").at(-1) === "handed", "handed");
  expect(await world.hub.cancel("p1")).toEqual({ removed: true });
  world.agent.onPrompt = "run";
  await run(world, "p2");
  await run(world, "p3");
  expect(carriers(world)).toEqual(["p1", "p2"]);
});

test("a command of the agent goes alone, words that only begin like one do not", async () => {
  await using world = await createWorld({ history });
  await run(world, "p1", "/help me");
  expect(existsSync(fileOf(world))).toBe(true);
  await run(world, "p2", "/home/me is full");
  await run(world, "p3");
  expect(carriers(world)).toEqual(["p2"]);
});

test("sending a failed first prompt again by Retry does not give it twice", async () => {
  await using world = await createWorld({ history });
  world.hub.prompt("p1", "p1");
  await world.hub.until(() => stages(world, "p1").includes("started"), "runs");
  world.agent.finish({ code: "overloaded", message: "busy", retryable: true });
  await world.hub.until(() => stages(world, "p1").at(-1) === "failed", "failed");
  await world.hub.rpc("retry-turn");
  await world.hub.until(() => world.agent.ran.includes("retry p1"), "again");
  world.agent.finish();
  await isGone(world);
  await run(world, "p2");
  expect(carriers(world)).toEqual(["p1"]);
});
