/**
 * The session's hook door: one 0600 Unix socket at a path that stays the same when this process restarts, opened with a token that only this
 * session's agent was given. Each connection carries one hook; when the hook's process goes away, so does the wait for its answer.
 */
import { timingSafeEqual } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { type HookRequestLine, MAX_HOOK_LINE_BYTES } from "./hook-protocol.ts";

export const MAX_WAITING_HOOKS = 64;

export type HookHandler = (payload: unknown, signal: AbortSignal) => Promise<unknown>;

export interface HookServer {
  readonly path: string;
  readonly token: string;
  close(): Promise<void>;
}

export async function openHookServer(options: { path: string; token: string; onHook: HookHandler }): Promise<HookServer> {
  const closing = new AbortController();
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    if (sockets.size >= MAX_WAITING_HOOKS) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, options, closing.signal);
  });
  // What a killed predecessor left; a living one can't be there: the host runs one session process at a time.
  rmSync(options.path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  chmodSync(options.path, 0o600);
  return {
    path: options.path,
    token: options.token,
    close: () =>
      new Promise((resolve) => {
        closing.abort(new Error("the session process ends"));
        server.close(() => {
          rmSync(options.path, { force: true });
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function serve(socket: Socket, options: { token: string; onHook: HookHandler }, closing: AbortSignal): void {
  const gone = new AbortController();
  const parts: Buffer[] = [];
  let size = 0;
  let asked = false;
  socket.on("error", () => socket.destroy());
  socket.on("close", () => gone.abort(new Error("the hook's process is gone")));
  socket.on("data", (bytes: Buffer) => {
    if (asked) return;
    parts.push(bytes);
    size += bytes.length;
    if (size > MAX_HOOK_LINE_BYTES) return void socket.destroy();
    if (bytes[bytes.length - 1] !== 0x0a) return;
    asked = true;
    const request = parseRequest(Buffer.concat(parts).toString("utf8"));
    if (!request || !sameToken(request.token, options.token)) return void socket.end(`${JSON.stringify({ id: "", refused: "token" })}\n`);
    void answer(socket, request, options.onHook, AbortSignal.any([gone.signal, closing]));
  });
}

async function answer(socket: Socket, request: HookRequestLine, onHook: HookHandler, signal: AbortSignal): Promise<void> {
  const { payload, id } = request;
  const named = typeof payload === "object" && payload !== null && !Array.isArray(payload) ? { ...payload, hapiHookId: id } : payload;
  let result: unknown;
  try {
    result = await onHook(named, signal);
  } catch {
    // Whatever went wrong in here, the agent's own dialog is still there.
    result = {};
  }
  // While closing, say nothing: the bridge then comes back to our successor.
  if (!signal.aborted && !socket.destroyed) socket.end(`${JSON.stringify({ id, answer: result ?? {} })}\n`);
}

function parseRequest(line: string): HookRequestLine | null {
  try {
    const value = JSON.parse(line) as Partial<HookRequestLine>;
    return typeof value.id === "string" && typeof value.token === "string"
      ? { id: value.id, token: value.token, payload: value.payload }
      : null;
  } catch {
    return null;
  }
}

function sameToken(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
