/** The service worker: installed after the first paint; a new version waits until the person reloads. */
import "../../i18n/list.ts";
import { useSyncExternalStore } from "react";
import { t } from "../../i18n/index.ts";
import { showToast } from "../../ui/toast.ts";
import { scriptUrl } from "../../ground/script-url.ts";
import { ignore } from "../../ground/ignore.ts";

const CHECK_EVERY_MS = 30 * 60_000;

export function watchUpdates(): void {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  const hadController = navigator.serviceWorker.controller !== null;
  let reloading = false;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    // the first worker takes over silently; a later one only after the person said so
    if (!hadController || reloading) return;
    reloading = true;
    window.location.reload();
  });
  ignore(register(), "without a service worker the app works, only not offline");
}

async function register(): Promise<void> {
  const worker = scriptUrl("/sw.js");
  const registration: ServiceWorkerRegistration | undefined = await navigator.serviceWorker.register(worker, { updateViaCache: "none" });
  // some privacy modes answer nothing instead of refusing
  if (!registration) return;
  if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      if (worker.state === "installed" && navigator.serviceWorker.controller) offer(worker);
    });
  });
  const check = (): void => {
    if (document.visibilityState === "visible") ignore(registration.update(), "offline; the next check will tell");
  };
  setInterval(check, CHECK_EVERY_MS);
  document.addEventListener("visibilitychange", check);
}

let waiting: ServiceWorker | null = null;
const listeners = new Set<() => void>();

/** Said once in passing; until it is done it stays in the settings. */
function offer(worker: ServiceWorker): void {
  waiting = worker;
  for (const listener of listeners) listener();
  showToast({ id: "update", tone: "idle", text: t("update.ready"), action: { label: t("update.reload"), run: applyUpdate } });
}

/** The waiting worker takes over; `controllerchange` then reloads the page. */
export function applyUpdate(): void {
  waiting?.postMessage({ type: "skip-waiting" });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useUpdateReady = (): boolean => useSyncExternalStore(subscribe, () => waiting !== null);
