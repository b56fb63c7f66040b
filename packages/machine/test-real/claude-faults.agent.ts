/** The fault schedules with real Claude Code. `HAPI_FAULT_SEED` and `HAPI_FAULT_ROUNDS` choose other ones. */
import { afterAll, beforeAll, test } from "bun:test";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import { faultRound } from "../test/processes/fault-round.ts";
import { claudeWorld, transcriptOf } from "./claude-world.ts";

const SEED = Number(process.env["HAPI_FAULT_SEED"] ?? 20261120);
const ROUNDS = Number(process.env["HAPI_FAULT_ROUNDS"] ?? 3);

let models: FakeModels;
beforeAll(async () => {
  models = await startFakeModels();
});
afterAll(() => models.close());

async function round(seed: number): Promise<void> {
  await using world = await claudeWorld(models, "remote");
  await faultRound({ seed, world, record: () => transcriptOf(world), kills: 5, pauseMs: 900 });
}

for (let at = 0; at < ROUNDS; at++) test(`schedule ${SEED + at}`, () => round(SEED + at), 90_000);
