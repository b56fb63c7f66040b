/**
 * Prompts on their way to the hub. Stored on the device before anything else, kept until the hub answered 2xx, sent in order per session,
 * repeated by the same `localId` (so a repetition is no second prompt), and never thrown away by an error: a refused prompt keeps its text.
 */
import { AppError, type Attachment, type SendMessage, toAppError } from "@hapi/protocol";
import { backoffMs, type Clock, type Random, systemClock } from "./clock.ts";

export interface OutboxEntry {
  localId: string;
  sessionId: string;
  text: string;
  attachments: readonly Attachment[];
  createdAt: number;
  scheduledAt?: number | null;
  deliveryMode?: "queue" | "steer";
  state: "sending" | "rejected";
  /** Order of entry, also after a reload. */
  order: number;
  error?: { code: string; message: string; retryable: boolean };
}

/** Durable storage. `put` resolves when the entry survives the death of the app. */
export interface OutboxStorage {
  list(): Promise<OutboxEntry[]>;
  put(entry: OutboxEntry): Promise<void>;
  delete(localId: string): Promise<void>;
}

export interface OutboxOptions {
  storage: OutboxStorage;
  send(sessionId: string, body: SendMessage, signal: AbortSignal): Promise<unknown>;
  /** A new, unguessable, unique id. */
  newId(): string;
  onChange?(entries: readonly OutboxEntry[]): void;
  /** The hub has it. */
  onSent?(entry: OutboxEntry): void;
  onStorageError?(cause: unknown): void;
  clock?: Clock;
  random?: Random;
}

export interface Outbox {
  /** Every entry, in order. The same array until something changed. */
  readonly entries: readonly OutboxEntry[];
  /** Reads what an earlier run left and begins to send. */
  start(): Promise<void>;
  stop(): void;
  /** Resolves when the prompt is on the device; it is then shown, and sent as soon as that works. */
  add(prompt: {
    sessionId: string;
    text: string;
    attachments?: readonly Attachment[];
    scheduledAt?: number | null;
    deliveryMode?: "queue" | "steer";
    localId?: string;
  }): Promise<OutboxEntry>;
  /**
   * Takes back what the hub does not have; `sent`: too late, ask the hub. One that is on its way is waited for; if no answer came it is
   * not sent again, and asking the hub to cancel it too does no harm.
   */
  cancel(localId: string): Promise<"removed" | "sent">;
  /** A refused prompt once more. */
  retry(localId: string): Promise<void>;
  /** Something changed for the better (online again, signed in): don't wait out the pause. */
  kick(): void;
}

const BACKOFF = { baseMs: 1_000, maxMs: 60_000, jitterMs: 500 };
/** Nobody writes more by hand; whoever automates must see that the hub is away. */
export const MAX_OUTBOX = 500;

/** Refusals that a later try may not meet, although their code says nothing of it. */
function isPermanent(error: AppError): boolean {
  // Signing in again, or a hub in maintenance, is not the prompt's fault; nor is what we did not understand ourselves.
  return !error.retryable && error.status !== 401 && error.code !== "protocol_mismatch";
}

interface Flight {
  localId: string;
  isCancelled: boolean;
  /** Whether the hub has it. */
  landed: Promise<boolean>;
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { storage, clock = systemClock, random = Math.random } = options;
  let entries: readonly OutboxEntry[] = [];
  let isRunning = false;
  let lastOrder = 0;
  let stopSending = new AbortController();
  const sending = new Map<string, Flight>();
  const pauses = new Map<string, { attempt: number; cancel: () => void; isOver: boolean }>();

  function set(next: readonly OutboxEntry[]): void {
    entries = next;
    options.onChange?.(entries);
  }

  function replace(entry: OutboxEntry): void {
    set(entries.map((other) => (other.localId === entry.localId ? entry : other)));
  }

  function pump(): void {
    if (!isRunning) return;
    for (const sessionId of new Set(entries.map((entry) => entry.sessionId))) {
      const next = entries.find((entry) => entry.sessionId === sessionId && entry.state === "sending");
      const isPaused = pauses.get(sessionId)?.isOver === false;
      if (next && !sending.has(sessionId) && !isPaused) void send(next);
    }
  }

  async function send(entry: OutboxEntry): Promise<void> {
    const { sessionId, localId } = entry;
    const { promise: landed, resolve: land } = Promise.withResolvers<boolean>();
    const flight: Flight = { localId, isCancelled: false, landed };
    sending.set(sessionId, flight);
    const { signal } = stopSending;
    try {
      await options.send(sessionId, bodyOf(entry), signal);
      land(true);
      pauses.delete(sessionId);
      await forget(localId);
      options.onSent?.(entry);
    } catch (cause) {
      land(false);
      if (flight.isCancelled) await guarded(forget(localId));
      else if (!signal.aborted) await guarded(failed(entry, toAppError(cause)));
    } finally {
      sending.delete(sessionId);
      pump();
    }
  }

  /** The device could not write: what is in memory still counts, and a prompt sent twice is one. */
  function guarded(written: Promise<void>): Promise<void> {
    return written.catch((cause: unknown) => options.onStorageError?.(cause));
  }

  function bodyOf(entry: OutboxEntry): SendMessage {
    const { localId, text, attachments, scheduledAt, deliveryMode } = entry;
    return {
      text,
      localId,
      wake: true,
      ...(attachments.length > 0 ? { attachments: [...attachments] } : {}),
      ...(scheduledAt === undefined || scheduledAt === null ? {} : { scheduledAt }),
      ...(deliveryMode === undefined ? {} : { deliveryMode }),
    };
  }

  /** Off the device only after the answer; a crash between the two sends it again, which changes nothing. */
  async function forget(localId: string): Promise<void> {
    set(entries.filter((entry) => entry.localId !== localId));
    await storage.delete(localId);
  }

  async function failed(entry: OutboxEntry, error: AppError): Promise<void> {
    const known = entries.find((other) => other.localId === entry.localId);
    if (!known) return;
    const { code, message, retryable } = error;
    if (isPermanent(error)) {
      pauses.delete(entry.sessionId);
      const rejected: OutboxEntry = { ...known, state: "rejected", error: { code, message, retryable } };
      replace(rejected);
      return storage.put(rejected);
    }
    const attempt = (pauses.get(entry.sessionId)?.attempt ?? 0) + 1;
    const pause = { attempt, isOver: false, cancel: () => undefined as void };
    pause.cancel = clock.setTimer(backoffMs(attempt, BACKOFF, random), () => {
      pause.isOver = true;
      pump();
    });
    pauses.set(entry.sessionId, pause);
    replace({ ...known, error: { code, message, retryable: true } });
  }

  return {
    get entries() {
      return entries;
    },
    async start() {
      if (isRunning) return;
      isRunning = true;
      stopSending = new AbortController();
      const stored = (await storage.list()).toSorted((a, b) => a.order - b.order);
      const known = new Set(entries.map((entry) => entry.localId));
      const merged = [...stored.filter((entry) => !known.has(entry.localId)), ...entries];
      lastOrder = Math.max(lastOrder, ...merged.map((entry) => entry.order));
      set(merged);
      pump();
    },
    stop() {
      isRunning = false;
      for (const pause of pauses.values()) pause.cancel();
      pauses.clear();
      stopSending.abort(new AppError("hub_unreachable", "Stopped"));
    },
    async add(prompt) {
      if (entries.length >= MAX_OUTBOX) throw new AppError("rate_limited", "Too many prompts wait to be sent");
      const localId = prompt.localId ?? options.newId();
      const before = entries.find((entry) => entry.localId === localId);
      if (before) return before;
      const { sessionId, text, attachments = [], scheduledAt, deliveryMode } = prompt;
      // The time, so that entries made before the stored ones were read still come after them.
      const order = Math.max(lastOrder + 1, clock.now());
      lastOrder = order;
      const entry: OutboxEntry = {
        localId,
        sessionId,
        text,
        attachments,
        createdAt: clock.now(),
        state: "sending",
        order,
        ...(scheduledAt === undefined ? {} : { scheduledAt }),
        ...(deliveryMode === undefined ? {} : { deliveryMode }),
      };
      await storage.put(entry);
      set([...entries, entry].toSorted((a, b) => a.order - b.order));
      pump();
      return entry;
    },
    async cancel(localId) {
      const entry = entries.find((other) => other.localId === localId);
      if (!entry) return "sent";
      const flight = sending.get(entry.sessionId);
      if (flight?.localId === localId) {
        flight.isCancelled = true;
        if (await flight.landed) return "sent";
      }
      await forget(localId);
      return "removed";
    },
    async retry(localId) {
      const entry = entries.find((other) => other.localId === localId);
      if (entry?.state !== "rejected") return;
      const { error: _before, ...rest } = entry;
      const again: OutboxEntry = { ...rest, state: "sending" };
      await storage.put(again);
      replace(again);
      pump();
    },
    kick() {
      for (const pause of pauses.values()) {
        pause.cancel();
        pause.isOver = true;
      }
      pump();
    },
  };
}
