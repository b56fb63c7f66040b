/**
 * Everybody who listens on `/api/events`. Frames of one commit are turned into bytes once per kind of subscriber and the same bytes go to
 * all of them. First frame `connection-changed`, then what was missed, then `caught-up` (by capability), then live.
 */
import { randomUUID } from "node:crypto";
import type { Actor } from "../auth/actor.ts";
import type { Credentials } from "../auth/credentials.ts";
import type { Lock } from "../auth/lock.ts";
import type { Clock, Logger } from "@hapi/platform";
import { ignore } from "@hapi/platform";
import { SSE_CAPABILITIES, type SseCapability } from "@hapi/protocol";
import type { Bus } from "../events/bus.ts";
import { namespaceTag, parseCursor } from "../events/cursor.ts";
import type { EventLog } from "../events/event-log.ts";
import { HubEvent } from "../events/hub-event.ts";
import { replayAfter, type ReplayDeps } from "./replay.ts";
import type { LiveText } from "../live/live-text.ts";
import { Frames } from "./frames.ts";
import { MAX_BUFFERED_BYTES, Subscriber, type Scope } from "./subscriber.ts";

const heartbeatMs = 30_000;
const maxSubscribers = 5_000;
/** Of one address block elsewhere. */
const maxOfOne = 128;
/** Events that come while one subscriber is caught up; more are a gap. */
const maxPending = 10_000;

export interface SseHubDeps extends ReplayDeps {
  log: EventLog;
  bus: Bus;
  live: LiveText;
  watch: { snapshot(namespace: string): HubEvent[] };
  credentials: Pick<Credentials, "whileGood">;
  lock: Pick<Lock, "state" | "checkCaller" | "whileUnchanged">;
  clock: Clock;
  logger: Logger;
  /** Of one reader; absent: `MAX_BUFFERED_BYTES`. */
  maxBufferedBytes?: number;
  /** What was read so far will not be taken back. */
  settled(): Promise<unknown>;
}

export interface SubscribeOptions {
  /** Whose namespace is listened to; the stream ends with their credential. */
  actor: Actor;
  scope: Scope;
  caps: ReadonlySet<SseCapability>;
  visible: boolean;
  gzip: boolean;
  cursor: string | null;
  /** Who asks, if that is to be counted. */
  from: string | null;
  /** When the reader's sign-in ends, in ms, and the stream with it: who is still allowed comes back with a new one. */
  until: number;
}

export class SseHub {
  readonly #deps: SseHubDeps;
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #pending = new Map<string, HubEvent[]>();
  readonly #tags = new Map<string, string>();
  readonly #unsubscribe: () => void;
  #stopHeartbeat: () => void = () => undefined;

  constructor(deps: SseHubDeps) {
    this.#deps = deps;
    this.#unsubscribe = deps.bus.subscribe((events) => this.#broadcast(events));
    this.#scheduleHeartbeat();
  }

  get size(): number {
    return this.#subscribers.size;
  }

  subscribe(options: SubscribeOptions): ReadableStream<Uint8Array> | null {
    if (this.#subscribers.size >= maxSubscribers) return null;
    if (options.from !== null && [...this.#subscribers.values()].filter(({ from }) => from === options.from).length >= maxOfOne)
      return null;
    const { clock, credentials, lock } = this.#deps;
    lock.checkCaller({ isLocal: options.from === null });
    const { actor, ...asked } = options;
    const stopWaiting = clock.setTimer(Math.max(0, options.until - clock.now()), () => subscriber.close(), { unref: true });
    const subscriber: Subscriber = new Subscriber({
      ...asked,
      namespace: actor.namespace,
      id: randomUUID(),
      maxBufferedBytes: this.#deps.maxBufferedBytes ?? MAX_BUFFERED_BYTES,
      onDrained: (drained) => this.#resume(drained, drained.lastSeq),
      onClosed: (closed) => {
        stopWaiting();
        stopHearing();
        stopWatching();
        this.#subscribers.delete(closed.id);
        this.#pending.delete(closed.id);
      },
    });
    this.#subscribers.set(subscriber.id, subscriber);
    const stopHearing = credentials.whileGood(actor, () => subscriber.close());
    const stopWatching = lock.whileUnchanged(() => subscriber.close());
    this.#resume(subscriber, this.#seqOf(options.cursor, actor.namespace));
    return subscriber.stream;
  }

  setVisible(namespace: string, subscriptionId: string, visible: boolean): boolean {
    const subscriber = this.#subscribers.get(subscriptionId);
    if (!subscriber || subscriber.namespace !== namespace) return false;
    subscriber.visible = visible;
    return true;
  }

  close(): void {
    this.#unsubscribe();
    this.#stopHeartbeat();
    for (const subscriber of this.#subscribers.values()) subscriber.close();
  }

  /** A cursor of this log and namespace, or null. */
  #seqOf(cursor: string | null, namespace: string): number | null {
    const parsed = parseCursor(cursor);
    if (!parsed || parsed.epoch !== this.#deps.log.epoch || parsed.tag !== this.#tag(namespace)) return null;
    return parsed.seq;
  }

  #resume(subscriber: Subscriber, seq: number | null): void {
    subscriber.state = "catching-up";
    this.#pending.set(subscriber.id, []);
    ignore(
      this.#catchUp(subscriber, seq).catch((cause) => {
        this.#deps.logger.error("sse.catch_up_failed", { reason: cause instanceof Error ? cause.stack : String(cause) });
        subscriber.close();
      }),
      "said in the log; the reader connects again",
    );
  }

  async #catchUp(subscriber: Subscriber, seq: number | null): Promise<void> {
    const head = await this.#deps.log.head();
    const missed = seq === null ? null : await replayAfter(this.#deps, subscriber.namespace, seq);
    // Told before it is committed, an event that a crash takes back would leave the reader with a place in the log that another one gets.
    await this.#deps.settled();
    const resume = missed === null ? "gap" : "ok";
    subscriber.tell({
      type: "connection-changed",
      namespace: subscriber.namespace,
      data: { status: "connected", subscriptionId: subscriber.id, resume, ...this.#locked() },
    });
    subscriber.lastSeq = Math.max(head, seq ?? 0);
    if (missed !== null) {
      const wanted = missed.filter((event) => subscriber.wants(event));
      for (const event of wanted) subscriber.lastSeq = Math.max(subscriber.lastSeq, event.seq ?? 0);
      if (wanted.length > 0) subscriber.write(this.#frames(wanted));
    }
    if (subscriber.caps.has("stream")) {
      const live = this.#deps.live.snapshot(subscriber.namespace).filter((event) => subscriber.wants(event));
      if (live.length > 0) subscriber.write(this.#frames(live));
    }
    if (subscriber.caps.has("waiting")) {
      const waits = this.#deps.watch.snapshot(subscriber.namespace).filter((event) => subscriber.wants(event));
      if (waits.length > 0) subscriber.write(this.#frames(waits));
    }
    if (subscriber.caps.has("caught-up")) subscriber.tell({ type: "caught-up", namespace: subscriber.namespace });
    this.#goLive(subscriber);
  }

  #locked(): { locked?: true } {
    return this.#deps.lock.state === null ? {} : { locked: true };
  }

  #goLive(subscriber: Subscriber): void {
    const pending = this.#pending.get(subscriber.id);
    this.#pending.delete(subscriber.id);
    if (subscriber.state !== "catching-up") return;
    subscriber.state = "live";
    const fresh = (pending ?? []).filter((event) => event.seq === undefined || event.seq > subscriber.lastSeq);
    if (fresh.length > 0) this.#give(subscriber, fresh, this.#frames(fresh));
  }

  #broadcast(events: readonly HubEvent[]): void {
    if (this.#subscribers.size === 0) return;
    const shared = new Map<string, { events: HubEvent[]; frames: Frames | null }>();
    for (const subscriber of this.#subscribers.values()) {
      if (subscriber.state === "behind" || subscriber.state === "closed") continue;
      const key = subscriber.scope.all
        ? `${subscriber.namespace}\n${[...subscriber.caps].join()}\n${subscriber.visible}`
        : `${subscriber.namespace}\n${subscriber.id}`;
      let group = shared.get(key);
      if (!group) {
        const wanted = events.filter((event) => subscriber.wants(event));
        group = { events: wanted, frames: null };
        shared.set(key, group);
      }
      if (group.events.length === 0) continue;
      if (subscriber.state === "catching-up") this.#postpone(subscriber, group.events);
      else {
        group.frames ??= this.#frames(group.events);
        this.#give(subscriber, group.events, group.frames);
      }
    }
  }

  #postpone(subscriber: Subscriber, events: readonly HubEvent[]): void {
    const pending = this.#pending.get(subscriber.id);
    if (!pending) return;
    pending.push(...events);
    if (pending.length > maxPending) subscriber.close();
  }

  #give(subscriber: Subscriber, events: readonly HubEvent[], frames: Frames): void {
    // A replay reads the open transaction too: what it told already is not told again when that transaction is committed.
    if (events.some((event) => event.seq !== undefined && event.seq <= subscriber.lastSeq)) {
      const fresh = events.filter((event) => event.seq === undefined || event.seq > subscriber.lastSeq);
      if (fresh.length > 0) this.#give(subscriber, fresh, this.#frames(fresh));
      return;
    }
    subscriber.write(frames);
    // A reader that fell behind keeps its place: from there it is caught up.
    if (subscriber.state !== "live") return;
    const last = events.findLast((event) => event.seq !== undefined)?.seq;
    if (last !== undefined) subscriber.lastSeq = Math.max(subscriber.lastSeq, last);
  }

  #frames(events: readonly HubEvent[]): Frames {
    let text = "";
    for (const event of events) {
      if (event.seq !== undefined) text += `id: ${this.#deps.log.epoch}:${event.seq}:${this.#tag(event.namespace)}\n`;
      text += `data: ${event.text}\n\n`;
    }
    return new Frames(text);
  }

  #tag(namespace: string): string {
    const known = this.#tags.get(namespace);
    if (known !== undefined) return known;
    const tag = namespaceTag(this.#deps.log.epoch, namespace);
    if (this.#tags.size > 10_000) this.#tags.clear();
    this.#tags.set(namespace, tag);
    return tag;
  }

  #scheduleHeartbeat(): void {
    this.#stopHeartbeat = this.#deps.clock.setTimer(heartbeatMs, () => {
      const data = { timestamp: this.#deps.clock.now() };
      for (const subscriber of this.#subscribers.values()) {
        if (subscriber.state !== "behind") subscriber.tell({ type: "heartbeat", namespace: subscriber.namespace, data });
      }
      this.#scheduleHeartbeat();
    });
  }
}

export function parseCaps(text: string | undefined): Set<SseCapability> {
  const named = new Set((text ?? "").split(",").map((name) => name.trim()));
  return new Set(SSE_CAPABILITIES.filter((cap) => named.has(cap)));
}
