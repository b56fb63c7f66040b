/**
 * Prompts on their way to the hub. Stored on the device before anything else, kept until the hub answered 2xx, sent in order per session,
 * repeated by the same `localId` (so a repetition is no second prompt), and never thrown away by an error: a refused prompt keeps its text.
 *
 * Several may share one storage (two tabs, two processes): what the storage says is true, each sends only what is still there, first things
 * first, and `exclusive` lets one at a time send for a session. So none sends what another has sent or taken back, and none overtakes.
 */
import { checkPromptSize } from "@hapi/core";
import { AppError, type SendMessage, toAppError } from "@hapi/protocol";
import { backoffMs, type Clock, type Random, systemClock } from "./clock.ts";
import { bodyOf, entryOf, inOrder, isPermanent, type NewPrompt, type OutboxEntry } from "./outbox-entries.ts";
import { createHeld, type OutboxStorage } from "./outbox-held.ts";

export type { OutboxEntry } from "./outbox-entries.ts";
export type { OutboxStorage } from "./outbox-held.ts";

export interface OutboxOptions {
  storage: OutboxStorage;
  send(sessionId: string, body: SendMessage, signal: AbortSignal): Promise<unknown>;
  /** A new, unguessable, unique id. */
  newId(): string;
  onChange?(entries: readonly OutboxEntry[]): void;
  /** The hub has it. */
  onSent?(entry: OutboxEntry): void;
  onStorageError?(cause: unknown): void;
  /** Where others share the storage: runs `work` while nobody else's work for this session runs, and ends that claim with it. */
  exclusive?<T>(sessionId: string, work: () => Promise<T>): Promise<T>;
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
  add(prompt: NewPrompt): Promise<OutboxEntry>;
  /**
   * Takes back what the hub does not have; `sent`: too late, ask the hub. One that is on its way is waited for; if no answer came it is
   * not sent again, and asking the hub to cancel it too does no harm.
   */
  cancel(localId: string): Promise<"removed" | "sent">;
  /** A refused prompt once more. */
  retry(localId: string): Promise<void>;
  /** Something changed for the better (online again, signed in): don't wait out the pause. */
  kick(): void;
  /** Another that shares the storage changed it. */
  refresh(): Promise<void>;
}

const BACKOFF = { baseMs: 1_000, maxMs: 60_000, jitterMs: 500 };
/** Nobody writes more by hand; whoever automates must see that the hub is away. */
export const MAX_OUTBOX = 500;

interface Flight {
  localId: string | null;
  /** It is known which one goes, if any. */
  chosen: Promise<void>;
  isCancelled: boolean;
  /** Whether the hub has it. */
  landed: Promise<boolean>;
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { clock = systemClock, random = Math.random, exclusive = (_session, work) => work() } = options;
  const held = createHeld(options.storage, options.onChange);
  let isRunning = false;
  let stopSending = new AbortController();
  const sending = new Map<string, Flight>();
  const pauses = new Map<string, { attempt: number; cancel: () => void; isOver: boolean }>();
  /** Being taken back: not to be chosen any more. */
  const leaving = new Set<string>();

  function nextOf(sessionId: string): OutboxEntry | undefined {
    return held.entries.find((entry) => entry.sessionId === sessionId && entry.state === "sending" && !leaving.has(entry.localId));
  }

  function pump(): void {
    if (!isRunning) return;
    for (const sessionId of new Set(held.entries.map((entry) => entry.sessionId))) {
      const isPaused = pauses.get(sessionId)?.isOver === false;
      if (nextOf(sessionId) && !sending.has(sessionId) && !isPaused) void fly(sessionId);
    }
  }

  async function fly(sessionId: string): Promise<void> {
    const { promise: landed, resolve: land } = Promise.withResolvers<boolean>();
    const { promise: chosen, resolve: choose } = Promise.withResolvers<void>();
    const flight: Flight = { localId: null, chosen, isCancelled: false, landed };
    sending.set(sessionId, flight);
    const { signal } = stopSending;
    try {
      await exclusive(sessionId, async () => {
        // another may have sent it or taken it back in the meantime; a storage that can't be read has no other
        await guarded(held.reread());
        const entry = nextOf(sessionId);
        if (!entry || signal.aborted) return;
        flight.localId = entry.localId;
        choose();
        await send(entry, flight, land, signal);
      });
    } catch (cause) {
      options.onStorageError?.(cause);
      pause(sessionId);
    } finally {
      choose();
      land(false);
      sending.delete(sessionId);
      pump();
    }
  }

  async function send(entry: OutboxEntry, flight: Flight, land: (hasLanded: boolean) => void, signal: AbortSignal): Promise<void> {
    try {
      await options.send(entry.sessionId, bodyOf(entry), signal);
      land(true);
      pauses.delete(entry.sessionId);
      await guarded(forget(entry.localId));
      options.onSent?.(entry);
    } catch (cause) {
      land(false);
      if (flight.isCancelled) await guarded(forget(entry.localId));
      else if (!signal.aborted) await guarded(failed(entry, toAppError(cause)));
    }
  }

  /** The device could not write: what is in memory still counts, and a prompt sent twice is one. */
  function guarded(written: Promise<void>): Promise<void> {
    return written.catch((cause: unknown) => options.onStorageError?.(cause));
  }

  /** Off the device only after the answer; a crash between the two sends it again, which changes nothing. */
  async function forget(localId: string): Promise<void> {
    held.set(held.entries.filter((entry) => entry.localId !== localId));
    await held.write(localId, null);
  }

  async function takeBack(localId: string): Promise<"removed" | "sent"> {
    await guarded(held.reread());
    if (!held.entries.some((other) => other.localId === localId)) return "sent";
    await forget(localId);
    return "removed";
  }

  async function failed(entry: OutboxEntry, error: AppError): Promise<void> {
    const known = held.entries.find((other) => other.localId === entry.localId);
    if (!known) return;
    const { code, message, retryable } = error;
    if (isPermanent(error)) {
      pauses.delete(entry.sessionId);
      const rejected: OutboxEntry = { ...known, state: "rejected", error: { code, message, retryable } };
      held.replace(rejected);
      return held.write(rejected.localId, rejected);
    }
    pause(entry.sessionId);
    held.replace({ ...known, error: { code, message, retryable: true } });
  }

  function pause(sessionId: string): void {
    const attempt = (pauses.get(sessionId)?.attempt ?? 0) + 1;
    const made = { attempt, isOver: false, cancel: () => undefined as void };
    made.cancel = clock.setTimer(backoffMs(attempt, BACKOFF, random), () => {
      made.isOver = true;
      pump();
    });
    pauses.set(sessionId, made);
  }

  return {
    get entries() {
      return held.entries;
    },
    async start() {
      if (isRunning) return;
      isRunning = true;
      stopSending = new AbortController();
      await held.reread();
      pump();
    },
    stop() {
      isRunning = false;
      for (const waiting of pauses.values()) waiting.cancel();
      pauses.clear();
      stopSending.abort(new AppError("hub_unreachable", "Stopped"));
    },
    async add(prompt) {
      checkPromptSize(prompt.text);
      if (held.entries.length >= MAX_OUTBOX) throw new AppError("rate_limited", "Too many prompts wait to be sent");
      const localId = prompt.localId ?? options.newId();
      const before = held.entries.find((entry) => entry.localId === localId);
      if (before) return before;
      const createdAt = clock.now();
      const entry = entryOf(prompt, { localId, createdAt, order: held.nextOrder(createdAt) });
      await held.put(entry);
      held.set([...held.entries.filter((other) => other.localId !== localId), entry].toSorted(inOrder));
      pump();
      return entry;
    },
    async cancel(localId) {
      const entry = held.entries.find((other) => other.localId === localId);
      if (!entry) return "sent";
      const flight = sending.get(entry.sessionId);
      await flight?.chosen;
      if (flight?.localId === localId) {
        flight.isCancelled = true;
        if (await flight.landed) return "sent";
        await forget(localId);
        return "removed";
      }
      leaving.add(localId);
      try {
        // behind an earlier one of ours the claim is ours already
        return await (sending.has(entry.sessionId) ? takeBack(localId) : exclusive(entry.sessionId, () => takeBack(localId)));
      } finally {
        leaving.delete(localId);
      }
    },
    async retry(localId) {
      const entry = held.entries.find((other) => other.localId === localId);
      if (entry?.state !== "rejected") return;
      const { error: _before, ...rest } = entry;
      const again: OutboxEntry = { ...rest, state: "sending" };
      await held.put(again);
      held.replace(again);
      pump();
    },
    kick() {
      for (const waiting of pauses.values()) {
        waiting.cancel();
        waiting.isOver = true;
      }
      pump();
    },
    async refresh() {
      if (!isRunning) return;
      await guarded(held.reread());
      pump();
    },
  };
}
