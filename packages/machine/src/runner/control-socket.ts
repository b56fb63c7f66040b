/**
 * The runner's own door for the CLI on this machine: a 0600 Unix socket, one JSON line in, one JSON line out. The token is in a 0600 file
 * that agents are not told about. Frames are bounded; a caller that says nothing is let go.
 */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { AppError, toAppError, type ErrorCode } from "@hapi/protocol";
import { isSameSecret, randomToken, serveLines, writeFileAtomic } from "@hapi/platform";

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
  const token = randomToken(24);
  writeFileAtomic(paths.tokenFile, token, { mode: 0o600 });
  const server = await serveLines({
    path: paths.socket,
    maxBytes: MAX_LINE_BYTES,
    idleMs: IDLE_MS,
    answer: async (line) => JSON.stringify(await answer(line, token, handlers)),
  });
  return {
    async close() {
      // Who asked the runner to stop still hears that it does.
      await server.answered();
      await server.close();
    },
  };
}

async function answer(line: string, token: string, handlers: ControlHandlers): Promise<Answer> {
  try {
    const request = JSON.parse(line) as Request;
    if (!isSameSecret(String(request.token), token)) throw new AppError("invalid_token");
    const handler = Object.hasOwn(handlers, request.method) ? handlers[request.method] : undefined;
    if (!handler) throw new AppError("not_supported", `The runner does not know "${request.method}"`);
    return { ok: true, value: await handler(request.params ?? {}) };
  } catch (cause) {
    const failure = toAppError(cause);
    return { ok: false, error: failure.message, code: failure.code };
  }
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
