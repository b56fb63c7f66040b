/**
 * The session's hook door: one 0600 Unix socket at a path that stays the same when this process restarts, opened with a token that only this
 * session's agent was given. Each connection carries one hook; when the hook's process goes away, so does the wait for its answer.
 */
import { isSameSecret, serveLines } from "@hapi/platform";
import { type HookRequestLine, type HookResponseLine, MAX_HOOK_LINE_BYTES } from "./hook-protocol.ts";

export const MAX_WAITING_HOOKS = 64;

export type HookHandler = (payload: unknown, signal: AbortSignal) => Promise<unknown>;

export interface HookServer {
  readonly path: string;
  readonly token: string;
  close(): Promise<void>;
}

export interface HookServerOptions {
  path: string;
  token: string;
  onHook: HookHandler;
  /** Whether this process may report: the token is inherited by whatever the agent starts. Absent, or where the system names no caller: any. */
  isAgents?: (caller: number) => boolean;
  /** Somebody else called with the right token. */
  refused?: (caller: number) => void;
}

export async function openHookServer(options: HookServerOptions): Promise<HookServer> {
  const { path, token, onHook, isAgents = () => true, refused } = options;
  const closing = new AbortController();
  // A living predecessor can't be there: the host runs one session process at a time.
  const server = await serveLines({
    path,
    maxBytes: MAX_HOOK_LINE_BYTES,
    maxCallers: MAX_WAITING_HOOKS,
    async answer(line, gone, caller) {
      const request = parseRequest(line);
      if (!request || !isSameSecret(request.token, token)) return JSON.stringify({ id: "", refused: "token" });
      if (caller !== null && !isAgents(caller)) {
        refused?.(caller);
        return JSON.stringify({ id: request.id, refused: "caller" });
      }
      const answered = await answer(request, onHook, AbortSignal.any([gone, closing.signal]));
      return answered && JSON.stringify(answered);
    },
  });
  return {
    path,
    token,
    async close() {
      closing.abort(new Error("the session process ends"));
      await server.close();
    },
  };
}

async function answer(request: HookRequestLine, onHook: HookHandler, signal: AbortSignal): Promise<HookResponseLine | undefined> {
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
  return signal.aborted ? undefined : { id, answer: result ?? {} };
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
