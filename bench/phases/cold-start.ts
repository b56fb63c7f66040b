/** From the start of the program to its first healthy answer on an empty home, and the memory it holds a second later. */
import { median, toHundredths } from "../lib/stats.ts";
import { pause } from "../lib/timing.ts";
import type { Phase } from "./phase.ts";

const settleMs = 1_000;

export const coldStart: Phase = {
  name: "coldstart",
  summary: "start to healthy on an empty home, and memory",
  limitMs: () => 120_000,
  async run(hub, { quick }) {
    const ms: number[] = [];
    const memory: number[] = [];
    for (let start = 0; start < (quick ? 2 : 5); start++) {
      await hub.start();
      ms.push(hub.startMs);
      await pause(settleMs);
      memory.push(hub.memoryMb());
      await hub.stop();
    }
    return { "coldstart.ms": toHundredths(median(ms)), "coldstart.rssMB": toHundredths(median(memory)) };
  },
};
