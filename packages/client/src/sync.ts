/**
 * Keeps a client's picture of the hub true: events as they come, and reads for what they can't tell (a gap, a session never heard of, a
 * session just opened). Events that arrive while a read is under way are applied again after it, so neither can undo the other.
 */
import {
  applyPage,
  applySyncEvent,
  closeWindow,
  emptySyncState,
  joinsWindow,
  openWindow,
  type SyncState,
  withGap,
  withListed,
  withMachines,
  withoutSession,
  withoutDoubtful,
  withoutUnlisted,
  withSession,
} from "@hapi/core";
import { AppError, type MessagesResponse, type SyncEvent, toAppError } from "@hapi/protocol";
import { backoffMs, type Clock, type Random, systemClock } from "./clock.ts";
import { createEventStream, type StreamStatus } from "./events.ts";
import type { HubApi } from "./rest.ts";
import { createReads } from "./sync-reads.ts";
import { createSyncCache, type KeyValueStorage } from "./sync-cache.ts";

export interface SyncOptions {
  api: HubApi;
  /** Called at most once per batch of events or read. */
  onChange(state: SyncState): void;
  onStatus?(status: StreamStatus): void;
  /** Every event, for toasts and sounds. */
  onEvent?(event: SyncEvent): void;
  /** A read failed; it is tried again by itself when that makes sense. */
  onError?(error: AppError, what: string): void;
  /** Cache on the device; without it every start is empty. */
  storage?: KeyValueStorage;
  /** Offline machines too. */
  allMachines?: boolean;
  pageSize?: number;
  visible?: boolean;
  clock?: Clock;
  random?: Random;
}

export interface SyncEngine {
  readonly state: SyncState;
  readonly status: StreamStatus;
  /** Where the list in `state` is from. */
  readonly listed: "nowhere" | "cache" | "hub";
  start(): Promise<void>;
  /** `forget` also empties the cache. */
  stop(options?: { forget?: boolean }): Promise<void>;
  /** Rows of this session are kept from now on; the answer says that nobody looks any more. */
  openSession(id: string): () => void;
  /** @returns whether there may be still older rows */
  loadOlder(id: string): Promise<boolean>;
  /** Reads a session in full. Rejects with an `AppError`. */
  loadSession(id: string): Promise<void>;
  /** Everything again. */
  refresh(): void;
  reconnect(): void;
  setOnline(isOnline: boolean): void;
  setVisible(isVisible: boolean): void;
}

/** Entries of the list in its first page (some 20 KB) and in the following ones. */
const FIRST_LISTED = 25;
const LISTED = 250;
/** Sessions nobody looks at any more stay warm, up to this many. */
const MAX_WARM = 8;
/** Sessions read at the same time. */
const MAX_PARALLEL = 4;
/** Pages read forward to close a gap; a longer one starts over from the newest page. */
const MAX_TAIL_PAGES = 5;
/** Reads wait this long for the first connection, so that they are not made twice; then they go without it. */
const VERDICT_WAIT_MS = 3_000;
const RETRY = { baseMs: 2_000, maxMs: 60_000, jitterMs: 500 };

export function createSyncEngine(options: SyncOptions): SyncEngine {
  const { api, clock = systemClock, random = Math.random, pageSize = 100 } = options;
  const cache = options.storage ? createSyncCache(options.storage, clock, (cause) => options.onError?.(toAppError(cause), "cache")) : null;
  let state: SyncState = emptySyncState;
  let told: SyncState = state;
  let listed: SyncEngine["listed"] = "nowhere";
  let isRunning = false;
  let failures = 0;
  let startedAt = 0;
  let cancelFirst: (() => void) | undefined;
  let cancelRetry: (() => void) | undefined;
  let stopReads = new AbortController();
  const reads = createReads();
  const reading = new Set<string>();
  const watchers = new Map<string, number>();
  /** Open windows, longest unseen first. */
  const warm = new Set<string>();

  function publish(): void {
    if (state === told) return;
    told = state;
    cache?.save(state);
    options.onChange(state);
  }

  function receive(event: SyncEvent): void {
    reads.heard(event);
    state = applySyncEvent(state, event);
    options.onEvent?.(event);
  }

  const keepNow = (): void => void cache?.flush();

  const stream = createEventStream({
    open: api.open,
    caps: ["stream", "stages", "caught-up", "outcomes", "waiting"],
    visible: options.visible,
    clock,
    random,
    onEvent: receive,
    onBatch: () => {
      publish();
      pump();
    },
    onUnreadable: ({ sessionId, machineId }) => {
      if (sessionId !== undefined) {
        const window = state.windows[sessionId];
        const windows = window ? { ...state.windows, [sessionId]: { ...window, stale: true } } : state.windows;
        state = { ...state, windows, refetch: { ...state.refetch, sessions: { ...state.refetch.sessions, [sessionId]: true } } };
      } else if (machineId !== undefined) state = { ...state, refetch: { ...state.refetch, machines: true } };
    },
    onStatus: (status) => {
      options.onStatus?.(status);
      // From here on the device has only what it kept, and may be switched off at any moment.
      if (status.phase === "waiting") keepNow();
      // Without events the reads alone have to do.
      if (status.phase === "waiting" && status.error) pump();
    },
  });

  async function read<T>(call: (signal: AbortSignal) => Promise<T>, put: (current: SyncState, answer: T) => SyncState): Promise<void> {
    await reads.read(
      () => call(stopReads.signal),
      (answer, missed) => {
        state = missed.reduce(applySyncEvent, put(state, answer));
        publish();
      },
    );
  }

  /** One read of a kind at a time; failures are told, and tried again later. */
  function once(key: string, work: () => Promise<void>): void {
    if (reading.has(key)) return;
    reading.add(key);
    work()
      .then(() => {
        failures = 0;
      })
      .catch((cause: unknown) => failed(key, toAppError(cause)))
      .finally(() => {
        reading.delete(key);
        if (failures === 0) pump();
      });
  }

  function failed(key: string, error: AppError): void {
    if (!isRunning || stopReads.signal.aborted) return;
    const [kind, id] = key.split("\n");
    if (id !== undefined && (error.status === 404 || error.status === 403)) {
      state = closeWindow(withoutSession(state, id), id);
      publish();
      options.onError?.(error, kind ?? key);
      return;
    }
    failures += 1;
    options.onError?.(error, kind ?? key);
    if (error.status === 401) return;
    cancelRetry?.();
    cancelRetry = clock.setTimer(backoffMs(failures, RETRY, random), () => {
      failures = 0;
      pump();
    });
  }

  /** Starts every read that is due. */
  function pump(): void {
    const isFirst = stream.status.phase === "connecting" && stream.status.attempt <= 1;
    const isBlind = isFirst && clock.now() - startedAt < VERDICT_WAIT_MS;
    if (!isRunning || isBlind || failures > 0) return;
    const { refetch } = state;
    if (refetch.list) once("list", readList);
    if (refetch.machines) once("machines", () => read((signal) => api.machines.list({ all: options.allMachines }, signal), withMachines));
    for (const id of Object.keys(refetch.sessions)) {
      if (reading.size < MAX_PARALLEL + 2) once(`session\n${id}`, () => read((signal) => api.sessions.get(id, signal), withSession));
    }
    for (const [id, window] of Object.entries(state.windows)) if (window.stale) once(`messages\n${id}`, () => readTail(id));
  }

  /** The newest sessions at once, in a page a phone gets in a moment; the others behind them. */
  async function readList(): Promise<void> {
    const before = state.summaries;
    const seen = new Set<string>();
    let cursor: string | null = "";
    state = { ...state, refetch: { ...state.refetch, list: false } };
    try {
      while (cursor !== null) {
        const from: string = cursor;
        await read(
          (signal) => api.sessions.page(from, from === "" ? FIRST_LISTED : LISTED, signal),
          (current, { sessions, next }) => {
            cursor = next;
            for (const { id } of sessions) seen.add(id);
            const listedNow = withListed(current, sessions);
            return next === null ? withoutUnlisted(listedNow, before, seen) : listedNow;
          },
        );
        if (listed === "hub") continue;
        listed = "hub";
        options.onChange(state);
      }
    } catch (cause) {
      state = { ...state, refetch: { ...state.refetch, list: true } };
      throw cause;
    }
  }

  /** The newest page; before it the pages between, where it does not reach back to what is known. */
  async function readTail(id: string): Promise<void> {
    const latest = (signal: AbortSignal): Promise<MessagesResponse> => api.messages.page(id, { limit: pageSize }, signal);
    let isFar = false;
    await read(latest, (current, page) => {
      const window = current.windows[id];
      isFar = !!window?.syncedTo && window.epoch === page.page.epoch && page.page.hasMore && !joinsWindow(window, page);
      return isFar ? withoutDoubtful(current, id, page) : applyPage(current, id, page);
    });
    if (!isFar) return;
    await readForward(id);
    await read(latest, (current, page) => applyPage(current, id, page));
  }

  async function readForward(id: string): Promise<void> {
    for (let pages = 0; pages < MAX_TAIL_PAGES; pages += 1) {
      const window = state.windows[id];
      if (!window?.syncedTo || window.epoch === null) return;
      const { syncedTo: after, epoch } = window;
      let hasMore = false;
      await read(
        (signal) => api.messages.page(id, { limit: pageSize, after, epoch }, signal),
        (current, page) => {
          hasMore = page.page.hasMore && page.page.direction === "after";
          return applyPage(current, id, page, { after });
        },
      );
      if (!hasMore) return;
    }
  }

  async function fromCache(id: string): Promise<void> {
    const cached = await cache?.window(id);
    const window = state.windows[id];
    if (!cached || !window || window.epoch !== null || window.rows.length > 0) return;
    state = { ...state, windows: { ...state.windows, [id]: { ...cached.window, stale: true, streams: window.streams } } };
    if (cached.session && !state.sessions[id]) state = { ...state, sessions: { ...state.sessions, [id]: cached.session } };
    publish();
  }

  function cool(): void {
    for (const id of warm) {
      if (warm.size <= MAX_WARM) return;
      if ((watchers.get(id) ?? 0) > 0) continue;
      warm.delete(id);
      state = closeWindow(state, id);
    }
  }

  return {
    get state() {
      return state;
    },
    get status() {
      return stream.status;
    },
    get listed() {
      return listed;
    },
    async start() {
      if (isRunning) return;
      isRunning = true;
      stopReads = new AbortController();
      startedAt = clock.now();
      cancelFirst = clock.setTimer(VERDICT_WAIT_MS, pump);
      stream.start();
      const cached = await cache?.list();
      if (!cached || listed !== "nowhere" || Object.keys(state.summaries).length > 0) return;
      listed = "cache";
      state = { ...state, summaries: cached.summaries, machines: { ...cached.machines, ...state.machines } };
      publish();
    },
    async stop({ forget = false } = {}) {
      isRunning = false;
      cancelRetry?.();
      cancelFirst?.();
      stream.stop();
      stopReads.abort(new AppError("hub_unreachable", "Stopped"));
      if (forget) {
        state = emptySyncState;
        listed = "nowhere";
        told = state;
        await cache?.clear();
      } else await cache?.flush();
    },
    openSession(id) {
      watchers.set(id, (watchers.get(id) ?? 0) + 1);
      warm.delete(id);
      warm.add(id);
      if (!state.windows[id]) {
        state = openWindow(state, id);
        fromCache(id).catch((cause: unknown) => options.onError?.(toAppError(cause), "cache"));
      }
      if (!state.sessions[id]) state = { ...state, refetch: { ...state.refetch, sessions: { ...state.refetch.sessions, [id]: true } } };
      cool();
      publish();
      pump();
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        watchers.set(id, Math.max(0, (watchers.get(id) ?? 1) - 1));
        cool();
        publish();
      };
    },
    async loadOlder(id) {
      const before = state.windows[id]?.oldest;
      if (!before || !state.windows[id]?.hasOlder) return false;
      await read(
        (signal) => api.messages.page(id, { limit: pageSize, before }, signal),
        (current, page) => applyPage(current, id, page, { before }),
      );
      pump();
      return state.windows[id]?.hasOlder ?? false;
    },
    loadSession: (id) => read((signal) => api.sessions.get(id, signal), withSession),
    refresh() {
      failures = 0;
      state = withGap(state);
      publish();
      pump();
    },
    reconnect() {
      failures = 0;
      stream.reconnect();
      pump();
    },
    setOnline: stream.setOnline,
    setVisible(isVisible) {
      // An app in the background is ended without a word.
      if (!isVisible) keepNow();
      stream.setVisible(isVisible);
    },
  };
}
