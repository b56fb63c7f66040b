/**
 * What happens next between the terminal, remote control and the queue. Pure: `handoff-loop.ts` alone changes what is kept here and takes the
 * steps; everyone else reads.
 */
import type { Front } from "@hapi/agents";
import { decideHandoff, type HandoffDecision, type HandoffWish } from "@hapi/core";
import type { PromptEntry } from "./ledger-state.ts";

export interface Control {
  /** Front end the session is in; its agent may be parked. */
  front: Front;
  wish: HandoffWish | null;
  /** What the wish waits for. */
  waits: Waits | null;
  isSwitching: boolean;
  /** What waited when a person took the terminal back. */
  held: { prompts: ReadonlySet<string>; since: number } | null;
  lastTypedAt: number | null;
  /** After a failure nothing is tried before this. */
  pausedUntil: number;
}

type Waits = Extract<HandoffDecision, { kind: "wait" }>;

export type HandoffState =
  | { state: "local" | "remote" | "switching" }
  | { state: "draining"; to: Front; waitsFor: "turn" | "keyboard" | "background"; since: number }
  /** A person took the terminal back while prompts waited: these wait until it is given back, or a newer one comes. */
  | { state: "held"; since: number };

/** Who could still want what is held. */
export interface Held {
  /** Ids of the prompts that wait. */
  waiting: readonly string[];
  viewers: number;
}

export interface Situation extends Held {
  now: number;
  /** Front end of the running agent. */
  running: Front | null;
  busy: boolean;
  /** The agent was given a prompt and has not begun: stopped now, it would forget it. */
  isGiven: boolean;
  /** How much goes on beside the turn and would end with the agent's process. */
  background: number;
  remoteWhileLocal: "switch" | "read-only";
  /** One is being handed. */
  isHanding: boolean;
  /** A failed turn is to be sent again first. */
  isQueueHeld: boolean;
  next: PromptEntry | null;
}

export type Step =
  | { do: "nothing" }
  /** The wish is fulfilled, or its person did not say *now*: nothing is wished any more. */
  | { do: "settle" | "drop" }
  | { do: "wait"; decision: Waits }
  | { do: "move"; to: Front; interrupt: boolean }
  /** Whoever sits at the terminal keeps it. */
  | { do: "hold" }
  | { do: "pause"; until: number }
  /** The queue wants the session remote. */
  | { do: "wish" }
  | { do: "hand"; prompt: PromptEntry };

export const newControl = (front: Front): Control => ({
  front,
  wish: null,
  waits: null,
  isSwitching: false,
  held: null,
  lastTypedAt: null,
  pausedUntil: 0,
});

/** Until something new is wanted, or nobody sits at the terminal any more. */
export function isHeldByPerson({ held, front }: Control, { waiting, viewers }: Held): boolean {
  if (!held || front !== "local" || waiting.length === 0) return false;
  return viewers > 0 && waiting.every((localId) => held.prompts.has(localId));
}

export function handoffState(control: Control, at: Held): HandoffState {
  const { front, wish, waits, held } = control;
  if (control.isSwitching) return { state: "switching" };
  if (wish && waits) return { state: "draining", to: wish.to, waitsFor: waits.for, since: wish.since };
  return held && isHeldByPerson(control, at) ? { state: "held", since: held.since } : { state: front };
}

export function nextStep(control: Control, at: Situation): Step {
  const { wish } = control;
  if (control.isSwitching) return { do: "nothing" };
  if (!wish) return stepOfQueue(control, at);
  if (wish.to === control.front) return { do: "settle" };
  const decision = decideHandoff(wish, {
    now: at.now,
    running: at.running,
    busy: at.busy || at.isGiven,
    background: at.background,
    lastTypedAt: control.lastTypedAt,
  });
  if (decision.kind === "drop") return { do: "drop" };
  return decision.kind === "wait" ? { do: "wait", decision } : { do: "move", to: wish.to, interrupt: decision.interrupt };
}

function stepOfQueue(control: Control, at: Situation): Step {
  if (at.isHanding || at.isQueueHeld || !at.next) return { do: "nothing" };
  if (at.now < control.pausedUntil) return { do: "pause", until: control.pausedUntil };
  if (control.front === "remote") return at.running !== null && at.busy ? { do: "nothing" } : { do: "hand", prompt: at.next };
  if (isHeldByPerson(control, at)) return { do: "hold" };
  return at.running === "local" && at.remoteWhileLocal === "read-only" ? { do: "nothing" } : { do: "wish" };
}
