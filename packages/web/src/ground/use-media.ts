/** Whether the window is a desk or a phone. One listener per question, shared by all who ask. */
import { useSyncExternalStore } from "react";
import { DESK_WIDTH } from "./desk-width.ts";

const desk = window.matchMedia(`(width >= ${DESK_WIDTH}px)`);

function subscribe(listener: () => void): () => void {
  desk.addEventListener("change", listener);
  return () => desk.removeEventListener("change", listener);
}

export const useIsDesk = (): boolean => useSyncExternalStore(subscribe, () => desk.matches);
export const isDesk = (): boolean => desk.matches;
