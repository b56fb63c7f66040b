/** From the sync engine's words to the store's. Pure. */
import type { StreamStatus } from "@hapi/client";
import type { SessionSummary } from "@hapi/protocol";
import type { Connection } from "./store.ts";

/** A sign of life may move this much without anything on screen caring. */
const LIFE_SIGN_MS = 60_000;

function looksSame(shown: SessionSummary, next: SessionSummary): boolean {
  if (shown === next) return true;
  const keys = Object.keys(next) as (keyof SessionSummary)[];
  if (keys.length !== Object.keys(shown).length) return false;
  return keys.every((key) => shown[key] === next[key] || (key === "activeAt" && Math.abs(next.activeAt - shown.activeAt) < LIFE_SIGN_MS));
}

/**
 * The list to show: what is shown already as long as only signs of life came in. Every active session says one every few seconds; a list
 * of thousands must not be laid out again for that.
 */
export function settledSummaries(
  shown: Readonly<Record<string, SessionSummary>>,
  next: Readonly<Record<string, SessionSummary>>,
): Readonly<Record<string, SessionSummary>> {
  if (shown === next) return shown;
  const ids = Object.keys(next);
  const isSame =
    ids.length === Object.keys(shown).length &&
    ids.every((id) => {
      const before = shown[id];
      const now = next[id];
      return before !== undefined && now !== undefined && looksSame(before, now);
    });
  return isSame ? shown : next;
}

/** @param heardAt when the last word came from the hub, null for never */
export function connectionOf(status: StreamStatus, heardAt: number | null, isDeviceOnline: boolean): Connection {
  switch (status.phase) {
    case "online":
      return { phase: "online", since: status.since };
    case "stopped":
    case "signed-out":
      return { phase: "offline", since: heardAt };
    case "connecting":
    case "waiting":
      if (!isDeviceOnline) return { phase: "offline", since: heardAt };
      return status.phase === "connecting" && status.attempt <= 1 && heardAt === null
        ? { phase: "connecting" }
        : { phase: "reconnecting", since: heardAt };
  }
}

/** At least one try to reach the hub has failed, or none can be made: for now nothing more comes than this device keeps. */
export const isAway = (status: StreamStatus): boolean =>
  status.phase === "waiting" || (status.phase === "connecting" && status.attempt > 1);

export const sameConnection = (a: Connection, b: Connection): boolean =>
  a.phase === b.phase && ("since" in a ? a.since : null) === ("since" in b ? b.since : null);
