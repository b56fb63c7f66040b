/**
 * The runner's own door for the CLI on this machine: a 0600 Unix socket, one JSON line in, one JSON line out. The token is in a 0600 file
 * that agents are not told about. Frames are bounded; a caller that says nothing is let go.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { AppError, toAppError, type ErrorCode } from "@hapi/protocol";
import { writeFileAtomic } from "@hapi/platform";

const MAX_LINE_BYTES = 1 << 20;
const IDLE_MS = 10_000;

export type ControlHandlers = Record<string, (params: Record<string, unknown>) => Promise<unknown>>;

interface Request {
  token: string;
  method: string;
  params?: Record<string, unknown>;
}

type Answer = { ok: true; value: unknown } | { ok: false; error: string; code: string };

export interface ControlSocket {
  close(): Promise<void>;
}

export async function openControlSocket(paths: { socket: string; tokenFile: string }, handlers: ControlHandlers): Promise<ControlSocket> {
  const token = randomBytes(24).toString("base64url");
  writeFileAtomic(paths.tokenFile, token, { mode: 0o600 });
  rmSync(paths.socket, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    serve(socket, token, handlers);
  });
  await listen(server, paths.socket);
  chmodSync(paths.socket, 0o600);
  return {
    close: () =>
      new Promise((done) => {
        for (const socket of open) socket.destroy();
        server.close(() => done());
        rmSync(paths.socket, { force: true });
      }),
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, reject) => {
    server.once("error", reject);
    server.listen(path, () => done());
  });
}

function serve(socket: Socket, token: string, handlers: ControlHandlers): void {
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > MAX_LINE_BYTES) socket.destroy();
    const end = text.indexOf("\n");
    if (end < 0) return;
    socket.setTimeout(0);
    void answer(text.slice(0, end), token, handlers).then((result) => socket.end(`${JSON.stringify(result)}\n`));
  });
}

async function answer(line: string, token: string, handlers: ControlHandlers): Promise<Answer> {
  try {
    const request = JSON.parse(line) as Request;
    if (!sameToken(String(request.token), token)) throw new AppError("invalid_token");
    const handler = handlers[request.method];
    if (!handler) throw new AppError("not_supported", `The runner does not know "${request.method}"`);
    return { ok: true, value: await handler(request.params ?? {}) };
  } catch (cause) {
    const failure = toAppError(cause);
    return { ok: false, error: failure.message, code: failure.code };
  }
}

function sameToken(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Asks the runner of this home. Null when none runs. */
export function askRunner(
  paths: { socket: string; tokenFile: string },
  method: string,
  params: Record<string, unknown> = {},
  timeoutMs = 30_000,
): Promise<unknown> {
  let token: string;
  try {
    token = readFileSync(paths.tokenFile, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return Promise.resolve(null);
    throw cause;
  }
  return new Promise((done, reject) => {
    let text = "";
    const socket = connect(paths.socket);
    socket.setEncoding("utf8");
    socket.setTimeout(timeoutMs, () => socket.destroy(new AppError("timeout", "The runner did not answer in time")));
    socket.on("connect", () => socket.write(`${JSON.stringify({ token, method, params })}\n`));
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("error", (cause: NodeJS.ErrnoException) =>
      cause.code === "ENOENT" || cause.code === "ECONNREFUSED" ? done(null) : reject(cause),
    );
    socket.on("end", () => {
      const result = JSON.parse(text) as Answer;
      if (result.ok) done(result.value);
      else reject(new AppError(result.code as ErrorCode, result.error));
    });
  });
}
