/** A bare client for black-box tests: HTTP as it is, SSE frames as they come, a socket without any convenience. */
import { io, type Socket } from "socket.io-client";
import type { TestHub } from "./start-test-hub.ts";

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  text: string;
}

export interface SseFrame {
  id?: string;
  event: { type: string; [key: string]: unknown };
}

export interface SseConnection extends AsyncDisposable {
  readonly frames: SseFrame[];
  /** The first frame, past or coming, that fits. */
  find(fits: (frame: SseFrame) => boolean, timeoutMs?: number): Promise<SseFrame>;
  of(type: string): SseFrame[];
  readonly lastId: string | undefined;
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface HubClient {
  readonly jwt: string;
  readonly accessToken: string;
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  cli(method: string, path: string, body?: unknown): Promise<Answer>;
  sse(query?: string, headers?: Record<string, string>): Promise<SseConnection>;
  socket(auth: Record<string, unknown>, namespace?: string): Promise<Socket>;
  /** A session socket that has said `session-alive` once. */
  session(options?: { id?: string; metadata?: Record<string, unknown>; capabilities?: string[] }): Promise<{ id: string; socket: Socket }>;
}

const metadata = { path: "/tmp/project", host: "test-host", flavor: "claude", machineId: "machine-1", lifecycleState: "running" };

export async function connectHub(hub: TestHub, namespace?: string): Promise<HubClient> {
  const jwt = await hub.login(namespace);
  const accessToken = hub.accessToken(namespace);
  const call = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(hub.url + path, init);
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== "" ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  };
  const init = (method: string, bearer: string, body: unknown, headers: Record<string, string> = {}): RequestInit => ({
    method,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const socket = (auth: Record<string, unknown>, space = "/cli"): Promise<Socket> => {
    const client = io(hub.url + space, { auth, path: "/socket.io/", transports: ["websocket"], forceNew: true, reconnection: false });
    return new Promise((resolve, reject) => {
      client.once("connect", () => resolve(client));
      client.once("connect_error", (error) => {
        client.close();
        reject(error);
      });
    });
  };
  const client: HubClient = {
    jwt,
    accessToken,
    api: (method, path, body, headers) => call(`/api${path}`, init(method, jwt, body, headers)),
    cli: (method, path, body) => call(`/cli${path}`, init(method, accessToken, body)),
    sse: (query = "all=true", headers = {}) => openSse(`${hub.url}/api/events?${query}`, { authorization: `Bearer ${jwt}`, ...headers }),
    socket,
    async session(options = {}) {
      const tag = crypto.randomUUID();
      const created = await client.cli("POST", "/sessions", {
        tag,
        id: options.id,
        metadata: { ...metadata, ...options.metadata },
        agentState: null,
      });
      const { id } = (created.body as { session: { id: string } }).session;
      const { capabilities } = options;
      const connected = await socket({ token: accessToken, clientType: "session-scoped", sessionId: id, capabilities });
      connected.emit("session-alive", { sid: id, time: Date.now(), thinking: false, mode: "remote" });
      await connected.emitWithAck("ping");
      return { id, socket: connected };
    },
  };
  return client;
}

async function openSse(url: string, headers: Record<string, string>): Promise<SseConnection> {
  const abort = new AbortController();
  const response = await fetch(url, { headers, signal: abort.signal });
  if (!response.ok || !response.body) throw new Error(`SSE answered ${response.status}: ${await response.text()}`);
  const frames: SseFrame[] = [];
  const waiting = new Set<() => void>();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const closed = readFrames(reader, (frame) => {
    frames.push(frame);
    for (const look of waiting) look();
  });
  const connection: SseConnection = {
    frames,
    closed,
    of: (type) => frames.filter((frame) => frame.event.type === type),
    get lastId() {
      return frames.findLast((frame) => frame.id !== undefined)?.id;
    },
    find(fits, timeoutMs = 20_000) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`No such SSE frame; seen: ${frames.map((frame) => frame.event.type).join(", ")}`));
        }, timeoutMs);
        const look = (): void => {
          const found = frames.find(fits);
          if (!found) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    },
    async close() {
      abort.abort();
      await closed;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
  await connection.find((frame) => frame.event.type === "connection-changed");
  return connection;
}

async function readFrames(
  reader: { read(): Promise<{ done: boolean; value?: string }> },
  onFrame: (frame: SseFrame) => void,
): Promise<void> {
  let buffer = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffer += value ?? "";
      for (let end = buffer.indexOf("\n\n"); end >= 0; end = buffer.indexOf("\n\n")) {
        const lines = buffer.slice(0, end).split("\n");
        buffer = buffer.slice(end + 2);
        const id = lines.find((line) => line.startsWith("id: "))?.slice(4);
        const data = lines.find((line) => line.startsWith("data: "))?.slice(6);
        if (data !== undefined) onFrame({ ...(id === undefined ? {} : { id }), event: JSON.parse(data) as SseFrame["event"] });
      }
    }
  } catch (cause) {
    // The test closed it, or the hub went away: both are an end.
    if (!(cause instanceof Error)) throw cause;
  }
}
