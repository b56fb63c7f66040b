/**
 * Text that is being written right now. Deltas pass through to subscribers and the text so far is kept, so that who comes late sees it all.
 * Never on the disk. Bounded per item, per session and in the number of sessions; what falls out is completed by the stored message.
 */
import { itemsDrawn } from "@hapi/core";
import type { ClientEvent, Message, SyncEvent } from "@hapi/protocol";
import type { Bus } from "../events/bus.ts";
import { HubEvent } from "../events/hub-event.ts";

const maxItemChars = 256 * 1024;
const maxItemsPerSession = 64;
const maxSessions = 500;

type StreamEvent = Extract<SyncEvent, { type: "stream" }>;

interface LiveItem {
  kind: StreamEvent["kind"];
  text: string;
  parent?: string;
}

interface LiveSession {
  namespace: string;
  items: Map<string, LiveItem>;
}

export class LiveText {
  readonly #sessions = new Map<string, LiveSession>();
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
    bus.subscribe((events) => {
      if (this.#sessions.size === 0) return;
      for (const { event } of events) {
        if (event.type === "message-received") this.#stored(event.sessionId, event.message);
        else if (event.type === "session-removed") this.end(event.sessionId);
      }
    });
  }

  push(session: { id: string; namespace: string }, frame: ClientEvent<"stream">): void {
    this.#keep(session, frame);
    const { itemId, kind, offset, delta, parent, done } = frame;
    const event: StreamEvent = {
      type: "stream",
      sessionId: session.id,
      itemId,
      kind,
      offset,
      delta,
      ...(parent === undefined ? {} : { parent }),
      ...(done === undefined ? {} : { done }),
    };
    this.#bus.publish([new HubEvent({ namespace: session.namespace, event, needs: "stream" })]);
  }

  /** Everything being written in this namespace, as one delta from the beginning per item. */
  snapshot(namespace: string): HubEvent[] {
    const events: HubEvent[] = [];
    for (const [sessionId, session] of this.#sessions) {
      if (session.namespace !== namespace) continue;
      for (const [itemId, item] of session.items) {
        const parent = item.parent === undefined ? {} : { parent: item.parent };
        const event: StreamEvent = { type: "stream", sessionId, itemId, kind: item.kind, offset: 0, delta: item.text, ...parent };
        events.push(new HubEvent({ namespace, event, needs: "stream" }));
      }
    }
    return events;
  }

  /** The agent is gone: nothing of it is being written. */
  end(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }

  #keep(session: { id: string; namespace: string }, frame: ClientEvent<"stream">): void {
    const live = this.#sessions.get(session.id) ?? this.#open(session);
    const known = live.items.get(frame.itemId);
    const text = known?.text ?? "";
    // Text whose beginning we never saw can't be shown to a newcomer; the stored message will.
    if (frame.done || frame.offset > text.length) live.items.delete(frame.itemId);
    else {
      const next = text.slice(0, frame.offset) + frame.delta;
      if (next.length > maxItemChars) live.items.delete(frame.itemId);
      else live.items.set(frame.itemId, { kind: frame.kind, text: next, ...(frame.parent === undefined ? {} : { parent: frame.parent }) });
    }
    if (live.items.size > maxItemsPerSession) live.items.delete(live.items.keys().next().value as string);
    if (live.items.size === 0) this.#sessions.delete(session.id);
  }

  #open(session: { id: string; namespace: string }): LiveSession {
    const live: LiveSession = { namespace: session.namespace, items: new Map() };
    if (this.#sessions.size >= maxSessions) this.#sessions.delete(this.#sessions.keys().next().value as string);
    this.#sessions.set(session.id, live);
    return live;
  }

  #stored(sessionId: string, row: Message): void {
    const live = this.#sessions.get(sessionId);
    if (!live) return;
    const { ids, all } = itemsDrawn([row]);
    for (const id of ids) live.items.delete(id);
    if (all) live.items.clear();
    if (live.items.size === 0) this.#sessions.delete(sessionId);
  }
}
