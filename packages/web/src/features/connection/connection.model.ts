/** What to say about the connection. Short interruptions are nobody's business; after that the truth, with its age. */
import { QUIET_MS } from "../../sync/silence.ts";
import type { Connection } from "../../sync/store.ts";

export type Notice =
  | { kind: "locked" }
  | { kind: "connecting" }
  | { kind: "reconnecting"; since: number }
  | { kind: "offline"; since: number | null };

/** @param changedAt when the connection entered its present phase */
export function noticeOf(connection: Connection, changedAt: number, now: number, hasContent: boolean): Notice | null {
  switch (connection.phase) {
    case "online":
      return null;
    case "offline":
      return { kind: "offline", since: connection.since };
    case "connecting":
      return hasContent || now - changedAt < QUIET_MS ? null : { kind: "connecting" };
    case "reconnecting":
      if (now - changedAt < QUIET_MS) return null;
      return connection.since === null ? { kind: "connecting" } : { kind: "reconnecting", since: connection.since };
  }
}

/** When the answer of `noticeOf` may change without a new event. */
export const noticeDueIn = (connection: Connection, changedAt: number, now: number): number | null =>
  connection.phase === "online" || connection.phase === "offline" || now - changedAt >= QUIET_MS ? null : QUIET_MS - (now - changedAt);
