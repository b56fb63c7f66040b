/**
 * Stands in for the session's hook socket and its bridge: a tiny command sends the hook's input and prints the answer. It outlives a killed session
 * process and asks the next one again under the same id, as the real bridge does.
 */
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";

const CLIENT = `
import { createConnection } from "node:net";
const parts = [];
for await (const part of process.stdin) parts.push(part);
const socket = createConnection(process.argv[2]);
socket.write(Buffer.concat(parts).toString("utf8").replaceAll("\\n", " ") + "\\n");
let answer = "";
for await (const part of socket) answer += part;
process.stdout.write(answer);
`;

export interface HookDoor {
  readonly command: readonly string[];
  readonly seen: string[];
  /** Hooks that wait are asked again at the new handler. */
  reconnect(): void;
  close(): Promise<void>;
}

export type OnHook = (payload: unknown, signal: AbortSignal) => Promise<unknown>;

export async function openHookDoor(dir: string, onHook: OnHook): Promise<HookDoor> {
  const path = join(dir, "h.sock");
  const client = join(dir, "hook.mjs");
  writeFileSync(client, CLIENT);
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  const seen: string[] = [];

  async function serve(socket: Socket, payload: Record<string, unknown>): Promise<void> {
    seen.push(String(payload["hook_event_name"]));
    const id = randomUUID();
    const gone = new AbortController();
    socket.on("close", () => gone.abort());
    for (;;) {
      const again = Promise.withResolvers<"again">();
      const ask = (): void => again.resolve("again");
      waiting.add(ask);
      const answer = await Promise.race([onHook({ ...payload, hapiHookId: id }, gone.signal), again.promise]);
      waiting.delete(ask);
      if (answer === "again") continue;
      socket.end(JSON.stringify(answer ?? {}));
      return;
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    let text = "";
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("utf8");
      const end = text.indexOf("\n");
      if (end >= 0) void serve(socket, JSON.parse(text.slice(0, end)) as Record<string, unknown>);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    command: ["node", client, path],
    seen,
    reconnect() {
      for (const ask of [...waiting]) ask();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
