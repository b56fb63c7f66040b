/**
 * How a session's `update-metadata` replaces what is stored: an absent key is removed, except those that say who the session is and how
 * to resume it; `null` removes a key for good; keys the hub owns keep their value. An existing CLI archives its session on every exit;
 * only a person archives here, so that becomes an end.
 */
import { TRANSIENT_THREAD_KEYS, type Metadata } from "@hapi/protocol";
import { hostPidOf, type Stop } from "./stops.ts";

const identity = ["path", "host", "flavor", "machineId"] as const;
const hubOwned = ["supersededBySessionId"] as const;

export function mergeMetadata(stored: Metadata | null, incoming: Metadata, now: number, stop: Stop | null = null): Metadata {
  const merged: Record<string, unknown> = { ...incoming };
  for (const [key, value] of Object.entries(stored ?? {})) if (!(key in incoming) && isCarried(key)) merged[key] = value;
  for (const [key, value] of Object.entries(merged)) if (value === null && key !== "flavor") delete merged[key];
  for (const key of hubOwned) {
    if (stored && key in stored) merged[key] = stored[key];
    else delete merged[key];
  }
  const next = notArchivedByItself(stored, merged as Metadata, now);
  return stop === null ? next : asDecided(stored, next, stop);
}

/** `<agent>SessionId` names the agent's own thread; `<agent>SessionProtocol` belongs to it. */
function isCarried(key: string): boolean {
  if (TRANSIENT_THREAD_KEYS.includes(key)) return false;
  return (identity as readonly string[]).includes(key) || key.endsWith("SessionId") || key.endsWith("SessionProtocol");
}

/** States in which a session has ended. A late word of the process it ended does not undo what a person decided. */
const endedStates = new Set<string | undefined>(["completed", "aborted", "failed", "archived"]);

function notArchivedByItself(stored: Metadata | null, next: Metadata, now: number): Metadata {
  const before = stored?.lifecycleState;
  const isDecided = before === "archived" || before === "aborted";
  if (stored && isDecided && endedStates.has(next.lifecycleState) && !isNews(stored, next)) {
    const { lifecycleStateSince, archivedBy, archiveReason } = stored;
    return withoutUndefined({ ...next, lifecycleState: before, lifecycleStateSince, archivedBy, archiveReason });
  }
  if (next.lifecycleState !== "archived") return next;
  const { archivedBy: _by, archiveReason: _reason, ...rest } = next;
  return { ...rest, lifecycleState: "completed", lifecycleStateSince: now };
}

/** Of a process started after the decision, how that went is news, also where "running" was never heard of it. Only ours name their process. */
function isNews(stored: Metadata, next: Metadata): boolean {
  const pid = hostPidOf(next);
  return pid !== null && pid !== hostPidOf(stored) && next.lifecycleState !== stored.lifecycleState;
}

/** A decision stands: whatever the process says of itself, the state is the decided one. */
function asDecided(stored: Metadata | null, next: Metadata, stop: Stop): Metadata {
  const { archivedBy: _by, archiveReason: _reason, ...rest } = next;
  const isKept = stored?.lifecycleState === stop.kind;
  const lifecycleStateSince = isKept ? stored?.lifecycleStateSince : stop.at;
  return withoutUndefined({ ...rest, lifecycleStateSince, ...decidedState(stop) });
}

export function decidedState(stop: Stop): Pick<Metadata, "lifecycleState" | "archivedBy" | "archiveReason"> {
  if (stop.kind !== "archived") return { lifecycleState: "aborted" };
  return { lifecycleState: "archived", archivedBy: "user", archiveReason: stop.reason ?? "Archived by user" };
}

function withoutUndefined(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)) as Metadata;
}
