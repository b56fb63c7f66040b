/**
 * Socket.IO over HTTP long polling, and WebSockets that begin as such: for clients of others that ask for it, so it is loaded with the
 * first of them. The only file that knows the Socket.IO library.
 */
import { type Clock, every } from "@hapi/platform";
import { AppError, MAX_FRAME_BYTES, SOCKET_PATH, toAppError } from "@hapi/protocol";
import { Server as Engine } from "@socket.io/bun-engine";
import { Server, type Socket } from "socket.io";
import type { Caller } from "../auth/caller.ts";
import type { ClientSocket, SocketNamespace } from "./client-socket.ts";
import { type Guest, isOpening, joinMs, maxFrames, maxRefusals, maxUnjoinedChars, pingIntervalMs } from "./room.ts";

export interface PollingServer {
  readonly websocket: Bun.WebSocketHandler<never>;
  /** Whoever opened one and is not gone. */
  sessions(): readonly Guest[];
  handle(request: Request, server: Bun.Server<never>, caller: Caller): Promise<Response>;
  close(): void;
}

export function createPollingServer(
  options: { corsOrigins: readonly string[]; clock: Clock },
  namespaces: Iterable<[string, SocketNamespace<unknown>]>,
): PollingServer {
  const engine = new Engine({
    path: SOCKET_PATH,
    maxHttpBufferSize: MAX_FRAME_BYTES,
    ...(options.corsOrigins.length === 0 ? {} : { cors: { origin: [...options.corsOrigins], credentials: true } }),
  });
  const sessions = watchSessions(engine, options.clock);
  const io = new Server({ serveClient: false });
  io.bind(engine);
  for (const [name, namespace] of namespaces) {
    const space = io.of(name);
    space.use((socket, next) => {
      namespace.authenticate(socket.handshake.auth, callerIn(socket.handshake.headers)).then(
        (identity) => {
          (socket.data as { identity?: unknown }).identity = identity;
          next();
        },
        (cause: unknown) => {
          next(new Error(toAppError(cause).message));
          // Which it says in the next tick: whoever is closed then has heard why.
          process.nextTick(() => sessions.refused(idOf(socket)));
        },
      );
    });
    space.on("connection", (socket) => {
      sessions.joined(idOf(socket));
      const { identity } = socket.data as { identity: unknown };
      namespace.connected(wrap(socket), identity);
    });
  }
  return {
    websocket: engine.handler().websocket as unknown as Bun.WebSocketHandler<never>,
    sessions: sessions.all,
    async handle(request, server, caller) {
      request.headers.set(CALLER_HEADER, JSON.stringify(caller));
      if (sessions.saysTooMuch(request)) return Response.json(new AppError("body_too_large").toBody(), { status: 413 });
      const opened = isOpening(request) ? sessions.opening(caller) : null;
      return engine.handleRequest(request, server as never).finally(() => opened?.());
    },
    close() {
      sessions.stop();
      io.disconnectSockets(true);
      engine.close();
    },
  };
}

interface Session extends Guest {
  hasJoined: boolean;
  refusals: number;
  /** Since the last ping of the others was due. */
  frames: number;
  close(): void;
}

const idOf = (socket: Socket): string => (socket.conn as unknown as { id: string }).id;

/** The library gives its type no name. */
type EngineSocket = Parameters<Parameters<typeof Engine.prototype.on<"connection">>[1]>[0];

function openSession(socket: EngineSocket, { headers }: Request): Session {
  const session: Session = {
    caller: callerIn(Object.fromEntries(headers)),
    hasJoined: false,
    refusals: 0,
    frames: 0,
    close: () => void socket.close(),
  };
  socket.on("packet", ({ data = "" }) => {
    session.frames += 1;
    const isFlood = session.frames > maxFrames && !session.caller.isLocal;
    // Over its WebSocket, once it has one: a body is looked at before it is read.
    const length = typeof data === "string" ? data.length : data.byteLength;
    if (isFlood || (!session.hasJoined && length > maxUnjoinedChars)) session.close();
  });
  return session;
}

/** The library knows who is there, and not how many may be, how often they may guess or how much they may say. */
function watchSessions(engine: Engine, clock: Clock) {
  const sessions = new Map<string, Session>();
  const opening = new Set<Guest>();
  const stop = every(clock, pingIntervalMs, () => sessions.forEach((session) => (session.frames = 0)), { unref: true });
  engine.on("connection", (socket, request) => {
    const session = openSession(socket, request);
    sessions.set(socket.id, session);
    const stopWaiting = clock.setTimer(joinMs, () => session.hasJoined || session.close());
    socket.once("close", () => {
      stopWaiting();
      sessions.delete(socket.id);
    });
  });
  return {
    all: () => [...opening, ...sessions.values()],
    /** The library waits before it has a session: many that ask at once would all find room. @returns called once it has answered */
    opening(caller: Caller) {
      const guest: Guest = { caller, hasJoined: false };
      opening.add(guest);
      return () => opening.delete(guest);
    },
    stop,
    refused(id: string): void {
      const session = sessions.get(id);
      if (!session) return;
      session.refusals += 1;
      if (session.refusals >= maxRefusals) session.close();
    },
    joined(id: string): void {
      const session = sessions.get(id);
      if (session) session.hasJoined = true;
    },
    /** Such a session is over. A body without a length is of no client, and would be read to its end. */
    saysTooMuch(request: Request): boolean {
      const session = request.method === "POST" ? sessions.get(new URL(request.url).searchParams.get("sid") ?? "") : undefined;
      if (!session || session.hasJoined || Number(request.headers.get("content-length") ?? Number.NaN) <= maxUnjoinedChars) return false;
      session.close();
      return true;
    },
  };
}

/** The library hands on the headers of the first request, and nothing else of it. */
const CALLER_HEADER = "x-hapi-caller";
const callerIn = (headers: Record<string, unknown>): Caller => JSON.parse(String(headers[CALLER_HEADER])) as Caller;

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
