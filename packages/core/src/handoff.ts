/**
 * When a wanted change of front end may happen. Pure. A remote prompt never breaks off what runs in the terminal: it waits for the end of the
 * turn and for three quiet seconds at the keyboard. A person who asks for the change waits at most ten seconds; *Take over now* not at all.
 * What runs in the background ends with the agent's process: a prompt waits for it, however long, and a person is told and says *now* or not.
 */

/** Where the agent's input comes from: its own screen, or its protocol. */
export type Front = "local" | "remote";

export const QUIET_KEYBOARD_MS = 3_000;
export const BOUNDARY_WAIT_MS = 10_000;
/** So long after a person asked for the change it is still theirs to say *now*; the queue waits meanwhile. */
export const BACKGROUND_ANSWER_MS = 40_000;

export interface HandoffWish {
  to: Front;
  since: number;
  /** `prompt`: a message came; `person`: somebody pressed keys or a button. */
  by: "prompt" | "person";
  now: boolean;
}

export interface HandoffSituation {
  now: number;
  /** Front end of the running agent. */
  running: Front | null;
  busy: boolean;
  /** How much goes on beside the turn and would end with the agent's process. */
  background: number;
  lastTypedAt: number | null;
}

export type HandoffDecision =
  | { kind: "go"; interrupt: boolean }
  | { kind: "wait"; for: "turn" | "keyboard" | "background"; checkAt: number | null }
  /** A person was told what the change would end, and did not say *now*. */
  | { kind: "drop" };

export function decideHandoff(wish: HandoffWish, situation: HandoffSituation): HandoffDecision {
  const { now, running, busy, background, lastTypedAt } = situation;
  if (running === null) return { kind: "go", interrupt: false };
  if (wish.now) return { kind: "go", interrupt: busy };
  if (busy) {
    const patienceEnds = wish.since + BOUNDARY_WAIT_MS;
    if (wish.by === "prompt") return { kind: "wait", for: "turn", checkAt: null };
    if (now < patienceEnds) return { kind: "wait", for: "turn", checkAt: patienceEnds };
    return background > 0 ? askFirst(wish, now) : { kind: "go", interrupt: true };
  }
  if (background > 0) return askFirst(wish, now);
  const quietAt = (lastTypedAt ?? Number.NEGATIVE_INFINITY) + QUIET_KEYBOARD_MS;
  if (wish.to === "remote" && wish.by === "prompt" && now < quietAt) return { kind: "wait", for: "keyboard", checkAt: quietAt };
  return { kind: "go", interrupt: false };
}

/** It would be killed with the agent's process: only a person who knows of it may do that. */
function askFirst(wish: HandoffWish, now: number): HandoffDecision {
  if (wish.by === "prompt") return { kind: "wait", for: "background", checkAt: null };
  const until = wish.since + BACKGROUND_ANSWER_MS;
  return now < until ? { kind: "wait", for: "background", checkAt: until } : { kind: "drop" };
}
