/**
 * Where the app is. Navigation first loads what the new screen needs (for a moment at most) and then shows it, so that nothing flashes in
 * between; the last navigation wins. The history is the browser's own.
 */
import { useSyncExternalStore } from "react";

export interface Location {
  readonly pathname: string;
  readonly search: URLSearchParams;
  readonly href: string;
}

/** After this the screen shows its own placeholder. */
const PATIENCE_MS = 250;

let prepare: (pathname: string) => Promise<unknown> = () => Promise.resolve();
let current = read();
let turn = 0;
const listeners = new Set<() => void>();

function read(): Location {
  const { pathname, search } = window.location;
  return { pathname, search: new URLSearchParams(search), href: pathname + search };
}

function show(): void {
  current = read();
  for (const listener of listeners) listener();
}

async function ready(pathname: string): Promise<boolean> {
  turn += 1;
  const mine = turn;
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  // a part that can't be loaded is the screen's to tell, with its error boundary
  await Promise.race([prepare(pathname).catch(() => undefined), patience]);
  return mine === turn;
}

export async function navigate(href: string, options: { replace?: boolean } = {}): Promise<void> {
  if (href === window.location.pathname + window.location.search) return;
  if (!(await ready(new URL(href, window.location.origin).pathname))) return;
  if (options.replace) window.history.replaceState(window.history.state, "", href);
  else window.history.pushState({ inApp: true }, "", href);
  show();
}

/** One step back within the app, or to `fallback` where it was opened on this very page. */
export function goBack(fallback: string): void {
  if (hasHistory()) window.history.back();
  else void navigate(fallback, { replace: true });
}

/** Entries we pushed carry a mark; the one the app was opened on does not. */
function hasHistory(): boolean {
  const state: unknown = window.history.state;
  return typeof state === "object" && state !== null && "inApp" in state;
}

/** Called once; `load` fetches the code of the screen at a path. */
export function startRouting(load: (pathname: string) => Promise<unknown>): void {
  prepare = load;
  window.addEventListener("popstate", () => {
    void ready(window.location.pathname).then((isLatest) => {
      if (isLatest) show();
    });
  });
}

/** Fetches the code of a screen someone is about to open. */
export function preload(href: string): void {
  // a failed guess costs nothing; the navigation itself will tell
  prepare(new URL(href, window.location.origin).pathname).catch(() => undefined);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useLocation = (): Location => useSyncExternalStore(subscribe, () => current);
export const currentLocation = (): Location => current;
