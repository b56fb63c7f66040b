/** The line below the banner: what goes on, in a few words. */
import type { HandoffState } from "./handoff-loop.ts";

export function statusText(facts: { state: HandoffState; thinking: boolean; queued: number; connected: boolean }): {
  text: string;
  busy: boolean;
} {
  const { state, thinking, queued, connected } = facts;
  if (state.state === "switching") return { text: "Switching…", busy: true };
  if (state.state === "draining") return { text: "Waiting for the turn to end, then the terminal is yours again", busy: true };
  if (thinking) return { text: queued > 0 ? `Working, ${queued} more in the queue` : "Working", busy: true };
  return { text: connected ? "" : "No connection to the hub; the session goes on here", busy: false };
}
