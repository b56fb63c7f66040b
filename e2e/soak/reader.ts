/** A client that only reads, as the web app does, through a network that breaks; keeps the picture, not the events. */
import { createSyncEngine, type HubApi } from "@hapi/client";
import type { SyncState } from "@hapi/core";
import { fasterClock } from "../faults/faster-clock.ts";

export interface Reader {
  readonly sessionId: string;
  readonly state: SyncState;
  readonly connections: number;
  readonly events: number;
  stop(): Promise<void>;
}

export async function startReader(api: HubApi, sessionId: string): Promise<Reader> {
  let connections = 0;
  let events = 0;
  const engine = createSyncEngine({
    api,
    clock: fasterClock,
    onChange: () => undefined,
    onEvent: (event) => {
      events += 1;
      if (event.type === "connection-changed") connections += 1;
    },
  });
  await engine.start();
  engine.openSession(sessionId);
  return {
    sessionId,
    get state() {
      return engine.state;
    },
    get connections() {
      return connections;
    },
    get events() {
      return events;
    },
    stop: () => engine.stop(),
  };
}
