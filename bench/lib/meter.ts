/** Time and CPU spent between two moments, by the hub and by the generator itself. */
import type { HubUnderTest } from "./hub.ts";
import { ownCpuSeconds } from "./process-facts.ts";
import { now } from "./timing.ts";

export interface Spent {
  seconds: number;
  hubCpuSeconds: number;
  ownCpuSeconds: number;
}

/** Starts measuring; the answer reads what was spent since. */
export function startMeter(hub: HubUnderTest): () => Spent {
  const hubStart = hub.cpuSeconds();
  const ownStart = ownCpuSeconds();
  const start = now();
  return () => {
    const seconds = (now() - start) / 1000;
    return { seconds, hubCpuSeconds: hub.cpuSeconds() - hubStart, ownCpuSeconds: ownCpuSeconds() - ownStart };
  };
}
