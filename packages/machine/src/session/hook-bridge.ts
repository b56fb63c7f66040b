/**
 * What `hapi hook <socket> <host's socket>` runs: the agent's hook input goes to the session process, its answer to stdout. Starts in
 * milliseconds: nothing but node's own modules is imported. While a hook waits, the session process may restart: the bridge connects again and
 * asks the same again. Without the host there is nobody to come back: the bridge ends at once.
 * On any failure it prints `{}` ("no opinion"): an agent must never hang or be steered by a broken bridge.
 */
import { randomUUID } from "node:crypto";
import { createConnection } from "node:net";
import { HOOK_TOKEN_ENV, type HookResponseLine, MAX_HOOK_LINE_BYTES } from "./hook-protocol.ts";

const NO_OPINION = "{}";
/** How long a session process may be away while a hook waits for it. */
const RECONNECT_FOR_MS = 30_000;
const RECONNECT_EVERY_MS = 100;

export interface HookBridgeIo {
  stdin: AsyncIterable<Uint8Array | string>;
  stdout: { write(text: string): unknown };
  env: Readonly<Record<string, string | undefined>>;
  reconnectForMs?: number;
}

async function readAll(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stdin) {
    const bytes = Buffer.from(part as Uint8Array);
    size += bytes.length;
    if (size > MAX_HOOK_LINE_BYTES) throw new Error("hook input too large");
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** One connection: the response, or null when it broke before there was one. */
function ask(path: string, line: string): Promise<HookResponseLine | null> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    let received = Buffer.alloc(0);
    const finish = (response: HookResponseLine | null): void => {
      socket.removeAllListeners();
      // A late error of a socket nobody listens to would end the process.
      socket.on("error", () => socket.destroy());
      socket.destroy();
      resolve(response);
    };
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

async function askUntilAnswered(path: string, hostPath: string | undefined, line: string, reconnectForMs: number): Promise<unknown> {
  // The time counts from when the session process was last there, so a hook may wait for a person as long as the agent lets it.
  for (let awaySince = 0; ;) {
    const asked = Date.now();
    const response = await ask(path, line);
    if (response) return "answer" in response ? response.answer : undefined;
    const now = Date.now();
    if (awaySince === 0 || now - asked > RECONNECT_EVERY_MS * 5) awaySince = now;
    if (now - awaySince >= reconnectForMs || !(await listens(hostPath))) return undefined;
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_EVERY_MS));
  }
}

/** Answers the exit code, which is always 0: another code would mean something to the agent. */
export async function runHookBridge(argv: readonly string[], io: HookBridgeIo): Promise<number> {
  let answer: unknown;
  try {
    const [path, hostPath] = argv;
    const payload: unknown = JSON.parse(await readAll(io.stdin));
    const line = `${JSON.stringify({ id: randomUUID(), token: io.env[HOOK_TOKEN_ENV] ?? "", payload })}\n`;
    answer = path === undefined ? undefined : await askUntilAnswered(path, hostPath, line, io.reconnectForMs ?? RECONNECT_FOR_MS);
  } catch {
    answer = undefined;
  }
  io.stdout.write(answer === undefined || answer === null ? NO_OPINION : JSON.stringify(answer));
  return 0;
}
