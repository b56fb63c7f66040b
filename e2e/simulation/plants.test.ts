/** A checker that finds nothing is worth something only when it finds what was planted. */
import { expect, test } from "bun:test";
import { PLANTS } from "./plants.ts";
import { inWords } from "./schedules.ts";
import { runSchedule } from "./world.ts";

/** So many schedules may go by before a plant shows. */
const WITHIN = 400;

for (const { name, plants, shows } of PLANTS) {
  test(`planted and found: ${name}`, async () => {
    for (let seed = 1; seed <= WITHIN; seed++) {
      const planted = await runSchedule(seed, plants);
      if (!planted.violations.some(({ kind }) => shows.includes(kind))) continue;
      // It is the plant that was found: without it the same schedule is clean.
      const clean = await runSchedule(seed);
      expect(clean.violations.length === 0 ? "" : inWords(clean)).toBe("");
      return;
    }
    throw new Error(`${WITHIN} schedules went by, and nobody noticed`);
  }, 600_000);
}
