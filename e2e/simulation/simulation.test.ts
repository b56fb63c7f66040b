/**
 * Thousands of bad days in one process: real hub, session process, driver, links, outboxes and sync engines on virtual time, with everything
 * killed, cut off and delayed by chance. Nothing may be lost, nothing happen twice, and nothing shown that is not so.
 */
import { expect, test } from "bun:test";
import { FIRST_SEED, inWords, ROUNDS } from "./schedules.ts";
import { runSchedule } from "./world.ts";

const PER_TEST = 100;

test("a seed is a schedule: the same steps, the same history", async () => {
  const [first, second] = [await runSchedule(FIRST_SEED), await runSchedule(FIRST_SEED)];
  expect(second.story).toEqual(first.story);
  expect(second.steps).toBe(first.steps);
  expect(second.history.agent).toEqual(first.history.agent);
});

/** What two hundred schedules must have met at least once. */
const met = { steered: 0, gaps: 0 };

for (let from = FIRST_SEED; from < FIRST_SEED + ROUNDS; from += PER_TEST) {
  const until = Math.min(from + PER_TEST, FIRST_SEED + ROUNDS);
  test(`seeds ${from} to ${until - 1}`, async () => {
    const failed: string[] = [];
    for (let seed = from; seed < until; seed++) {
      const outcome = await runSchedule(seed);
      met.steered += outcome.steered;
      met.gaps += outcome.gaps;
      if (outcome.violations.length > 0 || outcome.errors.length > 0) failed.push(inWords(outcome));
    }
    expect(failed.join("\n\n")).toBe("");
  }, 240_000);
}

if (ROUNDS >= 2 * PER_TEST)
  test("prompts went into running turns, and readers fell so far behind that they had to read afresh", () => {
    expect(met.steered).toBeGreaterThan(0);
    expect(met.gaps).toBeGreaterThan(0);
  });
