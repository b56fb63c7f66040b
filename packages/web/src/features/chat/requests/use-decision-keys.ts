/**
 * `a` allows and `d` denies (shift-d asks for a reason) the card that has the focus and is on the screen, unless the person is typing. With the focus
 * nowhere, the first press only brings the first card there: a stray key decides nothing.
 */
import { useEffect, useRef } from "react";

export interface DecisionKeys {
  allow: () => void;
  deny: () => void;
  denyWithReason: () => void;
}

/** Cards on the page, oldest first. */
const cards: { id: string; keys: () => DecisionKeys; since: number }[] = [];
const HOLD_MS = 350;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Its answers are: they stand at its foot, and stay in view as long as any of it is. */
function isOnScreen(card: HTMLElement): boolean {
  const { top, bottom } = card.getBoundingClientRect();
  return top < window.innerHeight && bottom > 0;
}

/** The card that a key is for; null: it is for none, or was only brought to the person's eyes. */
function cardInFocus(event: KeyboardEvent): (typeof cards)[number] | null {
  const { activeElement } = document;
  const focused = activeElement?.closest<HTMLElement>("[data-request]") ?? null;
  if (focused === null && activeElement !== null && activeElement !== document.body) return null;
  const card = focused ? cards.find(({ id }) => id === focused.dataset["request"]) : cards[0];
  if (!card) return null;
  event.preventDefault();
  if (focused !== null && isOnScreen(focused)) return card;
  const place = focused ?? document.querySelector<HTMLElement>(`[data-request="${CSS.escape(card.id)}"]`);
  place?.focus({ preventScroll: true });
  place?.scrollIntoView({ block: "nearest" });
  return null;
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.repeat || isTyping(event.target)) return;
  const key = event.key.toLowerCase();
  if ((key !== "a" && key !== "d") || document.querySelector("dialog[open]")) return;
  const card = cardInFocus(event);
  if (!card || performance.now() - card.since < HOLD_MS) return;
  const keys = card.keys();
  if (key === "a") keys.allow();
  else if (event.shiftKey) keys.denyWithReason();
  else keys.deny();
}

export function useDecisionKeys(id: string, keys: DecisionKeys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const card = { id, keys: () => latest.current, since: performance.now() };
    cards.push(card);
    if (cards.length === 1) document.addEventListener("keydown", onKey);
    return () => {
      cards.splice(cards.indexOf(card), 1);
      if (cards.length === 0) document.removeEventListener("keydown", onKey);
    };
  }, [id]);
}
