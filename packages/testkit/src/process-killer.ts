/**
 * kill -9 by the name of a part: finds the process that plays it now, kills it, and waits until the system no longer has it. With a seed it
 * also says what is killed when, so that a run can be repeated.
 */
import { attempt, type Clock, delay, isAlive, type ProcessId, systemClock } from "@hapi/platform/lean";
import { seededRandom } from "./seeded-random.ts";

/** The process that plays a part now; null: nobody does, between two lives. */
export type Finders<Part extends string> = Readonly<Record<Part, () => Promise<ProcessId | null>>>;

export interface ProcessKiller<Part extends string> {
  /** Answers who was killed. */
  kill(part: Part): Promise<ProcessId | null>;
}

/** A killed process is gone when the system has freed it, which under load takes a moment. */
const GONE_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 10;

export function createProcessKiller<Part extends string>(finders: Finders<Part>, clock: Clock = systemClock): ProcessKiller<Part> {
  return {
    async kill(part) {
      const id = await finders[part]();
      if (!id || !isAlive(id)) return null;
      attempt(() => process.kill(id.pid, "SIGKILL"), "it ended in this moment");
      for (const deadline = clock.now() + GONE_WITHIN_MS; isAlive(id);) {
        if (clock.now() > deadline) throw new Error(`${part} (${id.pid}) was killed and does not go`);
        await delay(LOOK_EVERY_MS, { clock });
      }
      return id;
    },
  };
}

export interface Killing<Part extends string> {
  part: Part;
  /** After the killing before it, or the beginning. */
  afterMs: number;
}

/** Endless: the next part to die and when, each part equally often in the long run. */
export function* seededKillings<Part extends string>(
  seed: number,
  parts: readonly Part[],
  pauseMs: { least: number; most: number },
): Generator<Killing<Part>, never> {
  const random = seededRandom(seed);
  for (;;) {
    const bag = [...parts];
    while (bag.length > 0) {
      const [part] = bag.splice(Math.floor(random() * bag.length), 1);
      yield { part: part!, afterMs: pauseMs.least + random() * (pauseMs.most - pauseMs.least) };
    }
  }
}
