/**
 * What `hapi hook <socket> <host's socket>` runs: the agent's hook input goes to the session process, its answer to stdout. Starts in
 * milliseconds: nothing but node's own modules is imported. While a hook waits, the session process may restart: the bridge connects again and
 * asks the same again. Without the host there is nobody to come back: the bridge ends at once.
 * On any failure it prints `{}` ("no opinion"): an agent must never hang or be steered by a broken bridge.
 */
import { randomUUID } from "node:crypto";
import { askUntilAnswered, type Door, RECONNECT_FOR_MS } from "./door-call.ts";
import { HOOK_TOKEN_ENV, MAX_HOOK_LINE_BYTES } from "./hook-protocol.ts";

const NO_OPINION = "{}";

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

async function answered(door: Door, line: string, reconnectForMs: number): Promise<unknown> {
  const response = await askUntilAnswered(door, line, { reconnectForMs });
  return response && "answer" in response ? response.answer : undefined;
}

/** Answers the exit code, which is always 0: another code would mean something to the agent. */
export async function runHookBridge(argv: readonly string[], io: HookBridgeIo): Promise<number> {
  let answer: unknown;
  try {
    const [path, hostPath] = argv;
    const payload: unknown = JSON.parse(await readAll(io.stdin));
    const line = `${JSON.stringify({ id: randomUUID(), token: io.env[HOOK_TOKEN_ENV] ?? "", payload })}\n`;
    answer = path === undefined ? undefined : await answered({ path, hostPath }, line, io.reconnectForMs ?? RECONNECT_FOR_MS);
  } catch {
    answer = undefined;
  }
  io.stdout.write(answer === undefined || answer === null ? NO_OPINION : JSON.stringify(answer));
  return 0;
}
