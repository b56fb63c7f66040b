/**
 * The same days with a scripted Claude and its real driver: transcripts that lag behind, move and fall silent, turns without a word, prompts that
 * Claude takes into a running turn or behind it, retries. `HAPI_SIM_CLAUDE_ROUNDS=2000` goes through more of them, `HAPI_SIM_SEED` plays one again.
 */
import { expect, test } from "bun:test";
import { CLAUDE_PLANTS } from "./claude-plants.ts";
import { CLAUDE_ROUNDS, FIRST_SEED, findPlant, inWords } from "./schedules.ts";
import { runSchedule } from "./world.ts";

const PER_TEST = 100;

test("a seed is a schedule: the same steps, the same history", async () => {
  const [first, second] = [await runSchedule(FIRST_SEED, { agent: "claude" }), await runSchedule(FIRST_SEED, { agent: "claude" })];
  expect(second.story).toEqual(first.story);
  expect(second.steps).toBe(first.steps);
  expect(second.history.agent).toEqual(first.history.agent);
});

for (let from = FIRST_SEED; from < FIRST_SEED + CLAUDE_ROUNDS; from += PER_TEST) {
  const until = Math.min(from + PER_TEST, FIRST_SEED + CLAUDE_ROUNDS);
  test(`seeds ${from} to ${until - 1}`, async () => {
    const failed: string[] = [];
    for (let seed = from; seed < until; seed++) {
      const outcome = await runSchedule(seed, { agent: "claude" });
      if (outcome.violations.length > 0 || outcome.errors.length > 0) failed.push(inWords(outcome));
    }
    expect(failed.join("\n\n")).toBe("");
  }, 240_000);
}

for (const plant of CLAUDE_PLANTS) test(`planted and found: ${plant.name}`, () => findPlant(plant, "claude"), 600_000);
