/** A Socket.IO hub for tests that does what the script says: with or without acknowledgements, in one process, on a free port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";

type Handler = (socket: Socket, payload: Record<string, unknown>, ack?: (answer?: unknown) => void) => void;

export interface ScriptedHub extends AsyncDisposable {
  readonly url: string;
  readonly sockets: Set<Socket>;
  /** Every frame from clients, in order. */
  readonly heard: { event: string; payload: Record<string, unknown> }[];
  /** Resolves with the first frame of that event that fits, also one heard before. */
  until(event: string, fits?: (payload: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
}

export async function startScriptedHub(script: { token?: string; on?: Record<string, Handler> } = {}): Promise<ScriptedHub> {
  const http = createServer();
  const io = new Server(http, { path: "/socket.io/" });
  const sockets = new Set<Socket>();
  const heard: ScriptedHub["heard"] = [];
  const watchers = new Set<() => void>();

  io.of("/cli").use((socket, next) => {
    const isKnown = !script.token || socket.handshake.auth.token === script.token;
    next(isKnown ? undefined : new Error("Invalid token"));
  });
  io.of("/cli").on("connection", (socket) => {
    sockets.add(socket);
    socket.on("disconnect", () => sockets.delete(socket));
    socket.onAny((event: string, payload: Record<string, unknown>, ack?: (answer?: unknown) => void) => {
      if (event === "ping") return (payload as unknown as () => void)();
      heard.push({ event, payload });
      script.on?.[event]?.(socket, payload, ack);
      for (const look of watchers) look();
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    sockets,
    heard,
    until: (event, fits = () => true) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = heard.find((frame) => frame.event === event && fits(frame.payload));
          if (!found) return;
          watchers.delete(look);
          resolve(found.payload);
        };
        watchers.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      await io.close();
    },
  };
}
