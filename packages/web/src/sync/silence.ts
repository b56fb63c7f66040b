/** Since when the hub has not been heard, once that is more than a moment: from then on what is shown is as of then. */
import type { Connection, HubState } from "./store.ts";

/** A phone that comes back from the pocket reconnects within this; no words before. */
export const QUIET_MS = 2_000;

export interface SilenceWatch {
  look(connection: Connection): void;
  stop(): void;
}

export function watchSilence(show: (silence: HubState["silence"]) => void, quietMs: number = QUIET_MS): SilenceWatch {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown: { since: number | null } | null = null;

  function put(next: { since: number | null } | null): void {
    clearTimeout(timer);
    timer = undefined;
    if (shown?.since === next?.since && (shown === null) === (next === null)) return;
    shown = next;
    show(next);
  }

  return {
    look(connection) {
      switch (connection.phase) {
        case "online":
        case "connecting":
          return put(null);
        case "offline":
          return put({ since: connection.since });
        case "reconnecting":
          if (shown) return put({ since: connection.since });
          timer ??= setTimeout(() => put({ since: connection.since }), quietMs);
      }
    },
    stop: () => put(null),
  };
}
