/**
 * What `hapi mcp <socket> <host's socket>` runs: an MCP server on stdin and stdout, a child of the agent. It knows the names of the tools and carries
 * their calls to the session; every act is the session's. Nothing but node's own modules is imported, and nobody is waited for before it answers: an
 * agent must start whatever became of us. The four methods are all of MCP that it has; `docs/decisions/024-tools-for-agents.md` says why by hand.
 * Facts of the protocol: modelcontextprotocol.io, revisions 2024-11-05 to 2025-11-25, `basic/lifecycle`, `basic/utilities/cancellation`,
 * `basic/utilities/progress`, `server/tools`.
 */
import { randomUUID } from "node:crypto";
import { askUntilAnswered, type Door, RECONNECT_FOR_MS, repeat } from "../door-call.ts";
import { HOOK_TOKEN_ENV, type HookResponseLine, type ToolAnswer, type ToolCall } from "../hook-protocol.ts";
import { TOOL_SERVER, TOOLS } from "./tool-list.ts";

const VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/** More than any call of ours needs. */
const MAX_LINE_BYTES = 1024 * 1024;
const MAX_CALLS = 8;
/** Clients give up a call that is silent for long; the shortest known default is 30 s. */
const PROGRESS_EVERY_MS = 10_000;

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const NO_METHOD = -32601;
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;

export interface ToolBridgeIo {
  stdin: AsyncIterable<Uint8Array | string>;
  stdout: { write(text: string): unknown };
  env: Readonly<Record<string, string | undefined>>;
  reconnectForMs?: number;
  progressEveryMs?: number;
}

type Id = string | number;
type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const isId = (value: unknown): value is Id => typeof value === "string" || typeof value === "number";

/** Each line; null for one that is too long. */
async function* linesOf(stdin: AsyncIterable<Uint8Array | string>): AsyncGenerator<string | null> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    let rest = Buffer.from(chunk as Uint8Array);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      size += end;
      yield size > MAX_LINE_BYTES ? null : Buffer.concat([...parts, rest.subarray(0, end)]).toString("utf8");
      [parts, size] = [[], 0];
      rest = rest.subarray(end + 1);
    }
    size += rest.length;
    if (size <= MAX_LINE_BYTES) parts.push(rest);
    else parts = [];
  }
}

interface Caller {
  call(tool: ToolCall | "hello", signal?: AbortSignal): Promise<ToolAnswer>;
}

function callerOf(argv: readonly string[], { env, reconnectForMs = RECONNECT_FOR_MS }: ToolBridgeIo): Caller {
  const [path, hostPath] = argv;
  return {
    async call(tool, signal) {
      const line = `${JSON.stringify({ id: randomUUID(), token: env[HOOK_TOKEN_ENV] ?? "", tool })}\n`;
      const door: Door | null = path === undefined ? null : { path, hostPath };
      const response = door && (await askUntilAnswered(door, line, { reconnectForMs, ...(signal ? { signal } : {}) }));
      return toolAnswer(response);
    },
  };
}

function toolAnswer(response: HookResponseLine | null): ToolAnswer {
  if (response === null)
    return { text: "HAPI does not answer for this session right now. Go on without it, or try again later.", isError: true };
  if ("refused" in response)
    return { text: "HAPI takes this call only from the tools server that the agent itself has started.", isError: true };
  const { text, isError } = fieldsOf(response.answer);
  return { text: typeof text === "string" ? text : "", ...(isError === true ? { isError } : {}) };
}

const initialized = (params: Fields): object => {
  const wanted = params["protocolVersion"];
  return {
    protocolVersion: VERSIONS.find((one) => one === wanted) ?? VERSIONS[0],
    capabilities: { tools: {} },
    serverInfo: { name: TOOL_SERVER, title: "HAPI", version: "1" },
  };
};

interface Talk {
  caller: Caller;
  progressEveryMs: number;
  /** Calls that run, by the agent's id for them. */
  running: Map<Id, AbortController>;
  /** Comes when the agent is gone, or wants us no more. */
  ended: AbortSignal;
  say(message: object): void;
  fail(id: Id | null, code: number, message: string): void;
}

const resultOf = ({ text, isError }: ToolAnswer): object => ({ content: [{ type: "text", text }], ...(isError ? { isError } : {}) });

/** Signs of life of a call, where the client asked for them. */
function progressOf({ say, progressEveryMs }: Talk, params: Fields): Disposable | undefined {
  const progressToken = fieldsOf(params["_meta"])["progressToken"];
  let progress = 0;
  const tell = (): void => say({ method: "notifications/progress", params: { progressToken, progress: (progress += 1) } });
  return isId(progressToken) ? repeat(progressEveryMs, tell) : undefined;
}

async function called(talk: Talk, id: Id, params: Fields): Promise<void> {
  const { caller, running, ended, say, fail } = talk;
  const { name, arguments: given } = params;
  if (typeof name !== "string" || !TOOLS.some((tool) => tool.name === name))
    return fail(id, INVALID_PARAMS, `Unknown tool: ${String(name)}`);
  if (running.has(id)) return fail(id, INVALID_REQUEST, "This id is in use");
  if (running.size >= MAX_CALLS)
    return say({ id, result: resultOf({ text: "Too many calls at once; wait for one to end.", isError: true }) });
  const gone = new AbortController();
  running.set(id, gone);
  using _ = progressOf(talk, params);
  const answer = await caller.call({ name, arguments: given ?? {} }, AbortSignal.any([gone.signal, ended]));
  running.delete(id);
  // Nobody is told of the end of a call that was taken back.
  if (!gone.signal.aborted && !ended.aborted) say({ id, result: resultOf(answer) });
}

async function requested(talk: Talk, { id, method, params }: { id: Id; method: string; params: Fields }): Promise<void> {
  const { caller, ended, say, fail } = talk;
  switch (method) {
    case "initialize":
      say({ id, result: initialized(params) });
      // From here on the session knows what the agent's own server is; before this, the agent runs nothing.
      return void (await caller.call("hello", ended));
    case "ping":
      return say({ id, result: {} });
    case "tools/list":
      return say({ id, result: { tools: TOOLS } });
    case "tools/call":
      return await called(talk, id, params);
    default:
      return fail(id, NO_METHOD, "Method not found");
  }
}

function heard(talk: Talk, line: string): void {
  const { running, fail } = talk;
  let message: Fields;
  try {
    message = fieldsOf(JSON.parse(line));
  } catch {
    return fail(null, PARSE_ERROR, "This line is not JSON");
  }
  const { id, method } = message;
  const params = fieldsOf(message["params"]);
  if (typeof method !== "string") return isId(id) ? undefined : fail(null, INVALID_REQUEST, "This is not a request");
  if (isId(id)) return void requested(talk, { id, method, params }).catch(() => fail(id, INTERNAL_ERROR, "This call failed in HAPI"));
  const { requestId } = params;
  if (method === "notifications/cancelled" && isId(requestId)) running.get(requestId)?.abort();
}

/** Answers the exit code. */
export async function runToolBridge(argv: readonly string[], io: ToolBridgeIo): Promise<number> {
  const ended = new AbortController();
  const say = (message: object): void => void io.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const talk: Talk = {
    caller: callerOf(argv, io),
    progressEveryMs: io.progressEveryMs ?? PROGRESS_EVERY_MS,
    running: new Map(),
    ended: ended.signal,
    say,
    fail: (id, code, message) => say({ id, error: { code, message } }),
  };
  for await (const line of linesOf(io.stdin)) {
    if (line === null) talk.fail(null, INVALID_REQUEST, `A line may have ${MAX_LINE_BYTES} bytes`);
    else if (line.trim() !== "") heard(talk, line);
  }
  // So is whoever waits for an answer.
  ended.abort();
  return 0;
}
