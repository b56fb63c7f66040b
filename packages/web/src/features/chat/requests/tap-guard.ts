/**
 * Keeps Allow from being hit by a thumb that meant something else: a tap right after the card appeared, or right after anything scrolled,
 * does nothing, and the card says so. Keys are only held back for the first moment.
 */
import { useState, type MouseEvent } from "react";

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

export interface TapGuard {
  /** Wraps a click handler of a card. */
  guard(act: () => void): (event: MouseEvent) => void;
  /** The last tap was not taken. */
  isHeld: boolean;
}

export function useTapGuard(): TapGuard {
  const [appearedAt] = useState(() => performance.now());
  const [isHeld, setHeld] = useState(false);
  return {
    isHeld,
    guard: (act) => (event) => {
      const accepts = acceptsTap({ now: performance.now(), appearedAt, scrolledAt, pointer: event.detail > 0 });
      setHeld(!accepts);
      if (accepts) act();
    },
  };
}
