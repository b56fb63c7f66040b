/** One hub per test file, one namespace per test: tests share nothing but the process. */
import { afterAll, beforeAll } from "bun:test";
import { connectHub, startTestHub, type HubClient, type TestHub } from "@hapi/testkit";
import type { Socket } from "socket.io-client";

export interface Rig {
  readonly hub: TestHub;
  /** A client in a namespace of its own. */
  client(): Promise<HubClient>;
}

export function withHub(options: Parameters<typeof startTestHub>[0] = {}): Rig {
  let hub: TestHub | null = null;
  let count = 0;
  beforeAll(async () => {
    hub = await startTestHub(options);
  });
  afterAll(async () => {
    await hub?.close();
  });
  return {
    get hub() {
      if (!hub) throw new Error("The hub starts before the first test");
      return hub;
    },
    client() {
      count += 1;
      return connectHub(this.hub, `ns${count}`);
    },
  };
}

export interface RpcCall {
  method: string;
  params: Record<string, unknown>;
}

/** Registers methods on a socket and answers them; calls are kept. */
export async function serveRpc(
  socket: Socket,
  scopeId: string,
  methods: Record<string, (params: Record<string, unknown>) => unknown>,
): Promise<RpcCall[]> {
  const calls: RpcCall[] = [];
  socket.on("rpc-request", async (request: { method: string; params: string }, ack: (answer: string) => void) => {
    const name = request.method.slice(scopeId.length + 1);
    const params = JSON.parse(request.params) as Record<string, unknown>;
    calls.push({ method: request.method, params });
    ack(JSON.stringify((await methods[name]?.(params)) ?? {}));
  });
  for (const name of Object.keys(methods)) socket.emit("rpc-register", { method: `${scopeId}:${name}` });
  await socket.emitWithAck("ping");
  return calls;
}

export function once<T>(socket: Socket, event: string): Promise<T> {
  return new Promise((resolve) => socket.once(event, (payload: T) => resolve(payload)));
}

export function agentText(text: string, id: string = crypto.randomUUID()): object {
  return { role: "agent", content: { type: "codex", data: { type: "message", message: text, id } } };
}

export async function machine(
  client: HubClient,
  id: string,
  methods: Record<string, (params: Record<string, unknown>) => unknown> = {},
  metadata: Record<string, unknown> = {},
): Promise<{ socket: Socket; calls: RpcCall[] }> {
  await client.cli("POST", "/machines", {
    id,
    metadata: {
      host: "test-host",
      platform: "linux",
      happyCliVersion: "1",
      capabilities: ["agent-availability", "stop-runner"],
      ...metadata,
    },
  });
  const socket = await client.socket({ token: client.accessToken, clientType: "machine-scoped", machineId: id });
  socket.emit("machine-alive", { machineId: id, time: Date.now() });
  const calls = await serveRpc(socket, id, methods);
  return { socket, calls };
}
