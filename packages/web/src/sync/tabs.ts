/**
 * Several tabs of one hub share one outbox on this device: one of them sends at a time per session (a browser lock, which ends with its tab),
 * and each hears when another changed it. Without these (pages over plain http have no locks) prompts are still sent once, by their ids.
 */
import type { OutboxStorage } from "@hapi/client";

export interface Tabs {
  exclusive<T>(sessionId: string, work: () => Promise<T>): Promise<T>;
  /** The same storage, and the other tabs hear of every change. */
  shared(storage: OutboxStorage): OutboxStorage;
  close(): void;
}

export function openTabs(hub: string, onChange: () => void): Tabs {
  const name = `hapi-outbox:${hub}`;
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
  channel?.addEventListener("message", onChange);
  const locks = (navigator as { locks?: LockManager }).locks;
  return {
    // the lock manager's answer is the work's own
    exclusive: (sessionId, work) => (locks ? (locks.request(`${name}:${sessionId}`, work) as ReturnType<typeof work>) : work()),
    shared: (storage) => ({
      list: () => storage.list(),
      async put(entry) {
        await storage.put(entry);
        channel?.postMessage("changed");
      },
      async delete(localId) {
        await storage.delete(localId);
        channel?.postMessage("changed");
      },
    }),
    close: () => channel?.close(),
  };
}
