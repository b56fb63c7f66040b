/** A conversation with an OpenCode server that says what a test wants: its HTTP surface on loopback, and processes that only know whether they live. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryHost } from "@hapi/testkit";
import type { DriverContext, DriverEvent, DriverPrompt } from "../driver.ts";
import { scriptedProcess, type ScriptedProcess } from "../shared/scripted-process.case.ts";
import { opencodeDriver } from "./driver.ts";
import type { OpenCodeConversation } from "./conversation.ts";
import { memoryContext } from "./recorded.case.ts";
import { LAUNCH_KEY, newState, type OpenCodeState, rememberPrompt, STATE_KEY, withHanded } from "./state.ts";

export const THREAD = "ses_1";
const LAUNCH = "opencode-1-a";
const SCREEN = "opencode-tui-1-a";

export interface Call {
  method: string;
  path: string;
  body: unknown;
}

export interface Scripted {
  conversation: OpenCodeConversation;
  events: DriverEvent[];
  calls: Call[];
  server: ScriptedProcess;
  /** Its own screen beside it. */
  screen: ScriptedProcess;
  /** Signals that the server was sent. */
  signals: string[];
  /** What is asked of OpenCode and not answered yet. */
  permissions: unknown[];
  /** `{info, parts}` of its record. */
  messages: { info: { id: string }; parts: unknown[] }[];
  status: "idle" | "busy";
  /** Instead of the answer that it would give: a status, or the line is cut. */
  fails(call: Call): number | "cut" | undefined;
  /** An event of the server. */
  say(type: string, properties: unknown): void;
  /** Resolves once this holds; looked at whenever something was called, told or written down. */
  until(holds: () => boolean): Promise<void>;
  kept(): OpenCodeState;
  [Symbol.asyncDispose](): Promise<void>;
}

export const PROMPT: DriverPrompt = { localId: "p1", text: "say: hi", attachments: [] };
export const MESSAGE = { info: { id: "msg_1", sessionID: THREAD, role: "user" }, parts: [] };

/** A session process that begins on a server that runs already, with what an earlier one wrote down: `PROMPT` was handed as `MESSAGE`. */
export async function openScripted(state: Partial<OpenCodeState>, more: Partial<DriverContext> = {}): Promise<Scripted> {
  const folder = mkdtempSync(join(tmpdir(), "hapi-opencode-"));
  writeFileSync(join(folder, `${LAUNCH}.password`), "secret");
  const lines = new Set<ServerResponse>();
  let changed = Promise.withResolvers<void>();
  const change = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const events: DriverEvent[] = [];
  const base = memoryContext((event) => {
    events.push(structuredClone(event));
    change();
  });
  const { memory } = base;
  const [process, screen] = [scriptedProcess(LAUNCH, "pipe", change), scriptedProcess(SCREEN, "pty", change)];
  const ours = [process, screen];
  const host = { ...createMemoryHost(), processes: () => ours, process: (id: string) => ours.find(({ launchId }) => launchId === id) };
  const kept: DriverContext["memory"] = {
    get: memory.get,
    async commit(values) {
      await memory.commit(values);
      change();
    },
  };
  const context: DriverContext = { ...base, cwd: folder, sessionDir: folder, host, memory: kept, ...more };
  const scripted: Scripted = {
    conversation: opencodeDriver.open(context) as OpenCodeConversation,
    events,
    calls: [],
    server: process,
    screen,
    signals: process.signals,
    permissions: [],
    messages: [],
    status: "idle",
    fails: () => undefined,
    say: (type, properties) => lines.forEach((line) => line.write(`data: ${JSON.stringify({ type, properties })}\n\n`)),
    async until(holds) {
      while (!holds()) await changed.promise;
    },
    kept: () => memory.get<OpenCodeState>(STATE_KEY) ?? newState(THREAD, null),
    async [Symbol.asyncDispose]() {
      await this.conversation[Symbol.asyncDispose]();
      await Promise.all(ours.map((one) => one.signal("SIGKILL")));
      for (const line of lines) line.end();
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
  const server = createServer((request, response) => {
    void answer(scripted, { request, response, lines }).finally(change);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await memory.commit({
    [LAUNCH_KEY]: { id: LAUNCH, count: 1, url },
    [STATE_KEY]: { ...newState(THREAD, null), ...state },
    "opencode.terminal": { id: SCREEN, count: 1 },
  });
  const handed = { localId: PROMPT.localId, messageId: MESSAGE.info.id, partIds: ["prt_1"] };
  await memory.commit({ ...rememberPrompt(PROMPT), ...withHanded(memory, PROMPT.localId, handed) });
  return scripted;
}

interface Request {
  request: IncomingMessage;
  response: ServerResponse;
  lines: Set<ServerResponse>;
}

async function answer(scripted: Scripted, { request, response, lines }: Request): Promise<void> {
  const path = new URL(request.url ?? "", "http://x").pathname;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body: unknown = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
  const call = { method: request.method ?? "", path, body };
  scripted.calls.push(call);
  const failure = scripted.fails(call);
  if (failure === "cut") return void request.socket.destroy();
  if (path === "/event") {
    lines.add(response);
    response.writeHead(200, { "content-type": "text/event-stream" });
    return void response.write(`data: ${JSON.stringify({ type: "server.connected", properties: {} })}\n\n`);
  }
  const [status, value] = failure === undefined ? valueOf(scripted, call) : [failure, { message: `said ${failure}` }];
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function valueOf({ messages, permissions, status }: Scripted, { method, path }: Call): [status: number, value: unknown] {
  const message = /^\/session\/ses_1\/message\/(\w+)$/.exec(path)?.[1];
  if (message !== undefined) {
    const at = messages.findIndex(({ info }) => info.id === message);
    // As the real one: it lets go of what it does not have, too.
    if (method === "DELETE") return [200, at < 0 || messages.splice(at, 1).length > 0];
    return at < 0 ? [404, { message: "no such message" }] : [200, messages[at]];
  }
  if (method !== "GET") return [200, true];
  const known: Record<string, unknown> = {
    "/session/ses_1": { id: THREAD, directory: "/" },
    "/session/ses_1/message": messages,
    "/session/ses_1/children": [],
    "/session/status": status === "idle" ? {} : { [THREAD]: { type: status } },
    "/permission": permissions,
    "/question": [],
  };
  return [200, known[path] ?? {}];
}
