/** How much of the page the on-screen keyboard covers where the browser does not shrink the page itself (iOS). In pixels; 0 elsewhere. */
import { useSyncExternalStore } from "react";

function subscribe(listener: () => void): () => void {
  const viewport = window.visualViewport;
  viewport?.addEventListener("resize", listener);
  viewport?.addEventListener("scroll", listener);
  return () => {
    viewport?.removeEventListener("resize", listener);
    viewport?.removeEventListener("scroll", listener);
  };
}

/** Less than this is a browser bar moving, not a keyboard. */
const MIN_KEYBOARD_PX = 80;

function inset(): number {
  const viewport = window.visualViewport;
  if (!viewport || viewport.scale > 1.01) return 0;
  const covered = Math.round(window.innerHeight - viewport.height - viewport.offsetTop);
  return covered < MIN_KEYBOARD_PX ? 0 : covered;
}

export const useKeyboardInset = (): number => useSyncExternalStore(subscribe, inset);
