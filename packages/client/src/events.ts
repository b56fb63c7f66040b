/**
 * The hub's event stream, over fetch: the same code in browsers and on Bun, and the token in a header. It comes back by itself, says after
 * each connection whether something was missed, and takes silence for a dead connection.
 */
import { AppError, parser, type SseCapability, type SyncEvent, syncEventSchema, toAppError } from "@hapi/protocol";
import { backoffMs, type Clock, type Random, systemClock } from "./clock.ts";
import type { CallOptions } from "./http.ts";
import { createSseParser } from "./sse-parser.ts";

/** The hub beats every 30 s; three missed beats are a dead connection. */
export const STALE_MS = 90_000;
/** On coming back to the foreground, less patience. */
export const FOREGROUND_STALE_MS = 45_000;
const CONNECT_TIMEOUT_MS = 10_000;
const SHORT_LIVED_MS = 5_000;
const BACKOFF = { baseMs: 1_000, maxMs: 30_000, jitterMs: 500 };
/** So many failures in a row, and it is tried only every five minutes, and when someone looks. */
const PATIENT_ATTEMPTS = 8;
const RARE_MS = 300_000;

export type StreamStatus =
  | { phase: "stopped" }
  | { phase: "connecting"; attempt: number }
  | { phase: "online"; since: number; subscriptionId: string }
  /** `retryAt` null: not before it is online or visible again, or `reconnect` is called. */
  | { phase: "waiting"; attempt: number; retryAt: number | null; error: AppError | null }
  /** The hub does not take the token. */
  | { phase: "signed-out"; error: AppError };

export interface EventStreamOptions {
  /** `api.open` of the REST client. */
  open(method: "GET", path: string, call: CallOptions): Promise<Response>;
  caps?: readonly SseCapability[];
  /** Default: the whole namespace. */
  scope?: { sessionId?: string; machineId?: string };
  onEvent(event: SyncEvent): void;
  /** After a batch of events was given to `onEvent`. */
  onBatch?(): void;
  /** An event that does not fit our schema: what it is about must be read again. */
  onUnreadable?(event: { type?: string; sessionId?: string; machineId?: string }): void;
  onStatus?(status: StreamStatus): void;
  /** Where to go on. */
  lastEventId?: string | null;
  visible?: boolean;
  clock?: Clock;
  random?: Random;
}

export interface EventStream {
  start(): void;
  stop(): void;
  /** Now, whatever was planned. */
  reconnect(): void;
  /** What the device says; offline ends attempts, online begins one at once. */
  setOnline(isOnline: boolean): void;
  setVisible(isVisible: boolean): void;
  readonly status: StreamStatus;
  readonly lastEventId: string | null;
}

const readEvent = parser(syncEventSchema);

export function createEventStream(options: EventStreamOptions): EventStream {
  const { clock = systemClock, random = Math.random } = options;
  let status: StreamStatus = { phase: "stopped" };
  let lastEventId = options.lastEventId ?? null;
  let isOnline = true;
  let isVisible = options.visible ?? true;
  let isWanted = false;
  let attempt = 0;
  let heardAt = 0;
  let connectedAt: number | null = null;
  /** Connections in a row that ended right after they began: a hub that takes and drops us is not asked in a loop. */
  let shortLived = 0;
  let connection: AbortController | null = null;
  let cancelRetry: (() => void) | undefined;
  let cancelWatch: (() => void) | undefined;

  function setStatus(next: StreamStatus): void {
    status = next;
    options.onStatus?.(next);
  }

  function query(): Record<string, string | boolean | undefined> {
    const { sessionId, machineId } = options.scope ?? {};
    return {
      all: sessionId === undefined && machineId === undefined ? true : undefined,
      sessionId,
      machineId,
      caps: options.caps?.join(",") || undefined,
      visibility: isVisible ? "visible" : "hidden",
    };
  }

  function connect(): void {
    cancelRetry?.();
    if (!isWanted) return;
    drop();
    const mine = new AbortController();
    connection = mine;
    attempt += 1;
    setStatus({ phase: "connecting", attempt });
    run(mine).then(
      () => ended(mine, null),
      (cause: unknown) => ended(mine, toAppError(cause)),
    );
  }

  function drop(): void {
    cancelWatch?.();
    const old = connection;
    connection = null;
    old?.abort(new AppError("hub_unreachable"));
  }

  async function run(mine: AbortController): Promise<void> {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (lastEventId !== null) headers["last-event-id"] = lastEventId;
    const call = { headers, query: query(), signal: mine.signal, timeoutMs: CONNECT_TIMEOUT_MS };
    const response = await options.open("GET", "/api/events", call);
    const { body } = response;
    if (!body) throw new AppError("hub_unreachable");
    const reader = body.getReader();
    // The deadline and signal of `open` end with its answer; from here on dropping the connection is ours.
    const onAbort = (): void => void reader.cancel().catch(() => undefined);
    mine.signal.addEventListener("abort", onAbort, { once: true });
    if (mine.signal.aborted) onAbort();
    heard(mine);
    const parserOf = createSseParser();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || connection !== mine) return;
      heard(mine);
      const frames = parserOf.push(decoder.decode(value, { stream: true }));
      for (const frame of frames) receive(mine, frame.data, frame.id);
      if (frames.length > 0) options.onBatch?.();
    }
  }

  function heard(mine: AbortController): void {
    heardAt = clock.now();
    cancelWatch?.();
    cancelWatch = clock.setTimer(STALE_MS, () => {
      if (connection === mine) connect();
    });
  }

  function receive(mine: AbortController, data: string, id: string | null): void {
    const raw = parseJson(data);
    const event = readEvent(raw);
    if (!event) options.onUnreadable?.(raw);
    else if (event.type === "connection-changed") {
      attempt = 0;
      connectedAt = clock.now();
      if (connection === mine) setStatus({ phase: "online", since: clock.now(), subscriptionId: event.data.subscriptionId });
      options.onEvent(event);
    } else options.onEvent(event);
    if (id !== null) lastEventId = id;
  }

  function ended(mine: AbortController, error: AppError | null): void {
    if (connection !== mine) return;
    drop();
    if (!isWanted) return;
    if (connectedAt !== null) {
      shortLived = clock.now() - connectedAt < SHORT_LIVED_MS ? shortLived + 1 : 0;
      attempt = Math.max(attempt, shortLived);
      connectedAt = null;
    }
    if (error && (error.code === "invalid_access_token" || error.code === "missing_token"))
      return setStatus({ phase: "signed-out", error });
    retryLater(error);
  }

  function retryLater(error: AppError | null): void {
    if (!isOnline || !isVisible) return setStatus({ phase: "waiting", attempt, retryAt: null, error });
    const ms = attempt === 0 ? 0 : attempt >= PATIENT_ATTEMPTS ? RARE_MS : backoffMs(attempt, BACKOFF, random);
    setStatus({ phase: "waiting", attempt, retryAt: clock.now() + ms, error });
    cancelRetry = clock.setTimer(ms, connect);
  }

  function reconnect(): void {
    attempt = 0;
    shortLived = 0;
    connectedAt = null;
    connect();
  }

  return {
    get status() {
      return status;
    },
    get lastEventId() {
      return lastEventId;
    },
    start() {
      if (isWanted) return;
      isWanted = true;
      attempt = 0;
      connect();
    },
    stop() {
      isWanted = false;
      cancelRetry?.();
      drop();
      setStatus({ phase: "stopped" });
    },
    reconnect,
    setOnline(next) {
      if (isOnline === next) return;
      isOnline = next;
      if (!isWanted) return;
      if (next) return reconnect();
      cancelRetry?.();
      drop();
      setStatus({ phase: "waiting", attempt, retryAt: null, error: null });
    },
    setVisible(next) {
      if (isVisible === next) return;
      isVisible = next;
      if (!next || !isWanted) return;
      const isQuiet = status.phase === "online" && clock.now() - heardAt > FOREGROUND_STALE_MS;
      if (isQuiet || status.phase === "waiting") reconnect();
    },
  };
}

function parseJson(text: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, string>) : {};
  } catch {
    // A frame that is no JSON is unreadable as a whole; the caller is told.
    return {};
  }
}
