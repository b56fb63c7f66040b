/** Where the session stands, as the hub shows it; on disk before that hears of it. */
import type { Clock } from "@hapi/platform";
import type { LifecycleState } from "@hapi/protocol";
import type { Ledger } from "./ledger.ts";

export type SetLifecycle = (lifecycle: LifecycleState, failureCode?: string | null) => Promise<void>;

export function lifecycleOf({ ledger, clock, changed }: { ledger: Ledger; clock: Clock; changed(): void }): SetLifecycle {
  const { facts } = ledger.state;
  return async (lifecycle, failureCode = null) => {
    if (facts.lifecycle === lifecycle && facts.failureCode === failureCode) return;
    await ledger.setFacts({ lifecycle, lifecycleSince: clock.now(), failureCode });
    changed();
  };
}
