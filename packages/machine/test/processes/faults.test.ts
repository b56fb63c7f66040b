/**
 * kill -9 at seeded points of a streamed turn with permissions open: the session process, the hub, or both. The agent keeps its pid, the
 * permission stays answerable, nothing is lost, doubled or out of order. `HAPI_FAULT_SEED` and `HAPI_FAULT_ROUNDS` choose other schedules.
 */
import { test } from "bun:test";
import { faultRound } from "./fault-round.ts";
import { createProcessWorld } from "./process-world.ts";

const SEED = Number(process.env["HAPI_FAULT_SEED"] ?? 20261120);
const ROUNDS = Number(process.env["HAPI_FAULT_ROUNDS"] ?? 3);

async function round(seed: number): Promise<void> {
  await using world = await createProcessWorld({ env: { HAPI_DEMO_SPEED: "3" } });
  await faultRound({ seed, world, record: world.agentRecord, kills: 4, pauseMs: 400 });
}

for (let at = 0; at < ROUNDS; at++) test(`schedule ${SEED + at}`, () => round(SEED + at), 60_000);
