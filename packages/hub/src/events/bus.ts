/** Hands committed and live events to everyone in this process. A port: another implementation may carry them between hubs. */
import type { Logger } from "@hapi/platform";
import type { HubEvent } from "./hub-event.ts";

export type BusListener = (events: readonly HubEvent[]) => void;

export interface Bus {
  publish(events: readonly HubEvent[]): void;
  subscribe(listener: BusListener): () => void;
}

export function createBus(log: Logger): Bus {
  const listeners = new Set<BusListener>();
  return {
    publish(events) {
      for (const listener of listeners) {
        try {
          listener(events);
        } catch (cause) {
          // One subscriber's failure must not keep the event from the others.
          log.error("bus.listener_failed", { cause });
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
