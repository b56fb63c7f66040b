/**
 * Keeps Allow from being hit by a thumb that meant something else: a tap right after the card appeared, or right after anything scrolled,
 * does nothing, and the card says so. Keys are only held back for the first moment.
 */
import { useState, type MouseEvent } from "react";
import { useSeen } from "./use-seen.ts";

export const GUARD_MS = 350;
let scrolledAt = Number.NEGATIVE_INFINITY;

/** Every scrolling list that holds requests says so here. */
export function noteScroll(now = performance.now()): void {
  scrolledAt = now;
}

export interface TapFacts {
  now: number;
  appearedAt: number;
  scrolledAt: number;
  /** A finger or a mouse; false for keys and assistive technology. */
  pointer: boolean;
}

export function acceptsTap({ now, appearedAt, scrolledAt, pointer }: TapFacts): boolean {
  if (now - appearedAt < GUARD_MS) return false;
  return !pointer || now - scrolledAt >= GUARD_MS;
}

/** Why the last tap was not taken. */
export type Held = "moved" | "unseen" | null;

export interface AllowGuard {
  /** What can do no harm: only a finger that meant something else is held. */
  tap(act: () => void): (event: MouseEvent) => void;
  /** What allows: also held until all that is asked was on the screen, which the tap brings closer. */
  allow(act: () => void): (event: MouseEvent) => void;
  /** The same for a key. */
  key(act: () => void): () => void;
}

export function useAllowGuard(): { guard: AllowGuard; held: Held } {
  const [appearedAt] = useState(() => performance.now());
  const [held, setHeld] = useState<Held>(null);
  const { isWhole, showRest } = useSeen();
  const isTaken = (event: MouseEvent): boolean => acceptsTap({ now: performance.now(), appearedAt, scrolledAt, pointer: event.detail > 0 });
  const ifSeen = (act: () => void): void => {
    setHeld(isWhole ? null : "unseen");
    if (isWhole) act();
    else showRest();
  };
  const ifTaken = (event: MouseEvent, act: () => void): void => {
    if (isTaken(event)) act();
    else setHeld("moved");
  };
  const tap = (act: () => void) => (event: MouseEvent) =>
    ifTaken(event, () => {
      setHeld(null);
      act();
    });
  const guard = {
    tap,
    allow: (act: () => void) => (event: MouseEvent) => ifTaken(event, () => ifSeen(act)),
    key: (act: () => void) => () => ifSeen(act),
  };
  // Once all was seen there is nothing more to say of it.
  return { guard, held: held === "unseen" && isWhole ? null : held };
}
