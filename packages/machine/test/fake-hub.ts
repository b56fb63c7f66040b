/** A hub in memory behind the link port: keeps rows by key, versions, stages and prompts, and goes away when a test says so. */
import type { ConnectionListeners, RpcHandler, SessionLink } from "@hapi/client/link";
import {
  type AgentState,
  AppError,
  type CancelAck,
  type Message,
  type Metadata,
  type PromptStage,
  type Session,
  type StreamDelta,
} from "@hapi/protocol";

interface Row {
  key: string;
  content: unknown;
}

export interface FakeHub {
  readonly rows: Row[];
  /** Frames that repeated a key. */
  readonly repeats: number;
  readonly stages: Map<string, PromptStage[]>;
  /** Waits here alone again. */
  readonly returned: string[];
  readonly consumed: string[];
  /** Of those, what went into a running turn. */
  readonly steered: string[];
  readonly streams: StreamDelta[];
  readonly alives: unknown[];
  readonly ended: string | null;
  readonly metadata: Metadata | null;
  readonly agentState: AgentState | null;
  /** A connection of a (new) session process. */
  link(): SessionLink;
  /** Up from the start; while down, nothing gets through. */
  down(): void;
  up(): void;
  /** A person deletes the session: no process of it is taken any more. */
  remove(): void;
  /** Away, and back as an older copy that knows neither the session nor anything of it. */
  forget(): void;
  /** Frames arrive, answers don't: as when the hub dies between commit and ack. */
  holdAcks(hold: boolean): void;
  prompt(localId: string, text: string, attachments?: readonly string[]): void;
  /** As a person does at the hub while the session does not run. */
  choose(choice: { permissionMode?: string; model?: string | null; effort?: string | null }): void;
  rpc<T>(name: string, params?: unknown): Promise<T>;
  /** The names that can be asked. */
  readonly methods: string[];
  /** While nobody is attached: the row is gone. */
  takeBack(localId: string): void;
  cancel(localId: string): Promise<CancelAck>;
  again(localId: string): Promise<{ accepted: boolean; consumed?: boolean }>;
  /** Resolves when `condition` holds; asked again after every change. */
  until(condition: () => boolean, what: string): Promise<void>;
  changed(): void;
}

interface Peer {
  listeners: { [E in keyof ConnectionListeners]: Set<ConnectionListeners[E]> };
  handlers: Readonly<Record<string, RpcHandler>>;
  opened: boolean;
  connected: boolean;
  closed: boolean;
  pendingRejects: Set<(error: AppError) => void>;
}

const UNTIL_MS = 40_000;

export function createFakeHub(sessionId: string): FakeHub {
  const rows: Row[] = [];
  const keys = new Set<string>();
  const prompts: (Message & { localId: string })[] = [];
  const stages = new Map<string, PromptStage[]>();
  const consumed: string[] = [];
  const returned: string[] = [];
  const steered: string[] = [];
  const streams: StreamDelta[] = [];
  const alives: unknown[] = [];
  const watchers = new Set<() => void>();
  const metadata = { version: 1, value: null as Metadata | null };
  const agentState = { version: 1, value: null as AgentState | null };
  let peer: Peer | null = null;
  let isUp = true;
  let holding = false;
  let repeats = 0;
  let ended: string | null = null;
  let registered = false;
  let isDeleted = false;
  const chosen: { permissionMode?: string; model: string | null } = { model: null };

  function changed(): void {
    for (const watcher of watchers) watcher();
  }

  function session(): Session {
    return {
      id: sessionId,
      namespace: "default",
      seq: 1,
      createdAt: 1,
      updatedAt: 1,
      active: ended === null,
      activeAt: 1,
      thinking: false,
      thinkingAt: 1,
      metadata: metadata.value,
      metadataVersion: metadata.version,
      agentState: agentState.value,
      agentStateVersion: agentState.version,
      ...chosen,
    };
  }

  function emitPrompt(row: Message): void {
    for (const listener of peer?.listeners.update ?? []) listener({ t: "new-message", sid: sessionId, message: { ...row } });
  }

  function connect(): void {
    if (!peer || !peer.opened || peer.connected || !isUp) return;
    peer.connected = true;
    for (const listener of peer.listeners.connected) listener();
    for (const row of prompts) if (row.invokedAt === null) emitPrompt(row);
    changed();
  }

  function disconnect(): void {
    if (!peer?.connected) return;
    peer.connected = false;
    for (const reject of peer.pendingRejects) reject(new AppError("hub_unreachable"));
    peer.pendingRejects.clear();
    for (const listener of peer.listeners.disconnected) listener();
  }

  /** On the next turn, like a frame on a wire; rejected when the connection breaks before. */
  function answered<T>(mine: Peer, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!mine.connected) return reject(new AppError("hub_unreachable"));
      mine.pendingRejects.add(reject);
      setImmediate(() => {
        if (!mine.connected) return;
        const value = work();
        changed();
        if (holding) return;
        mine.pendingRejects.delete(reject);
        resolve(value);
      });
    });
  }

  function versioned<T>(store: { version: number; value: T | null }, expected: number, value: unknown) {
    if (expected !== store.version) return { result: "version-mismatch" as const, version: store.version, value: store.value };
    store.version++;
    store.value = structuredClone(value) as T;
    return { result: "success" as const, version: store.version, value: store.value };
  }

  function link(): SessionLink {
    disconnect();
    const mine: Peer = {
      listeners: { connected: new Set(), disconnected: new Set(), update: new Set(), refused: new Set() },
      handlers: {},
      opened: false,
      connected: false,
      closed: false,
      pendingRejects: new Set(),
    };
    peer = mine;
    return {
      get connected() {
        return mine.connected;
      },
      async register(registration) {
        if (!isUp) throw new AppError("hub_unreachable");
        if (isDeleted) throw new AppError("session_not_found");
        if (!registered) {
          registered = true;
          metadata.value = structuredClone(registration.metadata) as Metadata;
          agentState.value = structuredClone(registration.agentState) as AgentState;
        }
        return session();
      },
      session: async () => session(),
      messagesAfter: async (afterSeq, limit) => prompts.filter((row) => (row.seq ?? 0) > afterSeq).slice(0, limit),
      open(handlers) {
        mine.handlers = handlers;
        mine.opened = true;
        setImmediate(() => {
          if (peer === mine) connect();
        });
      },
      again() {
        if (!mine.connected) return;
        disconnect();
        setImmediate(() => {
          if (peer === mine) connect();
        });
      },
      on(event, listener) {
        mine.listeners[event].add(listener);
        return () => void mine.listeners[event].delete(listener);
      },
      sendMessage: ({ key, content }) =>
        answered(mine, () => {
          if (keys.has(key)) repeats++;
          else {
            keys.add(key);
            rows.push({ key, content: structuredClone(content) });
          }
        }),
      sendStage: (report) =>
        answered(mine, () => {
          const known = stages.get(report.localId) ?? [];
          if (known.at(-1) !== report.stage) stages.set(report.localId, [...known, report.stage]);
        }),
      updateMetadata: (expected, value) => answered(mine, () => ({ ...versioned(metadata, expected, value), metadata: metadata.value })),
      updateState: (expected, value) => answered(mine, () => ({ ...versioned(agentState, expected, value), agentState: agentState.value })),
      consumed(localIds, how) {
        if (how?.steered) steered.push(...localIds);
        for (const row of prompts) if (localIds.includes(row.localId)) row.invokedAt ??= 1;
        consumed.push(...localIds);
        changed();
      },
      indeterminate: () => undefined,
      returned: (localIds) => answered(mine, () => void returned.push(...localIds)),
      stream: (delta) => void streams.push(delta),
      alive(facts) {
        alives.push(facts);
        Object.assign(chosen, { permissionMode: facts.permissionMode, model: facts.model });
        ended = null;
        changed();
      },
      ready: () => undefined,
      async end(reason) {
        ended = reason;
        changed();
        return true;
      },
      async close() {
        if (peer === mine) disconnect();
        mine.connected = false;
        mine.opened = false;
        mine.closed = true;
      },
    };
  }

  const rowOf = (localId: string): Message => prompts.find((row) => row.localId === localId)!;

  async function asked<T>(body: Parameters<ConnectionListeners["update"]>[0]): Promise<T> {
    for (const listener of peer?.listeners.update ?? []) return (await listener(body)) as T;
    throw new Error("nobody listens");
  }

  return {
    rows,
    stages,
    returned,
    consumed,
    steered,
    streams,
    alives,
    get repeats() {
      return repeats;
    },
    get ended() {
      return ended;
    },
    get metadata() {
      return metadata.value;
    },
    get agentState() {
      return agentState.value;
    },
    link,
    down() {
      isUp = false;
      disconnect();
    },
    up() {
      isUp = true;
      connect();
    },
    remove() {
      isDeleted = true;
    },
    forget() {
      this.down();
      registered = false;
      rows.length = 0;
      keys.clear();
      stages.clear();
      for (const row of prompts) row.invokedAt = null;
      Object.assign(metadata, { version: 1, value: null });
      Object.assign(agentState, { version: 1, value: null });
      this.up();
    },
    holdAcks(hold) {
      holding = hold;
    },
    prompt(localId, text, paths = []) {
      const attachments = paths.map((path, at) => ({ id: `att-${at}`, filename: "a.png", mimeType: "image/png", size: 1, path }));
      const content = { role: "user", content: { type: "text", text, attachments }, meta: { sentFrom: "webapp" } };
      const row = { id: `m-${localId}`, seq: prompts.length + 1, localId, content, createdAt: prompts.length + 1, invokedAt: null };
      prompts.push(row);
      if (peer?.connected) emitPrompt(row);
    },
    choose(choice) {
      Object.assign(chosen, choice);
      const { permissionMode, model, effort } = choice;
      metadata.value = metadata.value && {
        ...metadata.value,
        ...(permissionMode === undefined ? {} : { preferredPermissionMode: permissionMode }),
        ...(model === undefined ? {} : { preferredModel: model }),
        ...(effort === undefined ? {} : { preferredEffort: effort }),
      };
      metadata.version++;
    },
    get methods() {
      return Object.keys(peer?.handlers ?? {});
    },
    async rpc<T>(name: string, params: unknown = {}) {
      // As the real one does: who has just come up is waited for.
      if (isUp && peer && !peer.closed) await this.until(() => peer?.connected === true || peer?.closed === true, "a session that answers");
      const handler = peer?.connected ? peer.handlers[name] : undefined;
      if (!handler) throw new AppError("rpc_target_missing");
      return (await handler(params)) as T;
    },
    takeBack(localId) {
      prompts.splice(prompts.indexOf(rowOf(localId) as (typeof prompts)[number]), 1);
    },
    cancel: (localId) => asked({ t: "cancel-queued-message", sid: sessionId, messageId: `m-${localId}`, localId }),
    again: (localId) =>
      asked({ t: "retry-queued-message", sid: sessionId, messageId: `m-${localId}`, localId, message: rowOf(localId).content }),
    changed,
    until(condition, what) {
      if (condition()) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const check = (): void => {
          if (!condition()) return;
          done();
          resolve();
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`never happened: ${what}`));
        }, UNTIL_MS);
        // Changes inside the session reach us without a frame: look again on every turn of the event loop.
        const poll = setInterval(check, 2);
        const done = (): void => {
          clearTimeout(timer);
          clearInterval(poll);
          watchers.delete(check);
        };
        watchers.add(check);
      });
    },
  };
}
