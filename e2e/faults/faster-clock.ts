/** People's clients wait up to half a minute between attempts, and longer for a silent connection; tests wait for the same steps, faster. */
import type { Clock } from "@hapi/client";

const FASTER = 5;

export const fasterClock: Clock = {
  now: () => Date.now(),
  setTimer(ms, fn) {
    const timer = setTimeout(fn, ms / FASTER);
    return () => clearTimeout(timer);
  },
};
