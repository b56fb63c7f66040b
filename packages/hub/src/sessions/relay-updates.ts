/** Tells a session's sockets and a machine's what others changed: versioned `update-session` / `update-machine`, and others' messages. */
import type { Session, SessionPatch } from "@hapi/protocol";
import type { Bus } from "../events/bus.ts";
import type { HubEvent } from "../events/hub-event.ts";
import type { Link, Links } from "../rpc/links.ts";

export function relayUpdates(bus: Bus, links: Links): () => void {
  return bus.subscribe((events) => {
    for (const event of events) relay(links, event);
  });
}

function relay(links: Links, hubEvent: HubEvent): void {
  const { event } = hubEvent;
  if (event.type === "session-updated" && event.data) relaySession(links, hubEvent, event.sessionId, event.data);
  else if (event.type === "machine-updated") relayMachine(links, hubEvent, event.machineId, event.data);
  // Prompts go through the delivery; this is what one socket of a session said to the others.
  else if (event.type === "message-received" && hubEvent.origin !== undefined) {
    const { id, seq, createdAt, localId, content } = event.message;
    for (const link of others(links.of("session", event.sessionId), hubEvent))
      links.update(link, { t: "new-message", sid: event.sessionId, message: { id, seq, createdAt, localId, content } });
  }
}

function relaySession(links: Links, hubEvent: HubEvent, sid: string, data: Session | SessionPatch): void {
  // Only patches carry versioned fields; a whole session is a change that sockets don't keep.
  if ("id" in data) return;
  const { metadata, agentState } = data;
  if (metadata === undefined && agentState === undefined) return;
  for (const link of others(links.of("session", sid), hubEvent))
    links.update(link, { t: "update-session", sid, metadata: metadata ?? null, agentState: agentState ?? null });
}

function relayMachine(links: Links, hubEvent: HubEvent, machineId: string, data: unknown): void {
  if (typeof data !== "object" || data === null || !("metadataVersion" in data)) return;
  const machine = data as { metadata: unknown; metadataVersion: number; runnerState: unknown; runnerStateVersion: number };
  for (const link of others(links.of("machine", machineId), hubEvent))
    links.update(link, {
      t: "update-machine",
      machineId,
      metadata: { version: machine.metadataVersion, value: machine.metadata },
      runnerState: { version: machine.runnerStateVersion, value: machine.runnerState },
    });
}

function others(all: readonly Link[], event: HubEvent): Link[] {
  return all.filter((link) => link.id !== event.origin);
}
