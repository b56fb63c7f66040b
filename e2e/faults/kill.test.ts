/**
 * kill -9 at 200 seeded points of a streamed turn with a permission and a queue, under load, over bad networks: hub, session process, runner,
 * viewer, client, agent, host, and several at once (round.ts says what must hold). What does not start itself is started. Several worlds run
 * side by side, so each is also the other's load.
 *
 * `HAPI_FAULT_SEED=n` replays one seed; `HAPI_FAULT_ROUNDS=m` runs m seeds, with `HAPI_FAULT_SEED=n` from there.
 */
import { afterAll, beforeAll, test } from "bun:test";
import { openShared, playRound, type Shared } from "./round.ts";
import { type Fault, faultOf, SEEDS_FOR_ALL, wordsOf } from "./schedule.ts";

const GIVEN = process.env["HAPI_FAULT_SEED"];
const FIRST = Number(GIVEN ?? 20261120);
const ROUNDS = Number(process.env["HAPI_FAULT_ROUNDS"] ?? (GIVEN === undefined ? 4 * SEEDS_FOR_ALL : 1));
const LANES = Number(process.env["HAPI_FAULT_LANES"] ?? 3);
/** The host waits longer before each next start of a session process that dies young: a world does not live for too many rounds. */
const ROUNDS_PER_WORLD = 8;

const faults = Array.from({ length: ROUNDS }, (_, at) => faultOf(FIRST + at));
const outcomes = new Map(faults.map(({ seed }) => [seed, Promise.withResolvers<void>()]));
const waiting = [...faults];
const open = new Set<Shared>();
let lanes: Promise<void>[] = [];
let isOver = false;

async function leave(shared: Shared | null): Promise<null> {
  if (shared) open.delete(shared);
  await shared?.world[Symbol.asyncDispose]();
  return null;
}

async function playOne(shared: Shared | null, fault: Fault): Promise<Shared | null> {
  let here = shared && shared.rounds >= ROUNDS_PER_WORLD ? await leave(shared) : shared;
  try {
    here ??= await openShared(fault.seed);
    open.add(here);
    await playRound(here, fault);
    outcomes.get(fault.seed)?.resolve();
    return here;
  } catch (cause) {
    process.stderr.write(
      `\nHAPI_FAULT_SEED=${fault.seed} replays this; the logs of round ${here?.rounds ?? 0}:\n${here?.world.log() ?? ""}\n`,
    );
    outcomes.get(fault.seed)?.reject(cause);
    return leave(here);
  }
}

async function runLane(): Promise<void> {
  let shared: Shared | null = null;
  for (let fault = waiting.shift(); fault && !isOver; fault = waiting.shift()) shared = await playOne(shared, fault);
  await leave(shared);
}

beforeAll(() => {
  for (const { promise } of outcomes.values()) promise.catch(() => undefined);
  lanes = Array.from({ length: Math.min(LANES, ROUNDS) }, runLane);
});
afterAll(async () => {
  isOver = true;
  await Promise.all(lanes);
}, 480_000);

for (const fault of faults) test(`seed ${fault.seed}: ${wordsOf(fault)}`, () => outcomes.get(fault.seed)?.promise, 180_000);
