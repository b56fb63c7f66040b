/** `a` allows and `d` denies the first card on the page (shift-d asks for a reason), unless the person is typing. */
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

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.repeat || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const card = cards[0];
  if (!card || performance.now() - card.since < HOLD_MS) return;
  const key = event.key.toLowerCase();
  if (key !== "a" && key !== "d") return;
  event.preventDefault();
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
