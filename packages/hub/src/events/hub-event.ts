/** One change on its way to everybody: what it says on the wire, who may see it, and its place in the log when it has one. */
import type { PromptHolder } from "@hapi/core";
import type { SseCapability, SyncEvent } from "@hapi/protocol";

export interface EventFacts {
  readonly namespace: string;
  readonly event: SyncEvent;
  /** Place in the log. Heartbeats, streams and toasts have none. */
  readonly seq?: number;
  /** Only for subscribers that named this capability. */
  readonly needs?: SseCapability;
  /** The socket it came from, which is not told again. */
  readonly origin?: string;
  /** Of a prompt that was stored. Absent: no such. */
  readonly holder?: PromptHolder;
  /** Makes the wire text when there is a cheaper way than `JSON.stringify` of the event. */
  readonly render?: () => string;
}

export class HubEvent {
  readonly namespace: string;
  readonly event: SyncEvent;
  readonly seq: number | undefined;
  readonly needs: SseCapability | undefined;
  readonly origin: string | undefined;
  readonly holder: PromptHolder | undefined;
  readonly #render: (() => string) | undefined;
  #text: string | null = null;

  constructor(facts: EventFacts) {
    this.namespace = facts.namespace;
    this.event = facts.event;
    this.seq = facts.seq;
    this.needs = facts.needs;
    this.origin = facts.origin;
    this.holder = facts.holder;
    this.#render = facts.render;
  }

  /** Turned into text once for all subscribers. */
  get text(): string {
    this.#text ??= this.#render?.() ?? JSON.stringify({ ...this.event, namespace: this.namespace });
    return this.#text;
  }

  get sessionId(): string | undefined {
    if (this.event.type === "toast") return this.event.data.sessionId;
    return "sessionId" in this.event ? (this.event.sessionId as string) : undefined;
  }

  get machineId(): string | undefined {
    return this.event.type === "machine-updated" ? this.event.machineId : undefined;
  }
}
