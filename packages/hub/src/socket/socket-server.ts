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
import { pingIntervalMs, WebSocketConnection } from "./websocket-connection.ts";

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

/**
 * Connections that have not said yet who they are: each may send one frame before it is closed, and joining takes a moment. A machine whose
 * hundred sessions come back at once waits for a second round at most, as it does for a hub that is away.
 */
const maxUnjoined = 256;
const maxUnjoinedOfOne = 64;
const joinMs = 20_000;
/** Of one address block elsewhere: a machine with some hundred sessions. */
const maxOfOne = 1_024;

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
  const hasRoom = roomAmong(connections);

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
      const stopWaiting = options.clock.setTimer(joinMs, () => connection.hasJoined || connection.close());
      connection.onClosed(stopWaiting);
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
      if (!isPlainWebSocket(request)) return (await loadPolling()).handle(request, server, caller);
      if (!hasRoom(caller)) return Response.json(new AppError("rate_limited").toBody(), { status: 429, headers: { "retry-after": "5" } });
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

function roomAmong(connections: ReadonlySet<WebSocketConnection>) {
  return ({ key, isLocal }: Caller): boolean => {
    const unjoined = [...connections].filter((connection) => !connection.hasJoined);
    const own = unjoined.filter(({ caller }) => caller.key === key).length;
    if (isLocal) return own < maxUnjoined;
    const ofOne = [...connections].filter(({ caller }) => caller.key === key).length;
    return ofOne < maxOfOne && unjoined.length < maxUnjoined && own < maxUnjoinedOfOne;
  };
}

/** Of Engine.IO 4, and without a session that began with polling. */
function isPlainWebSocket(request: Request): boolean {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return false;
  const { searchParams } = new URL(request.url);
  return searchParams.get("transport") === "websocket" && searchParams.get("EIO") === "4" && !searchParams.has("sid");
}
