/**
 * Says every ten seconds that the session is there and what it does; at once when that changes. The hub's lease is thirty seconds, so one lost
 * frame changes nothing.
 */
import type { Clock } from "@hapi/platform";
import type { AliveFacts, SessionLink } from "@hapi/client/link";

export const ALIVE_EVERY_MS = 10_000;

export interface Heartbeat {
  /** Something in the facts may have changed. */
  touch(): void;
  close(): void;
}

export interface HeartbeatDeps {
  link: SessionLink;
  clock: Clock;
  facts(): AliveFacts;
}

export function createHeartbeat(deps: HeartbeatDeps): Heartbeat {
  let last = "";
  let cancelTimer: (() => void) | undefined;
  let closed = false;

  function say(): void {
    if (closed) return;
    cancelTimer?.();
    cancelTimer = deps.clock.setTimer(ALIVE_EVERY_MS, say);
    const facts = deps.facts();
    last = JSON.stringify(facts);
    if (!deps.link.connected) return;
    deps.link.alive(facts);
  }

  const stop = deps.link.on("connected", say);
  return {
    touch() {
      if (JSON.stringify(deps.facts()) !== last) say();
    },
    close() {
      closed = true;
      cancelTimer?.();
      stop();
    },
  };
}
