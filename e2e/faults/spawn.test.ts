/**
 * A start is repeatable: whoever asked, and lost the runner or the hub before the answer, asks again with the same launch id and gets the one
 * session, with one host and one agent. `HAPI_FAULT_SEED=n` begins with another seed.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { machineCalls } from "@hapi/client";
import { probeHost } from "@hapi/host";
import { sessionDir } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { faultOf } from "./schedule.ts";
import { createWorld, type Part, type World } from "./world.ts";

const FIRST = Number(process.env["HAPI_FAULT_SEED"] ?? 20261120);
const ROUNDS = 4;
const TARGETS: readonly (readonly Part[])[] = [["runner"], ["hub"], ["hub", "runner"]];
/** A start takes about this long; the kill falls somewhere into it. */
const START_MS = 900;

let world: World;
beforeAll(async () => {
  world = await createWorld({ speed: 5 });
});
afterAll(() => world[Symbol.asyncDispose]());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function spawn(directory: string, launchId: string): Promise<string | null> {
  const { api } = world;
  try {
    const [machine] = await api.machines.list();
    if (!machine) return null;
    const result = await machineCalls(api).spawn(machine.id, { directory, agent: "demo", launchId });
    return result.type === "success" ? result.sessionId : null;
  } catch (cause) {
    if (cause instanceof AppError && cause.retryable) return null;
    throw cause;
  }
}

for (let seed = FIRST; seed < FIRST + ROUNDS; seed++) {
  const parts = TARGETS[seed % TARGETS.length] ?? [];
  test(`seed ${seed}: ${parts.join(" and ")} killed during a start`, async () => {
    const { depth, awayMs } = faultOf(seed);
    const directory = join(world.home, "..", `spawn-${seed}`);
    const launchId = `launch-${seed}`;
    const first = spawn(directory, launchId);
    await pause(depth * START_MS);
    await Promise.all(parts.map((part) => world.kill(part)));
    await pause(awayMs);
    for (const part of parts) await world.start(part);
    const answered = await first;
    const id = await world.until(() => spawn(directory, launchId), "the repeated start succeeds");
    if (answered !== null) expect(id).toBe(answered);
    expect(await spawn(directory, launchId)).toBe(id);

    const records = world
      .sessionIds()
      .map((name) => JSON.parse(readFileSync(join(sessionDir(world.home, name), "session.json"), "utf8")) as { launchId?: string });
    expect(records.filter((record) => record.launchId === launchId).length).toBe(1);
    const session = await world.until(async () => {
      const found = await world.api.sessions.get(id);
      return found.active && found.metadata?.lifecycleState === "running" ? found : null;
    }, "it runs");
    expect(session.metadata?.path).toBe(directory);
    const rows = (await world.api.sessions.list()).filter((one) => one.metadata?.path === directory);
    expect(rows.map((row) => row.id)).toEqual([id]);
    const facts = await probeHost(sessionDir(world.home, id));
    expect(facts?.processes.filter((one) => one.exit === null).length).toBe(1);
  });
}
