/** The line below the banner: what goes on, in a few words. */
import { BOUNDARY_WAIT_MS, STATUS_WORDS } from "@hapi/core";
import type { BackgroundWork, RetryState, TurnOutcome } from "@hapi/protocol";
import type { HandoffState } from "./handoff-steps.ts";

export interface StatusFacts {
  state: HandoffState;
  thinking: boolean;
  background: readonly BackgroundWork[];
  queued: number;
  connected: boolean;
  retry?: RetryState | undefined;
  /** How the last turn ended. */
  lastTurn?: { outcome: TurnOutcome; failure?: { message: string } | undefined } | null;
}

export interface StatusLine {
  text: string;
  busy: boolean;
  /** Somebody asked for it just now: it stands before what was there, be it an open request. */
  asked?: true;
}

export function statusText(facts: StatusFacts): StatusLine {
  const { state, thinking, background, queued, connected, retry, lastTurn } = facts;
  if (state.state === "switching") return { text: "Switching…", busy: true, asked: true };
  // What it would end stands last: a narrow screen cuts there.
  if (state.state === "draining" && state.waitsFor === "background")
    return { text: `Space twice again switches and ends ${goesOn(background)}`, busy: true, asked: true };
  if (state.state === "draining") {
    const also = background.length > 0 ? `; what runs in the background ends then (${goesOn(background)})` : "";
    const text = `Waiting at most ${BOUNDARY_WAIT_MS / 1000} s for the turn to end, then the terminal is yours again${also}`;
    return { text, busy: true, asked: true };
  }
  if (thinking) return { text: queued > 0 ? `${STATUS_WORDS.working}, ${queued} more in the queue` : STATUS_WORDS.working, busy: true };
  if (retry) {
    const at = new Date(retry.at).toLocaleTimeString([], { timeStyle: "medium" });
    return { text: `The model request failed; it is tried again at ${at} (${retry.attempt} of ${retry.maxAttempts})`, busy: true };
  }
  if (connected && lastTurn?.outcome === "failed") {
    const why = lastTurn.failure?.message;
    return { text: why === undefined ? STATUS_WORDS.failed : `${STATUS_WORDS.failed}: ${why}`, busy: false };
  }
  if (connected && background.length > 0) return { text: goesOn(background), busy: false };
  if (connected && lastTurn?.outcome === "interrupted") return { text: STATUS_WORDS.interrupted, busy: false };
  return { text: connected ? "" : "No connection to the hub; the session goes on here", busy: false };
}

/** `1 running in the background: npm run dev` */
export function goesOn(background: readonly BackgroundWork[]): string {
  const [first] = background;
  return `${background.length} running in the background${first ? `: ${first.label}` : ""}`;
}
