/** The line below the banner: what goes on, in a few words. */
import type { BackgroundWork, RetryState } from "@hapi/protocol";
import type { HandoffState } from "./handoff-loop.ts";

export interface StatusFacts {
  state: HandoffState;
  thinking: boolean;
  background: readonly BackgroundWork[];
  queued: number;
  connected: boolean;
  retry?: RetryState | undefined;
}

export function statusText(facts: StatusFacts): { text: string; busy: boolean } {
  const { state, thinking, background, queued, connected, retry } = facts;
  if (state.state === "switching") return { text: "Switching…", busy: true };
  // What it would end stands last: a narrow screen cuts there.
  if (state.state === "draining" && state.waitsFor === "background")
    return { text: `Space twice again switches and ends ${goesOn(background)}`, busy: true };
  if (state.state === "draining") {
    const also = background.length > 0 ? `; what runs in the background ends then (${goesOn(background)})` : "";
    return { text: `Waiting for the turn to end, then the terminal is yours again${also}`, busy: true };
  }
  if (thinking) return { text: queued > 0 ? `Working, ${queued} more in the queue` : "Working", busy: true };
  if (retry) {
    const at = new Date(retry.at).toLocaleTimeString([], { timeStyle: "medium" });
    return { text: `The model request failed; it is tried again at ${at} (${retry.attempt} of ${retry.maxAttempts})`, busy: true };
  }
  if (connected && background.length > 0) return { text: goesOn(background), busy: false };
  return { text: connected ? "" : "No connection to the hub; the session goes on here", busy: false };
}

/** `1 running in the background: npm run dev` */
export function goesOn(background: readonly BackgroundWork[]): string {
  const [first] = background;
  return `${background.length} running in the background${first ? `: ${first.label}` : ""}`;
}
