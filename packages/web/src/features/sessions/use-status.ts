/** The status of sessions as this device sees it, and what deciding it takes. */
import type { SessionStatus } from "@hapi/core";
import type { SessionSummary } from "@hapi/protocol";
import { useMemo } from "react";
import { useHub } from "../../sync/store.ts";
import { type Lookout, statusIn } from "../../sync/status.ts";

/** For lists, which decide of many. */
export function useLookout(): Lookout {
  const seen = useHub((state) => state.seen);
  const machines = useHub((state) => state.machines);
  const silence = useHub((state) => state.silence);
  return useMemo(() => ({ seen, machines, silence }), [seen, machines, silence]);
}

/** For one row, which is drawn again only for what concerns it. */
export function useStatus(summary: SessionSummary): SessionStatus {
  const seenAt = useHub((state) => state.seen[summary.id]);
  const machine = useHub((state) => state.machines[summary.metadata?.machineId ?? ""]);
  const silence = useHub((state) => state.silence);
  return useMemo(
    () =>
      statusIn(summary, {
        seen: seenAt === undefined ? {} : { [summary.id]: seenAt },
        machines: machine === undefined ? {} : { [machine.id]: machine },
        silence,
      }),
    [summary, seenAt, machine, silence],
  );
}
