/**
 * Socket.IO on Bun. Clients with a WebSocket of their own are served here; long polling has a library (`polling-server.ts`). Bun drops
 * frames silently at its back-pressure limit, so the limit closes the connection instead; the other side connects again and asks for what
 * it missed.
 */
import { type Clock, every } from "@hapi/platform";
import { AppError, MAX_FRAME_BYTES, SOCKET_PATH } from "@hapi/protocol";
import type { Caller } from "../auth/caller.ts";
import type { SocketNamespace } from "./client-socket.ts";
import type { PollingServer } from "./polling-server.ts";
import { isOpening, joinMs, pingIntervalMs, roomAmong } from "./room.ts";
import { WebSocketConnection } from "./websocket-connection.ts";

const backpressureLimitBytes = 64 * 1024 * 1024;
/** Longer than a ping and its answer. */
const idleTimeoutSeconds = 60;

export interface SocketServer {
  readonly path: string;
  /** `Bun.serve`'s websocket handlers. */
  readonly websocket: Bun.WebSocketHandler<never>;
  handle(request: Request, server: Bun.Server<never>, caller: Caller): Promise<Response>;
  /** Before the first client comes. */
  namespace<Identity>(name: string, namespace: SocketNamespace<Identity>): void;
  close(): void;
}

export function createSocketServer(options: { corsOrigins: readonly string[]; clock: Clock }): SocketServer {
  const namespaces = new Map<string, SocketNamespace<unknown>>();
  const connections = new Set<WebSocketConnection>();
  let polling: PollingServer | null = null;
  const loadPolling = async (): Promise<PollingServer> => {
    const { createPollingServer } = await import("./polling-server.ts");
    polling ??= createPollingServer(options, namespaces);
    return polling;
  };
  const ping = (): void => {
    for (const connection of connections) connection.ping();
  };
  const stopPings = every(options.clock, pingIntervalMs, ping, { unref: true });
  const hasRoom = roomAmong(() => [...connections, ...(polling?.sessions() ?? [])]);

  const websocket: Bun.WebSocketHandler<unknown> = {
    maxPayloadLength: MAX_FRAME_BYTES,
    idleTimeout: idleTimeoutSeconds,
    closeOnBackpressureLimit: true,
    backpressureLimit: backpressureLimitBytes,
    open(ws) {
      const connection = ws.data;
      if (!(connection instanceof WebSocketConnection)) return polling?.websocket.open?.(ws as never);
      connections.add(connection);
      connection.opened(ws);
      connection.onClosed(options.clock.setTimer(joinMs, () => connection.hasJoined || connection.close()));
    },
    message(ws, data) {
      if (ws.data instanceof WebSocketConnection) ws.data.received(data);
      else return polling?.websocket.message?.(ws as never, data);
    },
    close(ws, code, reason) {
      if (!(ws.data instanceof WebSocketConnection)) return polling?.websocket.close?.(ws as never, code, reason);
      connections.delete(ws.data);
      ws.data.closed();
    },
  };

  return {
    path: SOCKET_PATH,
    websocket: websocket as Bun.WebSocketHandler<never>,
    async handle(request, server, caller) {
      const others = isPlainWebSocket(request) ? null : await loadPolling();
      if (isOpening(request) && !hasRoom(caller)) return tooMany();
      if (others) return others.handle(request, server, caller);
      const data = new WebSocketConnection(namespaces, options.clock, caller);
      return server.upgrade(request, { data: data as never }) ? new Response(null) : new Response("Expected a WebSocket", { status: 400 });
    },
    namespace: (name, namespace) => void namespaces.set(name, namespace as SocketNamespace<unknown>),
    close() {
      stopPings();
      for (const connection of connections) connection.close();
      polling?.close();
    },
  };
}

const tooMany = (): Response => Response.json(new AppError("rate_limited").toBody(), { status: 429, headers: { "retry-after": "5" } });

/** Of Engine.IO 4, and without a session that began with polling. */
function isPlainWebSocket(request: Request): boolean {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return false;
  const { searchParams } = new URL(request.url);
  return searchParams.get("transport") === "websocket" && searchParams.get("EIO") === "4" && !searchParams.has("sid");
}
