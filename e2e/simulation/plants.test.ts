/** A checker that finds nothing is worth something only when it finds what was planted. */
import { test } from "bun:test";
import { PLANTS } from "./plants.ts";
import { findPlant } from "./schedules.ts";

for (const plant of PLANTS) test(`planted and found: ${plant.name}`, () => findPlant(plant, "acp"), 600_000);
