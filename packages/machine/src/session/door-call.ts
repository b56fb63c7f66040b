/**
 * A call at the session's door (`hook-server.ts`), from a process that the agent has started: one line, one answer. Nothing but node's own modules is
 * imported. While a call waits the session process may restart: it connects again and asks the same again. Without the host there is nobody to come
 * back.
 */
import { createConnection } from "node:net";
import { type HookResponseLine, MAX_HOOK_LINE_BYTES } from "./hook-protocol.ts";

/** How long a session process may be away while a call waits for it. */
export const RECONNECT_FOR_MS = 30_000;
const RECONNECT_EVERY_MS = 100;

export interface Door {
  path: string;
  /** The host's own socket. */
  hostPath: string | undefined;
}

/** Again and again until it is given back. */
export function repeat(everyMs: number, run: () => void): Disposable {
  const timer = setInterval(run, everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** One connection: the response, or null when it broke before there was one. */
function ask(path: string, line: string, signal: AbortSignal | undefined): Promise<HookResponseLine | null> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    let received = Buffer.alloc(0);
    const finish = (response: HookResponseLine | null): void => {
      socket.removeAllListeners();
      // A late error of a socket nobody listens to would end the process.
      socket.on("error", () => socket.destroy());
      socket.destroy();
      signal?.removeEventListener("abort", stop);
      resolve(response);
    };
    const stop = (): void => finish(null);
    signal?.addEventListener("abort", stop);
    socket.on("connect", () => socket.write(line));
    socket.on("error", () => finish(null));
    socket.on("close", () => finish(null));
    socket.on("data", (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      const end = received.indexOf(0x0a);
      if (end < 0 && received.length <= MAX_HOOK_LINE_BYTES) return;
      try {
        finish(JSON.parse(received.toString("utf8", 0, Math.max(end, 0))) as HookResponseLine);
      } catch {
        finish(null);
      }
    });
  });
}

/** Does something listen there? A host that is not told does count as there. */
function listens(path: string | undefined): Promise<boolean> {
  if (path === undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const socket = createConnection(path);
    const finish = (there: boolean): void => {
      socket.destroy();
      resolve(there);
    };
    socket.once("connect", () => finish(true));
    socket.on("error", () => finish(false));
  });
}

/**
 * The response, however often whoever answers is restarted meanwhile. Null: nobody was there for `reconnectForMs`, the host is gone, or `signal` came:
 * then the other side hears that nobody waits any more.
 */
export async function askUntilAnswered(
  { path, hostPath }: Door,
  line: string,
  { reconnectForMs, signal }: { reconnectForMs: number; signal?: AbortSignal },
): Promise<HookResponseLine | null> {
  // The time counts from when the session process was last there, so a call may wait for a person as long as the agent lets it.
  for (let awaySince = 0; ;) {
    const asked = Date.now();
    const response = signal?.aborted ? null : await ask(path, line, signal);
    if (response || signal?.aborted) return response;
    const now = Date.now();
    if (awaySince === 0 || now - asked > RECONNECT_EVERY_MS * 5) awaySince = now;
    if (now - awaySince >= reconnectForMs || !(await listens(hostPath))) return null;
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_EVERY_MS));
  }
}
