/** Tells whether a person's hand is behind the scrolling of the last moment. */
import { useCallback, useEffect, useRef, type RefObject } from "react";

/** A flick goes on for a while without further events; its first moves are what counts. */
const RECENT_MS = 600;
const SCROLL_KEYS: ReadonlySet<string> = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "]);

export function usePersonMoves(scroller: RefObject<HTMLElement | null>): () => boolean {
  const movedAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const node = scroller.current;
    if (!node) return;
    const abort = new AbortController();
    const on = { passive: true, signal: abort.signal };
    const note = () => {
      movedAt.current = performance.now();
    };
    node.addEventListener("wheel", note, on);
    node.addEventListener("touchmove", note, on);
    // the scroll bar is pressed on the element itself, not on what is in it
    node.addEventListener("pointerdown", (event) => event.target === node && note(), on);
    node.addEventListener("pointermove", (event) => event.buttons > 0 && note(), on);
    node.addEventListener("keydown", (event) => SCROLL_KEYS.has(event.key) && note(), on);
    return () => abort.abort();
  }, [scroller]);
  return useCallback(() => performance.now() - movedAt.current < RECENT_MS, []);
}
