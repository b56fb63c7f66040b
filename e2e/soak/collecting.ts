/**
 * Loaded into every process of a soak before its own program. A collector that has no reason to hurry lets memory rise for a long time; here it
 * is made to run now and then, so that what stays resident is what the process can't give back. What is alive is written down beside it.
 */
import { heapStats } from "bun:jsc";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const HEAPS_VARIABLE = "HAPI_SOAK_HEAPS";
const EVERY_MS = 10_000;

const folder = process.env[HEAPS_VARIABLE];
if (folder !== undefined) {
  setInterval(() => {
    Bun.gc(true);
    writeFileSync(join(folder, String(process.pid)), String(heapStats().heapSize));
  }, EVERY_MS).unref();
}
