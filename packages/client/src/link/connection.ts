/**
 * One Socket.IO connection to the hub's `/cli` namespace: comes back by itself for ever, registers its RPC handlers on every connect, and
 * answers requests (errors are data). What happens while it is away is not buffered here: callers keep what must not be lost.
 */
import {
  AppError,
  type Handshake,
  LINK_CAPABILITIES,
  LIVE_SIGNS,
  SOCKET_PATH,
  toAppError,
  type Update,
  type UpdateBody,
} from "@hapi/protocol";
import { rpcMethod } from "@hapi/protocol/rpc";
import { io } from "socket.io-client";
import type { Clock } from "../clock.ts";
import { createAcks } from "./acks.ts";
import { addressOf, type HubAddress } from "../http.ts";

/** How long after a refusal (wrong token) the hub is asked again. */
const REFUSED_RETRY_MS = 30_000;
/** Droppable frames are dropped while so many wait to be written. */
const MAX_WAITING_FRAMES = 256;
const UPDATE_TIMEOUT_MS = 15_000;

export type RpcHandler = (params: unknown) => Promise<unknown>;

export interface ConnectionListeners {
  /** The socket is up; everything that must be said again is said now. */
  connected: () => void;
  disconnected: () => void;
  /** The answer of the two kinds that take one goes back to the hub. */
  update: (body: UpdateBody) => unknown;
  /** The hub turned us away (wrong token, unknown or foreign scope); it is asked again later. */
  refused: (error: AppError) => void;
}

/** What a connection needs of a Socket.IO client; `on` takes the client's own events besides the hub's. */
export interface LinkSocket {
  readonly connected: boolean;
  /** It comes back by itself. */
  readonly active: boolean;
  readonly io?: { readonly engine?: unknown; on(event: "reconnect_attempt", listener: () => void): unknown };
  on(event: string, listener: (...args: never[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  connect(): unknown;
  disconnect(): unknown;
}

export interface DialOptions {
  auth: Handshake;
  extraHeaders?: Record<string, string>;
}

/** Makes a socket that is not connected yet. */
export type Dial = (url: string, options: DialOptions) => LinkSocket;

const dialSocketIo: Dial = (url, options) =>
  io(url, {
    path: SOCKET_PATH,
    ...options,
    transports: ["websocket"],
    autoConnect: false,
    forceNew: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
  });

export interface ConnectionOptions {
  hubUrl: HubAddress;
  token: string;
  scope: { kind: "session"; id: string } | { kind: "machine"; id: string };
  clock: Clock;
  extraHeaders?: Record<string, string>;
  log?: (event: string, fields?: Record<string, unknown>) => void;
  /** Another carrier than Socket.IO over WebSocket. */
  dial?: Dial;
}

function handshake(options: ConnectionOptions): Handshake {
  const { token, scope } = options;
  return scope.kind === "session"
    ? { token, clientType: "session-scoped", sessionId: scope.id, capabilities: [...LINK_CAPABILITIES] }
    : { token, clientType: "machine-scoped", machineId: scope.id, capabilities: [LIVE_SIGNS] };
}

function refusalOf(error: unknown): AppError {
  const { message, code, scope } = { message: undefined, code: undefined, scope: undefined, ...(error as object) } as Record<
    string,
    unknown
  >;
  const isMachine = scope === "machine";
  if (code === "not-found") return new AppError(isMachine ? "machine_not_found" : "session_not_found");
  if (code === "access-denied" || code === "namespace-missing") {
    return new AppError(isMachine ? "machine_access_denied" : "session_access_denied");
  }
  return new AppError("invalid_token", typeof message === "string" ? message : undefined);
}

export function createConnection(options: ConnectionOptions) {
  const { scope, clock } = options;
  const log = options.log ?? (() => undefined);
  const handlers = new Map<string, RpcHandler>();
  const listeners: { [E in keyof ConnectionListeners]: Set<ConnectionListeners[E]> } = {
    connected: new Set(),
    disconnected: new Set(),
    update: new Set(),
    refused: new Set(),
  };
  let cancelRetry: (() => void) | undefined;

  const address = (): string => `${addressOf(options.hubUrl)}/cli`;
  const socket = (options.dial ?? dialSocketIo)(address(), {
    auth: handshake(options),
    ...(options.extraHeaders ? { extraHeaders: options.extraHeaders } : {}),
  });
  const acks = createAcks(socket, clock);
  // A hub may come back at another address. Socket.IO's manager reads its own before every attempt; there is no official way to tell it another.
  const follow = (): void => void (socket.io && Object.assign(socket.io, { uri: address() }));
  socket.io?.on("reconnect_attempt", follow);

  socket.on("connect", () => {
    log("link.connected", { scope: scope.kind });
    for (const name of handlers.keys()) socket.emit("rpc-register", { method: rpcMethod(scope.id, name) });
    for (const listener of listeners.connected) listener();
  });
  socket.on("disconnect", (reason: string) => {
    log("link.disconnected", { scope: scope.kind, reason });
    acks.reset();
    for (const listener of listeners.disconnected) listener();
    // The hub closed it on purpose (it is ending, or we were too slow): Socket.IO would leave it at that.
    if (reason === "io server disconnect") retryLater(1_000);
  });
  socket.on("connect_error", (error: Error) => {
    // While `active`, Socket.IO tries again by itself; a refusal by the hub ends that.
    if (socket.active) return log("link.connect_failed", { scope: scope.kind, cause: error.message });
    refused(refusalOf(error));
    retryLater(REFUSED_RETRY_MS);
  });
  socket.on("error", (error: unknown) => refused(refusalOf(error)));
  socket.on("rpc-request", (request: { method?: unknown; params?: unknown }, answer?: (text: string) => void) => {
    void respond(request).then((text) => answer?.(text));
  });
  socket.on("update", (update: Update, answer?: (value: unknown) => void) => {
    void deliver(update).then((value) => {
      if (answer && value !== undefined) answer(value);
    });
  });

  function retryLater(ms: number): void {
    cancelRetry?.();
    cancelRetry = clock.setTimer(ms, open);
  }

  function open(): void {
    cancelRetry?.();
    follow();
    socket.connect();
  }

  function refused(error: AppError): void {
    log("link.refused", { scope: scope.kind, code: error.code });
    for (const listener of listeners.refused) listener(error);
  }

  async function respond(request: { method?: unknown; params?: unknown }): Promise<string> {
    try {
      const method = String(request.method);
      const prefix = rpcMethod(scope.id, "");
      const handler = method.startsWith(prefix) ? handlers.get(method.slice(prefix.length)) : undefined;
      if (!handler) throw new AppError("rpc_target_missing", `RPC handler not registered: ${method}`);
      const params: unknown = typeof request.params === "string" ? JSON.parse(request.params) : request.params;
      return JSON.stringify((await handler(params)) ?? null);
    } catch (cause) {
      const error = toAppError(cause);
      log("link.rpc_failed", { method: String(request.method), code: error.code, cause: String(error.cause ?? error.message) });
      return JSON.stringify(error.toBody());
    }
  }

  /** What the hub hears back: a listener's answer, or for a message that it is kept. Nothing when a listener failed: it comes again. */
  async function deliver(update: Update): Promise<unknown> {
    let isKept = listeners.update.size > 0;
    for (const listener of listeners.update) {
      try {
        const value = await listener(update.body);
        if (value !== undefined && value !== null && typeof value === "object") return value;
      } catch (cause) {
        isKept = false;
        log("link.update_failed", { t: update.body.t, cause: String(cause) });
      }
    }
    return isKept && update.body.t === "new-message" ? { ok: true } : undefined;
  }

  return {
    get connected(): boolean {
      return socket.connected;
    },
    handle(name: string, handler: RpcHandler): void {
      handlers.set(name, handler);
      if (socket.connected) socket.emit("rpc-register", { method: rpcMethod(scope.id, name) });
    },
    open,
    /** Breaks the connection and makes it anew: everything is said again, by everybody. */
    again(): void {
      if (!socket.connected) return;
      socket.disconnect();
      open();
    },
    on<E extends keyof ConnectionListeners>(event: E, listener: ConnectionListeners[E]): () => void {
      listeners[event].add(listener);
      return () => void listeners[event].delete(listener);
    },
    /** Resolves when the hub has it on disk. Rejects with an `AppError`, at the latest when the connection breaks. */
    send: acks.send,
    barrier: acks.barrier,
    /** Without an answer; nothing happens while the connection is away. */
    tell(event: string, payload: unknown): void {
      if (socket.connected) socket.emit(event, payload);
    },
    /** As `tell`, and dropped when the wire is full. */
    tellIfFree(event: string, payload: unknown): void {
      const engine = socket.io?.engine as { writeBuffer?: unknown[] } | undefined;
      if (socket.connected && (engine?.writeBuffer?.length ?? 0) < MAX_WAITING_FRAMES) socket.emit(event, payload);
    },
    /** A call with an answer of its own. */
    async ask<T>(event: string, payload: unknown): Promise<T> {
      if (!socket.connected) throw new AppError("hub_unreachable");
      return new Promise<T>((resolve, reject) => {
        const stop = [
          clock.setTimer(UPDATE_TIMEOUT_MS, () => done(() => reject(new AppError("timeout")))),
          this.on("disconnected", () => done(() => reject(new AppError("hub_unreachable")))),
        ];
        const done = (settle: () => void): void => {
          for (const undo of stop) undo();
          settle();
        };
        socket.emit(event, payload, (answer: T) => done(() => resolve(answer)));
      });
    },
    close(): void {
      cancelRetry?.();
      socket.disconnect();
      acks.reset();
    },
  };
}
