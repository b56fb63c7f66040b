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
const NEWLINE = 0x0a;
const IDLE_MS = 10_000;
const ANSWER_MS = 1_000;

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
  const answering = new Set<Promise<void>>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    serve(socket, token, handlers, answering);
  });
  await listen(server, paths.socket);
  chmodSync(paths.socket, 0o600);
  return {
    async close() {
      // Who asked the runner to stop still hears that it does.
      await Promise.all(answering);
      await new Promise<void>((done) => {
        for (const socket of open) socket.destroy();
        server.close(() => done());
        rmSync(paths.socket, { force: true });
      });
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, reject) => {
    server.once("error", reject);
    server.listen(path, () => done());
  });
}

function serve(socket: Socket, token: string, handlers: ControlHandlers, answering: Set<Promise<void>>): void {
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  const parts: Buffer[] = [];
  let size = 0;
  let isAsked = false;
  socket.on("data", (bytes: Buffer) => {
    // One line is all that is heard, and a line that is too long is none.
    if (isAsked) return;
    const end = bytes.indexOf(NEWLINE);
    parts.push(end < 0 ? bytes : bytes.subarray(0, end));
    size += parts.at(-1)!.length;
    if (size > MAX_LINE_BYTES) {
      isAsked = true;
      return void socket.destroy();
    }
    if (end < 0) return;
    isAsked = true;
    socket.setTimeout(0);
    const line = Buffer.concat(parts).toString("utf8");
    const said = answer(line, token, handlers).then((result) => sent(socket, `${JSON.stringify(result)}\n`));
    answering.add(said);
    void said.finally(() => answering.delete(said));
  });
}

/** The last line of a connection; a caller that does not take it is left. */
function sent(socket: Socket, line: string): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ANSWER_MS);
    const finish = (): void => {
      clearTimeout(timer);
      done();
    };
    socket.once("close", finish);
    socket.end(line, finish);
  });
}

async function answer(line: string, token: string, handlers: ControlHandlers): Promise<Answer> {
  try {
    const request = JSON.parse(line) as Request;
    if (!sameToken(String(request.token), token)) throw new AppError("invalid_token");
    const handler = Object.hasOwn(handlers, request.method) ? handlers[request.method] : undefined;
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
    const died = (cause?: Error): void =>
      reject(new AppError("not_ready", "The runner ended before it answered. See: hapi runner status", { cause }));
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT" || cause.code === "ECONNREFUSED") done(null);
      else if (cause.code === "ECONNRESET" || cause.code === "EPIPE") died(cause);
      else reject(cause);
    });
    socket.on("end", () => {
      const result = readAnswer(text);
      if (result === null) died();
      else if (result.ok) done(result.value);
      else reject(new AppError(result.code as ErrorCode, result.error));
    });
  });
}

/** Null when the runner died in the middle of it. */
function readAnswer(text: string): Answer | null {
  if (!text.endsWith("\n")) return null;
  return JSON.parse(text) as Answer;
}
