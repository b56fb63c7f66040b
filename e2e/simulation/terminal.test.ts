/**
 * Days with a Claude in its terminal, its real driver, and a person who sits there while others send from afar: handoffs to and fro, dialogs with two
 * keyboards, queues, hooks that overtake the transcript or come late. `HAPI_SIM_TERMINAL_ROUNDS=2000` goes through more of them, `HAPI_SIM_SEED` plays
 * one again.
 */
import { expect, test } from "bun:test";
import { FIRST_SEED, findPlant, inWords, TERMINAL_ROUNDS } from "./schedules.ts";
import { TERMINAL_PLANTS } from "./terminal-plants.ts";
import { runSchedule } from "./world.ts";

const PER_TEST = 100;

test("a seed is a schedule: the same steps, the same history", async () => {
  const [first, second] = [await runSchedule(FIRST_SEED, { agent: "terminal" }), await runSchedule(FIRST_SEED, { agent: "terminal" })];
  expect(second.story).toEqual(first.story);
  expect(second.steps).toBe(first.steps);
  expect(second.history.agent).toEqual(first.history.agent);
});

for (let from = FIRST_SEED; from < FIRST_SEED + TERMINAL_ROUNDS; from += PER_TEST) {
  const until = Math.min(from + PER_TEST, FIRST_SEED + TERMINAL_ROUNDS);
  test(`seeds ${from} to ${until - 1}`, async () => {
    const failed: string[] = [];
    for (let seed = from; seed < until; seed++) {
      const outcome = await runSchedule(seed, { agent: "terminal" });
      if (outcome.violations.length > 0 || outcome.errors.length > 0) failed.push(inWords(outcome));
    }
    expect(failed.join("\n\n")).toBe("");
  }, 240_000);
}

for (const plant of TERMINAL_PLANTS) test(`planted and found: ${plant.name}`, () => findPlant(plant, "terminal"), 600_000);
