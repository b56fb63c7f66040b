/**
 * The session's door: one 0600 Unix socket at a path that stays the same when this process restarts, opened with a token that only this
 * session's agent was given. Each connection carries one hook, or one call of HAPI's own tools; when its process goes away, so does the wait for its
 * answer.
 */
import { isSameSecret, serveLines } from "@hapi/platform";
import { type HookRequestLine, type HookResponseLine, MAX_HOOK_LINE_BYTES, type ToolAnswer, type ToolCall } from "./hook-protocol.ts";

export const MAX_WAITING_HOOKS = 64;

export type HookHandler = (payload: unknown, signal: AbortSignal) => Promise<unknown>;

/** `id`: the same when the caller comes back to a restarted session process. */
export type ToolHandler = (call: ToolCall, id: string, signal: AbortSignal) => Promise<ToolAnswer>;

export interface HookServer {
  readonly path: string;
  readonly token: string;
  close(): Promise<void>;
}

export interface HookServerOptions {
  path: string;
  token: string;
  onHook: HookHandler;
  /** Absent: there are no tools. */
  onTool?: ToolHandler;
  /** Whether this process is the server of HAPI's own tools, as the agent itself has started it. As `isAgents`. */
  isTools?: (caller: number) => boolean;
  /** Whether this process may report: the token is inherited by whatever the agent starts. Absent, or where the system names no caller: any. */
  isAgents?: (caller: number) => boolean;
  /** Somebody else called with the right token. */
  refused?: (caller: number) => void;
}

export async function openHookServer(options: HookServerOptions): Promise<HookServer> {
  const { path, token, isAgents = () => true, isTools = () => true, refused } = options;
  const closing = new AbortController();
  // A living predecessor can't be there: the host runs one session process at a time.
  const server = await serveLines({
    path,
    maxBytes: MAX_HOOK_LINE_BYTES,
    maxCallers: MAX_WAITING_HOOKS,
    async answer(line, gone, caller) {
      const request = parseRequest(line);
      if (!request || !isSameSecret(request.token, token)) return JSON.stringify({ id: "", refused: "token" });
      if (caller !== null && !(request.tool === undefined ? isAgents : isTools)(caller)) {
        refused?.(caller);
        return JSON.stringify({ id: request.id, refused: "caller" });
      }
      const answered = await answer(request, options, AbortSignal.any([gone, closing.signal]));
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

async function answer(
  request: HookRequestLine,
  handlers: Pick<HookServerOptions, "onHook" | "onTool">,
  signal: AbortSignal,
): Promise<HookResponseLine | undefined> {
  const result =
    request.tool === undefined ? await hooked(request, handlers.onHook, signal) : await called(request, handlers.onTool, signal);
  // While closing, say nothing: the bridge then comes back to our successor.
  return signal.aborted ? undefined : { id: request.id, answer: result ?? {} };
}

async function hooked({ payload, id }: HookRequestLine, onHook: HookHandler, signal: AbortSignal): Promise<unknown> {
  const named = typeof payload === "object" && payload !== null && !Array.isArray(payload) ? { ...payload, hapiHookId: id } : payload;
  try {
    return await onHook(named, signal);
  } catch {
    // Whatever went wrong in here, the agent's own dialog is still there.
    return {};
  }
}

async function called({ tool, id }: HookRequestLine, onTool: ToolHandler | undefined, signal: AbortSignal): Promise<ToolAnswer> {
  if (tool === undefined || tool === "hello") return { text: "" };
  const { name, arguments: given } = tool;
  return onTool ? await onTool({ name, arguments: given }, id, signal) : { text: "This session has no tools.", isError: true };
}

function parseRequest(line: string): HookRequestLine | null {
  try {
    const value = JSON.parse(line) as Partial<HookRequestLine>;
    if (typeof value.id !== "string" || typeof value.token !== "string") return null;
    const { id, token, payload, tool } = value;
    return tool === undefined ? { id, token, payload } : isTool(tool) ? { id, token, tool } : null;
  } catch {
    return null;
  }
}

const isTool = (tool: unknown): tool is NonNullable<HookRequestLine["tool"]> =>
  tool === "hello" || (typeof tool === "object" && tool !== null && typeof (tool as Partial<ToolCall>).name === "string");
