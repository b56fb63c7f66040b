import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runHookBridge } from "./hook-bridge.ts";
import { HOOK_TOKEN_ENV } from "./hook-protocol.ts";
import { hookToken } from "./hook-door.ts";
import { type HookHandler, type HookServer, openHookServer } from "./hook-server.ts";

const dir = mkdtempSync(join(tmpdir(), "machine-hook-"));
const path = join(dir, "h.sock");
const token = hookToken(dir);
let server: HookServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function hook(input: string, options: { token?: string; reconnectForMs?: number; hostPath?: string } = {}): Promise<string> {
  let printed = "";
  const stdin = (async function* () {
    yield Buffer.from(input);
  })();
  const code = await runHookBridge(options.hostPath === undefined ? [path] : [path, options.hostPath], {
    stdin,
    stdout: { write: (text) => (printed += text) },
    env: { [HOOK_TOKEN_ENV]: options.token ?? token },
    reconnectForMs: options.reconnectForMs ?? 0,
  });
  expect(code).toBe(0);
  return printed;
}
const listen = async (onHook: HookHandler): Promise<void> => {
  server = await openHookServer({ path, token, onHook });
};

test("carries a hook to the session and its answer back; the socket is private and the token is kept", async () => {
  const seen: unknown[] = [];
  await listen(async (payload) => {
    seen.push(payload);
    return { decision: "allow" };
  });
  expect(await hook('{"hook_event_name":"PermissionRequest","n":1}')).toBe('{"decision":"allow"}');
  expect(seen).toEqual([{ hook_event_name: "PermissionRequest", n: 1, hapiHookId: expect.any(String) }]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(hookToken(dir)).toBe(token);
});

test("no opinion when nothing listens, the input is not JSON, the token is wrong, or the handler fails", async () => {
  expect(await hook("{}")).toBe("{}");
  let calls = 0;
  await listen(async () => {
    calls++;
    throw new Error("broken");
  });
  expect(await hook("not json")).toBe("{}");
  expect(await hook("{}", { token: "wrong" })).toBe("{}");
  expect(calls).toBe(0);
  expect(await hook("{}")).toBe("{}");
  expect(calls).toBe(1);
});

test("a hook that waits comes back to the restarted session process with the same id", async () => {
  const ids: unknown[] = [];
  const arrived = Promise.withResolvers<void>();
  await listen((payload, signal) => {
    ids.push((payload as { hapiHookId: string }).hapiHookId);
    arrived.resolve();
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  });
  const waiting = hook('{"a":1}', { reconnectForMs: 5_000 });
  await arrived.promise;
  await server!.close();
  await listen(async (payload) => {
    ids.push((payload as { hapiHookId: string }).hapiHookId);
    return { again: true };
  });
  expect(await waiting).toBe('{"again":true}');
  expect(ids).toHaveLength(2);
  expect(ids[0]).toBe(ids[1]!);
});

test("a hook does not wait for a session whose host is gone", async () => {
  const arrived = Promise.withResolvers<void>();
  await listen((_, signal) => {
    arrived.resolve();
    return new Promise((__, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  });
  const waiting = hook("{}", { reconnectForMs: 60_000, hostPath: join(dir, "no-host.sock") });
  await arrived.promise;
  await server!.close();
  expect(await waiting).toBe("{}");
});

test("the wait for an answer ends when the hook's process goes away", async () => {
  const aborted = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  await listen((_, signal) => {
    signal.addEventListener("abort", () => aborted.resolve(), { once: true });
    arrived.resolve();
    return new Promise(() => undefined);
  });
  const { createConnection } = await import("node:net");
  const socket = createConnection(path, () => socket.write(`${JSON.stringify({ id: "x", token, payload: {} })}\n`));
  await arrived.promise;
  socket.destroy();
  await aborted.promise;
});

test("a hook is one line: what comes after it in the same breath is not heard, and does not keep it from being heard", async () => {
  const seen: unknown[] = [];
  await listen(async (payload) => {
    seen.push(payload);
    return {};
  });
  const { createConnection } = await import("node:net");
  const line = (n: number): string => `${JSON.stringify({ id: `h${n}`, token, payload: { n } })}\n`;
  const socket = createConnection(path, () => socket.write(`${line(1)}${line(2)}and half of a third`));
  const answer = await new Promise<string>((done) => socket.once("data", (bytes) => done(String(bytes))));
  expect(JSON.parse(answer)).toEqual({ id: "h1", answer: {} });
  expect(seen).toEqual([{ n: 1, hapiHookId: "h1" }]);
  socket.destroy();
});

test.skipIf(process.platform !== "linux")(
  "whoever is not the agent's is refused by the system's word of who calls, the right token or not",
  async () => {
    const callers: number[] = [];
    const refused: number[] = [];
    let heard = 0;
    server = await openHookServer({
      path,
      token,
      onHook: async () => void (heard += 1),
      isAgents: (caller) => callers.push(caller) > 1,
      refused: (caller) => refused.push(caller),
    });
    expect(await hook("{}")).toBe("{}");
    expect([heard, refused, callers]).toEqual([0, [process.pid], [process.pid]]);
    await hook("{}");
    expect(heard).toBe(1);
  },
);
