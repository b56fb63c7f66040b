/** What happens when something has happened: the only place where one part's word makes another one act. */
import { ignore } from "@hapi/platform";
import { machineRpc, sessionRpc } from "@hapi/protocol/rpc";
import type { Bus } from "./events/bus.ts";
import { forgetKind } from "./machines/forgets.ts";
import type { Link } from "./rpc/links.ts";
import { isCall } from "./rpc/rpc.ts";
import type { Services } from "./services.ts";
import { relayUpdates } from "./sessions/relay-updates.ts";

export interface Reactions {
  /** A link serves a method now. */
  onRegistered(link: Link, method: string): void;
  onJoined(link: Link): void;
  /** What waited while everything was locked goes now. */
  unlocked(): void;
  stop(): void;
}

export function connectReactions(services: Services, bus: Bus): Reactions {
  const { deliver, jobs, launches, lifecycle, links, live, machinePresence, machineReady, permissions, presence, resume, waker } = services;
  presence.becameActive.hear((id) => {
    launches.came(id);
    deliver(id);
  });
  presence.cameThoughStopped.hear((session) => ignore(lifecycle.endAgain(session), "it is tried again with its next sign of life"));
  const gone = (id: string): void => ignore(waker.ended(id), "the prompt stays queued");
  presence.expired.hear(gone);
  lifecycle.wentAway.hear((id, holds) => (holds ? waker.wakeHolder(id) : gone(id)));
  lifecycle.agentEnded.hear((id) => {
    live.end(id);
    launches.came(id);
  });
  resume.cameUp.hear((id) => waker.cameUp(id));
  machinePresence.becameOnline.hear(machineReady);
  const stopHearing = bus.subscribe((events) => {
    for (const { event } of events) if (event.type === "messages-consumed") waker.ran(event.sessionId);
  });
  const stopRelay = relayUpdates(bus, links);
  return {
    onRegistered({ scope, scopeId }, method) {
      if (scope === "session" && isCall(method, sessionRpc.permission))
        ignore(permissions.deliverWaiting(scopeId), "it is tried again when the session attaches");
      if (scope === "machine" && isCall(method, machineRpc.spawnHappySession)) machineReady(scopeId);
      if (scope === "machine" && isCall(method, machineRpc.forgetSession))
        ignore(jobs.hurry(forgetKind, scopeId), "it is tried again when the machine comes back");
    },
    onJoined(link) {
      if (link.scope === "session") deliver(link.scopeId, link);
    },
    unlocked() {
      for (const { scope, scopeId } of links.all()) {
        if (scope === "machine") machineReady(scopeId);
        else {
          deliver(scopeId);
          ignore(permissions.deliverWaiting(scopeId), "it is tried again when the session attaches");
        }
      }
    },
    stop() {
      stopHearing();
      stopRelay();
    },
  };
}
