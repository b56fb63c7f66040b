/** `hapi mcp` as an MCP client sees it, and the session's door behind it. */
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOOK_TOKEN_ENV } from "../hook-protocol.ts";
import { type HookServer, openHookServer, type ToolHandler } from "../hook-server.ts";
import { runToolBridge } from "./mcp-bridge.ts";

const TOKEN = "t".repeat(64);
type Message = { id?: unknown; method?: string; result?: Record<string, unknown>; error?: { code: number; message: string } };

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function place(): string {
  const dir = mkdtempSync(join(tmpdir(), "hapi-tools-"));
  closing.push(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, "h.sock");
}

async function open(path: string, onTool: ToolHandler, more: { isTools?: (caller: number) => boolean } = {}): Promise<HookServer> {
  const server = await openHookServer({ path, token: TOKEN, onHook: async () => ({}), onTool, ...more });
  closing.push(() => server.close());
  return server;
}

/** A client of the bridge: what is sent is heard in order; `heard` resolves with the first message that fits. */
function client(path: string, options: { token?: string; reconnectForMs?: number; progressEveryMs?: number } = {}) {
  const input = new TransformStream<Uint8Array, Uint8Array>();
  const writer = input.writable.getWriter();
  const said: Message[] = [];
  const waiting: (() => void)[] = [];
  const stdout = {
    write(text: string) {
      said.push(JSON.parse(text) as Message);
      for (const look of waiting.splice(0)) look();
    },
  };
  const { token = TOKEN, ...rest } = options;
  const ended = runToolBridge([path], { stdin: input.readable, stdout, env: { [HOOK_TOKEN_ENV]: token }, reconnectForMs: 0, ...rest });
  const raw = (text: string): Promise<void> => writer.write(Buffer.from(text));
  return {
    said,
    ended,
    raw,
    send: (message: object) => raw(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`),
    end: () => writer.close(),
    async heard(fits: (message: Message) => boolean): Promise<Message> {
      for (;;) {
        const found = said.find(fits);
        if (found) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}
const call = (id: unknown, title: unknown, more: object = {}) => ({
  id,
  method: "tools/call",
  params: { name: "change_title", arguments: { title }, ...more },
});
const textOf = (message: Message): unknown => (message.result?.["content"] as { text: string }[])[0]?.text;

test("the handshake, the list and a ping need no session; what no server knows is refused by its number", async () => {
  const one = client(join(tmpdir(), "nobody.sock"));
  await one.send({ id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {} } });
  await one.send({ method: "notifications/initialized" });
  await one.send({ id: "two", method: "tools/list" });
  await one.send({ id: 3, method: "ping" });
  await one.send({ id: 4, method: "resources/list" });
  await one.send({ id: 5, method: "tools/call", params: { name: "rm" } });
  await one.raw('not json\n{"id":6}\n[]\n\n');
  await one.send({ id: 7, method: "initialize", params: { protocolVersion: "1999-01-01" } });
  await one.heard(({ id }) => id === 7);
  expect(one.said.map(({ id, error }) => [id, error?.code])).toEqual([
    [1, undefined],
    ["two", undefined],
    [3, undefined],
    [4, -32601],
    [5, -32602],
    [null, -32700],
    [null, -32600],
    [7, undefined],
  ]);
  expect(one.said[0]?.result).toMatchObject({ protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "hapi" } });
  expect(one.said.at(-1)?.result).toMatchObject({ protocolVersion: "2025-11-25" });
  expect((one.said[1]?.result?.["tools"] as { name: string }[]).map(({ name }) => name)).toContain("change_title");
  await one.end();
  expect(await one.ended).toBe(0);
});

test("a call goes to the session and its answer comes back; without a session, or a right to it, the agent hears so", async () => {
  const path = place();
  const away = client(path);
  await away.send(call(1, "x"));
  expect(textOf(await away.heard(({ id }) => id === 1))).toContain("does not answer for this session");

  const seen: unknown[] = [];
  await open(path, async (tool, id) => {
    seen.push([tool, typeof id]);
    return { text: "done" };
  });
  const one = client(path);
  await one.send(call(1, "x"));
  expect((await one.heard(({ id }) => id === 1)).result).toEqual({ content: [{ type: "text", text: "done" }] });
  expect(seen).toEqual([[{ name: "change_title", arguments: { title: "x" } }, "string"]]);

  const stranger = client(path, { token: "wrong" });
  await stranger.send(call(1, "x"));
  const refused = await stranger.heard(({ id }) => id === 1);
  expect([refused.result?.["isError"], textOf(refused)]).toEqual([true, expect.stringContaining("only from the tools server")]);
  expect(seen).toHaveLength(1);
});

test("a process that is not the agent's own server of tools is refused, with the right token too", async () => {
  const path = place();
  const callers: number[] = [];
  const isTools = (caller: number): boolean => callers.push(caller) === 0;
  await open(path, async () => ({ text: "done" }), { isTools });
  const one = client(path);
  await one.send(call(1, "x"));
  expect((await one.heard(({ id }) => id === 1)).result).toMatchObject({ isError: true });
  expect(callers).toEqual([process.pid]);
});

test("ten megabytes, in one line or in many pieces, are refused, and the next call is heard", async () => {
  const path = place();
  await open(path, async () => ({ text: "done" }));
  const one = client(path);
  await one.send(call(1, "x".repeat(10 * 1024 * 1024)));
  expect((await one.heard(({ error }) => error !== undefined)).error).toMatchObject({ code: -32600 });
  await one.send(call(2, "y"));
  expect(textOf(await one.heard(({ id }) => id === 2))).toBe("done");
  expect(one.said).toHaveLength(2);
});

test("a call that is taken back, or whose agent is gone, ends at the session; nothing is answered", async () => {
  const path = place();
  const begun: PromiseWithResolvers<AbortSignal>[] = [Promise.withResolvers(), Promise.withResolvers()];
  const calls = begun.values();
  await open(path, (_, __, signal) => {
    calls.next().value?.resolve(signal);
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve({ text: "late" }), { once: true }));
  });
  const gone = (signal: AbortSignal): Promise<void> =>
    signal.aborted ? Promise.resolve() : new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
  const one = client(path, { progressEveryMs: 1 });
  await one.send(call("a", "x", { _meta: { progressToken: "p" } }));
  const first = await begun[0]!.promise;
  // So that it is not given up while a person thinks.
  expect(await one.heard(({ method }) => method === "notifications/progress")).toMatchObject({
    params: { progressToken: "p", progress: 1 },
  });
  await one.send({ method: "notifications/cancelled", params: { requestId: "a" } });
  await gone(first);
  await one.send(call("b", "y"));
  const second = await begun[1]!.promise;
  await one.end();
  expect(await one.ended).toBe(0);
  await gone(second);
  expect(one.said.filter(({ id }) => id !== undefined)).toEqual([]);
});

test("more calls at once than a session takes are refused; the session process may restart under one that waits", async () => {
  const path = place();
  const ids: string[] = [];
  const arrived = Promise.withResolvers<void>();
  const first = await open(path, (_, id, signal) => {
    if (ids.push(id) === 8) arrived.resolve();
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve({ text: "never" }), { once: true }));
  });
  const one = client(path, { reconnectForMs: 10_000 });
  for (let id = 1; id <= 8; id += 1) await one.send(call(id, "x"));
  await arrived.promise;
  await one.send(call(9, "x"));
  expect(textOf(await one.heard(({ id }) => id === 9))).toContain("Too many calls");
  await first.close();
  const again: string[] = [];
  await open(path, async (_, id) => {
    again.push(id);
    return { text: "after" };
  });
  for (let id = 1; id <= 8; id += 1) expect(textOf(await one.heard((message) => message.id === id))).toBe("after");
  expect(again.toSorted()).toEqual(ids.toSorted());
});
