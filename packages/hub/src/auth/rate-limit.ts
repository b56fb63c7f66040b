/** Failed logins per caller: a few are a typo, many are a search. Memory is bounded. */
import type { Clock } from "@hapi/platform";

const windowMs = 60_000;
/** At most. */
export const blockedSeconds = windowMs / 1000;
const maxFailures = 30;
const maxAddresses = 10_000;

export interface FailureLimit {
  isBlocked(caller: string): boolean;
  /** @returns how many within the minute */
  failed(caller: string): number;
}

export function createFailureLimit(clock: Pick<Clock, "now">): FailureLimit {
  const failures = new Map<string, { count: number; since: number }>();
  return {
    isBlocked(address) {
      const entry = failures.get(address);
      if (!entry) return false;
      if (clock.now() - entry.since < windowMs) return entry.count >= maxFailures;
      failures.delete(address);
      return false;
    },
    failed(address) {
      const entry = failures.get(address);
      if (entry && clock.now() - entry.since < windowMs) return (entry.count += 1);
      failures.delete(address);
      if (failures.size >= maxAddresses) failures.delete(failures.keys().next().value as string);
      failures.set(address, { count: 1, since: clock.now() });
      return 1;
    },
  };
}
