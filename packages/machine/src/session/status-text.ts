/** The line below the banner: what goes on, in a few words. */
import type { RetryState } from "@hapi/protocol";
import type { HandoffState } from "./handoff-loop.ts";

export interface StatusFacts {
  state: HandoffState;
  thinking: boolean;
  queued: number;
  connected: boolean;
  retry?: RetryState | undefined;
}

export function statusText(facts: StatusFacts): { text: string; busy: boolean } {
  const { state, thinking, queued, connected, retry } = facts;
  if (state.state === "switching") return { text: "Switching…", busy: true };
  if (state.state === "draining") return { text: "Waiting for the turn to end, then the terminal is yours again", busy: true };
  if (thinking) return { text: queued > 0 ? `Working, ${queued} more in the queue` : "Working", busy: true };
  if (retry) {
    const at = new Date(retry.at).toLocaleTimeString([], { timeStyle: "medium" });
    return { text: `The model request failed; it is tried again at ${at} (${retry.attempt} of ${retry.maxAttempts})`, busy: true };
  }
  return { text: connected ? "" : "No connection to the hub; the session goes on here", busy: false };
}
