/**
 * Socket.IO on Bun: the only file that knows either of them. bun-engine drops frames silently at Bun's back-pressure limit, so the limit
 * closes the connection instead; the other side connects again and asks for what it missed.
 */
import { AppError, MAX_FRAME_BYTES, SOCKET_PATH, toAppError } from "@hapi/protocol";
import { Server as Engine } from "@socket.io/bun-engine";
import { Server, type Socket } from "socket.io";

const backpressureLimitBytes = 64 * 1024 * 1024;

export type SocketHandler = (payload: unknown, ack: ((answer?: unknown) => void) | null) => void;

/** A connected client, whatever carries it. */
export interface ClientSocket {
  readonly id: string;
  emit(event: string, payload: unknown): void;
  request(event: string, payload: unknown, timeoutMs: number): Promise<unknown>;
  on(event: string, handler: SocketHandler): void;
  /** Any event without a handler of its own. */
  onOther(handler: (event: string, payload: unknown) => void): void;
  onClose(handler: () => void): void;
  close(): void;
}

export interface SocketNamespace<Identity> {
  /** Throws what the client sees as its connect error. */
  authenticate(auth: Record<string, unknown>): Promise<Identity>;
  connected(socket: ClientSocket, identity: Identity): void;
}

export interface SocketServer {
  readonly path: string;
  /** `Bun.serve`'s websocket handlers. */
  readonly websocket: Bun.WebSocketHandler<never>;
  readonly idleTimeoutSeconds: number;
  handle(request: Request, server: Bun.Server<never>): Promise<Response>;
  namespace<Identity>(name: string, namespace: SocketNamespace<Identity>): void;
  close(): void;
}

export function createSocketServer(options: { corsOrigins: readonly string[] }): SocketServer {
  const engine = new Engine({
    path: SOCKET_PATH,
    maxHttpBufferSize: MAX_FRAME_BYTES,
    ...(options.corsOrigins.length === 0 ? {} : { cors: { origin: [...options.corsOrigins], credentials: true } }),
  });
  const io = new Server({ serveClient: false });
  io.bind(engine);
  const handler = engine.handler();
  return {
    path: SOCKET_PATH,
    websocket: {
      ...handler.websocket,
      closeOnBackpressureLimit: true,
      backpressureLimit: backpressureLimitBytes,
    } as unknown as Bun.WebSocketHandler<never>,
    idleTimeoutSeconds: handler.idleTimeout,
    handle: (request, server) => engine.handleRequest(request, server as never),
    namespace(name, namespace) {
      const space = io.of(name);
      space.use((socket, next) => {
        namespace.authenticate(socket.handshake.auth).then(
          (identity) => {
            (socket.data as { identity?: unknown }).identity = identity;
            next();
          },
          (cause: unknown) => next(new Error(toAppError(cause).message)),
        );
      });
      space.on("connection", (socket) => {
        const { identity } = socket.data as { identity: unknown };
        namespace.connected(wrap(socket), identity as never);
      });
    },
    close() {
      io.disconnectSockets(true);
      engine.close();
    },
  };
}

/** Fails as soon as the other side is gone: its answer can't come any more, and the caller may have another way. */
function request(socket: Socket, event: string, payload: unknown, timeoutMs: number): Promise<unknown> {
  const gone = Promise.withResolvers<never>();
  const onGone = (): void => gone.reject(new AppError("agent_away", "The connection was lost before the answer came"));
  socket.once("disconnect", onGone);
  const answer = socket
    .timeout(timeoutMs)
    .emitWithAck(event, payload)
    .catch((cause: unknown) => {
      throw new AppError("rpc_timeout", undefined, { cause });
    });
  return Promise.race([answer as Promise<unknown>, gone.promise]).finally(() => socket.off("disconnect", onGone));
}

function wrap(socket: Socket): ClientSocket {
  const known = new Set<string>();
  return {
    id: socket.id,
    emit: (event, payload) => void socket.emit(event, payload),
    request: (event, payload, timeoutMs) => request(socket, event, payload, timeoutMs),
    on(event, handler) {
      known.add(event);
      socket.on(event, (...args: unknown[]) => {
        const last = args.at(-1);
        const ack = typeof last === "function" ? (last as (answer?: unknown) => void) : null;
        handler(ack !== null && args.length === 1 ? undefined : args[0], ack);
      });
    },
    onOther(handler) {
      socket.onAny((event: string, payload: unknown) => {
        if (!known.has(event)) handler(event, payload);
      });
    },
    onClose: (handler) => void socket.on("disconnect", handler),
    close: () => void socket.disconnect(true),
  };
}
