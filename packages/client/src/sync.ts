/**
 * Keeps a client's picture of the hub true: events as they come, and reads for what they can't tell (a gap, a session never heard of, a
 * session just opened). Events that arrive while a read is under way are applied again after it, so neither can undo the other.
 */
import {
  applyPage,
  applySyncEvent,
  closeWindow,
  doubtSession,
  dueReads,
  emptySyncState,
  openWindow,
  type SyncState,
  wantMachines,
  wantSession,
  withGap,
  withoutSession,
} from "@hapi/core";
import { AppError, type SyncEvent, toAppError } from "@hapi/protocol";
import { type Clock, type Random, systemClock } from "./clock.ts";
import { createEventStream, type StreamStatus } from "./events.ts";
import type { HubApi } from "./rest.ts";
import { createSyncCache, type KeyValueStorage } from "./sync-cache.ts";
import { readDue, readSession, type SyncPages } from "./sync-pages.ts";
import { createPump } from "./sync-pump.ts";
import { createReads } from "./sync-reads.ts";
import { createSyncWatchers } from "./sync-watchers.ts";

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

/** Reads wait this long for the first connection, so that they are not made twice; then they go without it. */
const VERDICT_WAIT_MS = 3_000;

export function createSyncEngine(options: SyncOptions): SyncEngine {
  const { api, clock = systemClock, random = Math.random, pageSize = 100 } = options;
  const cache = options.storage ? createSyncCache(options.storage, clock, (cause) => options.onError?.(toAppError(cause), "cache")) : null;
  let state: SyncState = emptySyncState;
  let told: SyncState = state;
  let listed: SyncEngine["listed"] = "nowhere";
  let isRunning = false;
  let startedAt = 0;
  let cancelFirst: (() => void) | undefined;
  let stopReads = new AbortController();
  const reads = createReads();
  const watchers = createSyncWatchers(() => {
    cool();
    publish();
  });

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
    caps: ["stream", "stages", "caught-up", "outcomes", "waiting", "sign-ins"],
    visible: options.visible,
    clock,
    random,
    onEvent: receive,
    onBatch: () => {
      publish();
      pump.run();
    },
    onUnreadable: ({ sessionId, machineId }) => {
      if (sessionId !== undefined) state = doubtSession(state, sessionId);
      else if (machineId !== undefined) state = wantMachines(state);
    },
    onStatus: (status) => {
      options.onStatus?.(status);
      // From here on the device has only what it kept, and may be switched off at any moment.
      if (status.phase === "waiting") keepNow();
      // Without events the reads alone have to do.
      if (status.phase === "waiting" && status.error) pump.run();
    },
  });

  const pages: SyncPages = {
    api,
    pageSize,
    allMachines: options.allMachines,
    state: () => state,
    change(next) {
      state = next;
    },
    listed() {
      if (listed === "hub") return;
      listed = "hub";
      options.onChange(state);
    },
    read: (call, put) =>
      reads.read(
        () => call(stopReads.signal),
        (answer, missed) => {
          state = missed.reduce(applySyncEvent, put(state, answer));
          publish();
        },
      ),
  };

  const pump = createPump({
    clock,
    random,
    due() {
      const isFirst = stream.status.phase === "connecting" && stream.status.attempt <= 1;
      const isBlind = isFirst && clock.now() - startedAt < VERDICT_WAIT_MS;
      return !isRunning || isBlind ? [] : dueReads(state);
    },
    read: (due) => readDue(pages, due),
    failed([kind, id], error, fate) {
      if (fate === "gone" && id !== undefined) {
        state = closeWindow(withoutSession(state, id), id);
        publish();
      }
      options.onError?.(error, kind);
    },
    isOver: () => !isRunning || stopReads.signal.aborted,
  });

  async function fromCache(id: string): Promise<void> {
    const cached = await cache?.window(id);
    const window = state.windows[id];
    if (!cached || !window || window.epoch !== null || window.rows.length > 0) return;
    state = { ...state, windows: { ...state.windows, [id]: { ...cached.window, stale: true, streams: window.streams } } };
    if (cached.session && !state.sessions[id]) state = { ...state, sessions: { ...state.sessions, [id]: cached.session } };
    publish();
  }

  function cool(): void {
    for (const id of watchers.cooled()) state = closeWindow(state, id);
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
      cancelFirst = clock.setTimer(VERDICT_WAIT_MS, pump.run);
      stream.start();
      const cached = await cache?.list();
      if (!cached || listed !== "nowhere" || Object.keys(state.summaries).length > 0) return;
      listed = "cache";
      state = { ...state, summaries: cached.summaries, machines: { ...cached.machines, ...state.machines } };
      publish();
    },
    async stop({ forget = false } = {}) {
      isRunning = false;
      pump.stop();
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
      const leave = watchers.watch(id);
      if (!state.windows[id]) {
        state = openWindow(state, id);
        fromCache(id).catch((cause: unknown) => options.onError?.(toAppError(cause), "cache"));
      }
      if (!state.sessions[id]) state = wantSession(state, id);
      cool();
      publish();
      pump.run();
      return leave;
    },
    async loadOlder(id) {
      const before = state.windows[id]?.oldest;
      if (!before || !state.windows[id]?.hasOlder) return false;
      await pages.read(
        (signal) => api.messages.page(id, { limit: pageSize, before }, signal),
        (current, page) => applyPage(current, id, page, { before }),
      );
      pump.run();
      return state.windows[id]?.hasOlder ?? false;
    },
    loadSession: (id) => readSession(pages, id),
    refresh() {
      state = withGap(state);
      publish();
      pump.again();
    },
    reconnect() {
      stream.reconnect();
      pump.again();
    },
    setOnline: stream.setOnline,
    setVisible(isVisible) {
      // An app in the background is ended without a word.
      if (!isVisible) keepNow();
      stream.setVisible(isVisible);
    },
  };
}
