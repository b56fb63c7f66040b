/**
 * One SSE connection. Frames go into a stream that counts bytes; a reader that falls behind by more than `maxBufferedBytes` stops getting
 * frames, and once it has read what it has it is caught up from the log like someone who reconnects, or told that there is a gap.
 */
import type { SseCapability, SyncEvent } from "@hapi/protocol";
import type { HubEvent } from "../events/hub-event.ts";
import { Frames, gzipHeader } from "./frames.ts";

export const MAX_BUFFERED_BYTES = 1024 * 1024;

export interface Scope {
  all: boolean;
  sessionId?: string;
  machineId?: string;
}

export interface SubscriberOptions {
  id: string;
  namespace: string;
  scope: Scope;
  /** Whose connection it is, where that is counted. */
  from: string | null;
  caps: ReadonlySet<SseCapability>;
  visible: boolean;
  gzip: boolean;
  /** So far a reader may fall behind. */
  maxBufferedBytes: number;
  /** The reader has taken everything after having fallen behind. */
  onDrained(subscriber: Subscriber): void;
  onClosed(subscriber: Subscriber): void;
}

export type SubscriberState = "catching-up" | "live" | "behind" | "closed";

export class Subscriber {
  readonly id: string;
  readonly namespace: string;
  readonly scope: Scope;
  readonly from: string | null;
  readonly caps: ReadonlySet<SseCapability>;
  readonly stream: ReadableStream<Uint8Array>;
  visible: boolean;
  /** Last logged event this reader was given. */
  lastSeq = 0;
  state: SubscriberState = "catching-up";
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  readonly #options: SubscriberOptions;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.id = options.id;
    this.namespace = options.namespace;
    this.scope = options.scope;
    this.from = options.from;
    this.caps = options.caps;
    this.visible = options.visible;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          if (options.gzip) controller.enqueue(gzipHeader);
        },
        pull: () => {
          if (this.state === "behind") options.onDrained(this);
        },
        cancel: () => this.close(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: Math.min(64 * 1024, options.maxBufferedBytes) }),
    );
  }

  wants(event: HubEvent): boolean {
    if (event.namespace !== this.namespace) return false;
    if (event.needs !== undefined && !this.caps.has(event.needs)) return false;
    if (event.event.type === "toast" && !this.visible) return false;
    const { scope } = this;
    if (scope.all) return true;
    const { sessionId, machineId } = event;
    if (sessionId !== undefined && sessionId === scope.sessionId) return true;
    if (event.event.type === "message-received" || event.event.type === "scheduled-matured") return false;
    return machineId !== undefined && machineId === scope.machineId;
  }

  write(frames: Frames): void {
    if (this.#controller === null || this.state === "closed") return;
    const room = this.#controller.desiredSize;
    if (room === null) return;
    if (room < -this.#options.maxBufferedBytes) {
      this.state = "behind";
      return;
    }
    this.#controller.enqueue(frames.bytes(this.#options.gzip));
  }

  /** A frame without id, for this reader alone. */
  tell(event: SyncEvent): void {
    this.write(new Frames(`data: ${JSON.stringify(event)}\n\n`));
  }

  close(): void {
    if (this.state === "closed") return;
    this.state = "closed";
    try {
      this.#controller?.close();
    } catch (cause) {
      // Cancelled by the reader: closed already.
      if (!(cause instanceof TypeError)) throw cause;
    }
    this.#controller = null;
    this.#options.onClosed(this);
  }
}
