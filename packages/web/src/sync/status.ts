/** A session's status as this device sees it: the one model's answer (`sessionStatus`) to what is known here. Pure. */
import { type SessionStatus, sessionStatus, type Sight } from "@hapi/core";
import type { SessionSummary } from "@hapi/protocol";
import type { HubState } from "./store.ts";

/** What this device knows beside the sessions: its machines, what was seen here and not told yet, and whether the hub is heard. */
export type Lookout = Pick<HubState, "seen" | "machines" | "silence">;

export function sightOf(summary: SessionSummary, { seen, machines, silence }: Lookout): Sight {
  const seenAt = seen[summary.id];
  return {
    machine: machines[summary.metadata?.machineId ?? ""] ?? null,
    ...(seenAt === undefined ? {} : { seenAt: seenAt.at }),
    ...(silence === null ? {} : { hubSilentSince: silence.since }),
  };
}

export const statusIn = (summary: SessionSummary, lookout: Lookout): SessionStatus => sessionStatus(summary, sightOf(summary, lookout));
