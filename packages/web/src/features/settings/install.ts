/** The browser's install offer, caught when it comes (once, early) and kept until it is used. */
import { useSyncExternalStore } from "react";

interface InstallPromptEvent extends Event {
  prompt(): Promise<{ outcome: "accepted" | "dismissed" }>;
}

export type InstallOffer = { kind: "none" } | { kind: "by-hand" } | { kind: "prompt"; install: () => Promise<void> };

const NONE: InstallOffer = { kind: "none" };
let offer: InstallOffer = NONE;
const listeners = new Set<() => void>();

function set(next: InstallOffer): void {
  offer = next;
  for (const listener of listeners) listener();
}

const isPrompt = (event: Event): event is InstallPromptEvent => "prompt" in event && typeof event.prompt === "function";

export function watchInstallOffer(): void {
  const installed = window.matchMedia("(display-mode: standalone)").matches;
  if (!installed && /iphone|ipad/i.test(navigator.userAgent)) set({ kind: "by-hand" });
  window.addEventListener("beforeinstallprompt", (event) => {
    if (!isPrompt(event)) return;
    event.preventDefault();
    set({
      kind: "prompt",
      install: async () => {
        await event.prompt();
        set(NONE);
      },
    });
  });
  window.addEventListener("appinstalled", () => set(NONE));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useInstallOffer = (): InstallOffer => useSyncExternalStore(subscribe, () => offer);
