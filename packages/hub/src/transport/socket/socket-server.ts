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

function wrap(socket: Socket): ClientSocket {
  const known = new Set<string>();
  return {
    id: socket.id,
    emit: (event, payload) => void socket.emit(event, payload),
    async request(event, payload, timeoutMs) {
      try {
        return (await socket.timeout(timeoutMs).emitWithAck(event, payload)) as unknown;
      } catch (cause) {
        throw new AppError("rpc_timeout", undefined, { cause });
      }
    },
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
