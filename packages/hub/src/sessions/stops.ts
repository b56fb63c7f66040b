/**
 * What a person decided about a session while a process of it lived or was being started: ended, archived, deleted. It stands until the
 * session is started anew on purpose; no process launched before it can bring the session back. For a deleted one it is all that is left.
 */
import type { Metadata } from "@hapi/protocol";

/** How long a launch that was under way may take until its process shows. */
export const holdMs = 60_000;

export interface Stop {
  sessionId: string;
  namespace: string;
  kind: "aborted" | "archived" | "deleted";
  reason: string | null;
  at: number;
  /** Until then the process of a launch that was under way is awaited, to be ended. */
  heldUntil: number;
  /** The process that the decision was about, where it was known. */
  hostPid: number | null;
}

export interface StopStore {
  put(stop: Stop): Promise<void>;
  get(sessionId: string): Promise<Stop | null>;
  clear(sessionId: string): Promise<void>;
}

export function hostPidOf(metadata: Metadata | null | undefined): number | null {
  const pid = metadata?.["hostPid"];
  return typeof pid === "number" ? pid : null;
}

/**
 * Whether who registers is a process that somebody started after the decision, at a terminal. What the hub starts clears the decision before
 * it is launched; so a runner's process that meets one is the launch it was about. Registrations are repeated by the same process.
 */
export function isStartedAfter(stop: Stop, metadata: Metadata | null, known: Metadata | null, now: number): boolean {
  const pid = hostPidOf(metadata);
  if (pid === null || pid === stop.hostPid || pid === hostPidOf(known)) return false;
  const isFromRunner = metadata?.["startedFromRunner"] === true || metadata?.["startedBy"] === "runner";
  return !isFromRunner || (stop.hostPid !== null && now >= stop.heldUntil);
}
