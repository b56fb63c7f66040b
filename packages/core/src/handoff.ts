/**
 * When a wanted change of front end may happen. Pure. A remote prompt never breaks off what runs in the terminal: it waits for the end of the
 * turn and for three quiet seconds at the keyboard. A person who asks for the change waits at most ten seconds; *Take over now* not at all.
 */

/** Where the agent's input comes from: its own screen, or its protocol. */
export type Front = "local" | "remote";

export const QUIET_KEYBOARD_MS = 3_000;
export const BOUNDARY_WAIT_MS = 10_000;

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
  lastTypedAt: number | null;
}

export type HandoffDecision = { kind: "go"; interrupt: boolean } | { kind: "wait"; for: "turn" | "keyboard"; checkAt: number | null };

export function decideHandoff(wish: HandoffWish, situation: HandoffSituation): HandoffDecision {
  const { now, running, busy, lastTypedAt } = situation;
  if (running === null) return { kind: "go", interrupt: false };
  if (wish.now) return { kind: "go", interrupt: busy };
  if (busy) {
    const patienceEnds = wish.since + BOUNDARY_WAIT_MS;
    if (wish.by === "prompt") return { kind: "wait", for: "turn", checkAt: null };
    return now >= patienceEnds ? { kind: "go", interrupt: true } : { kind: "wait", for: "turn", checkAt: patienceEnds };
  }
  const quietAt = (lastTypedAt ?? Number.NEGATIVE_INFINITY) + QUIET_KEYBOARD_MS;
  if (wish.to === "remote" && wish.by === "prompt" && now < quietAt) return { kind: "wait", for: "keyboard", checkAt: quietAt };
  return { kind: "go", interrupt: false };
}
