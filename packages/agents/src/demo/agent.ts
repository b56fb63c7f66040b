/**
 * The demo agent: a deterministic agent that speaks ACP v1 on stdio, so that the product can be tried and tested without any account. Its
 * memory is its own record on disk (record.ts); a process can be killed at any point and the conversation loaded by another.
 */
import { shortText } from "@hapi/core";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import {
  agent,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  RequestError,
  type ContentBlock,
  type PromptRequest,
  type PromptResponse,
} from "@agentclientprotocol/sdk";
import { systemClock, type Clock } from "@hapi/platform/lean";
import {
  createRecord,
  type LastTurn,
  lastTurnOf,
  MAX_RECORD_BYTES,
  openRecord,
  PROMPT_ID,
  replayOf,
  RETRY,
  settingsOf,
  type DemoRecord,
} from "./record.ts";
import { openScratch, type Scratch } from "./scratch.ts";
import type { TurnContext } from "./context.ts";
import { ModelError } from "./errors.ts";
import { INITIAL, MODELS, MODES } from "./offer.ts";
import { facts, parseSetModel, setModel, setOption } from "./options.ts";
import { keepRequest, modelRequest } from "./request.ts";
import { performTurn } from "./turn.ts";

export interface DemoAgentOptions {
  clock?: Clock;
  /** Where conversations and scratch folders live. */
  dir: string;
  /** Delays are divided by this; 0: no delays. Default 1. */
  speed?: number;
  newId?: () => string;
  /** Keeps what the model is asked, one line of JSON per request. */
  requests?: string | undefined;
  exit?: (code: number) => void;
}

interface DemoSession {
  id: string;
  record: DemoRecord;
  scratch: Scratch;
  running: AbortController | null;
}

const DEMO_VERSION = "1.0.0";

/** Serves one client until its input ends. */
export async function runDemoAgent(
  stdin: ReadableStream<Uint8Array>,
  stdout: WritableStream<Uint8Array>,
  options: DemoAgentOptions,
): Promise<void> {
  const sessions = new Map<string, DemoSession>();
  const clock = options.clock ?? systemClock;
  const newId = options.newId ?? (() => `demo-${randomUUID()}`);
  const scratchOf = (id: string) => openScratch(join(options.dir, "scratch", id));
  let canAsk = false;

  const known = (id: string): DemoSession => {
    const session = sessions.get(id);
    if (!session) throw RequestError.resourceNotFound(id);
    return session;
  };

  const app = agent({ name: "hapi-demo" })
    .onRequest(methods.agent.initialize, ({ params }) => {
      canAsk = Boolean(params.clientCapabilities?.elicitation?.form);
      return {
        protocolVersion: PROTOCOL_VERSION,
        agentInfo: { name: "hapi-demo", title: "Demo agent", version: DEMO_VERSION },
        agentCapabilities: { loadSession: true, promptCapabilities: { image: true }, sessionCapabilities: { close: {} } },
        authMethods: [],
      };
    })
    .onRequest(methods.agent.session.new, ({ params }) => {
      const id = newId();
      const record = createRecord(options.dir, { t: "session", v: 1, id, cwd: params.cwd, at: clock.now() });
      sessions.set(id, { id, record, scratch: scratchOf(id), running: null });
      return { sessionId: id, ...facts(record) };
    })
    .onRequest(methods.agent.session.load, async ({ params, client }) => {
      const id = params.sessionId;
      const record = sessions.get(id)?.record ?? openRecord(options.dir, id);
      if (!record) throw RequestError.resourceNotFound(id);
      for (const update of replayOf(record.lines)) await client.notify(methods.client.session.update, { sessionId: id, update });
      if (!sessions.has(id)) sessions.set(id, { id, record, scratch: scratchOf(id), running: null });
      return facts(record);
    })
    .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
      const session = known(params.sessionId);
      if (session.running) throw RequestError.invalidRequest(undefined, "a turn is already running");
      const running = new AbortController();
      session.running = running;
      try {
        const { record, scratch } = session;
        const breakOff = () => leave(stdout, options.exit);
        const context = {
          sessionId: session.id,
          record,
          scratch,
          client,
          clock,
          speed: options.speed ?? 1,
          requests: options.requests,
          canAsk,
          signal: running.signal,
          breakOff,
        };
        return await answer(context, params, clock);
      } finally {
        session.running = null;
      }
    })
    .onNotification(methods.agent.session.cancel, ({ params }) => sessions.get(params.sessionId)?.running?.abort())
    .onRequest(methods.agent.session.setMode, ({ params }) => {
      const mode = MODES.find((candidate) => candidate.id === params.modeId);
      if (!mode) throw RequestError.invalidParams(undefined, `unknown mode ${params.modeId}`);
      known(params.sessionId).record.append({ t: "set", mode: mode.id });
    })
    .onRequest(methods.agent.session.setConfigOption, ({ params }) => {
      const { record } = known(params.sessionId);
      setOption(record, params.configId, params.value);
      return { configOptions: facts(record).configOptions };
    })
    .onRequest("session/set_model", parseSetModel, ({ params }) => {
      setModel(known(params.sessionId).record, params.modelId);
      return {};
    })
    .onRequest(methods.agent.session.close, ({ params }) => {
      const session = known(params.sessionId);
      session.running?.abort();
      session.record.close();
      sessions.delete(session.id);
    });

  const connection = app.connect(ndJsonStream(stdout, stdin));
  await connection.closed;
  for (const session of sessions.values()) session.running?.abort();
}

/** The same on this process's own stdio: `hapi demo acp`. Where it keeps things: `HAPI_DEMO_DIR`, or under the XDG state folder. */
export async function serveDemoOnStdio(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const stdin = Readable.toWeb(process.stdin) as unknown as ReadableStream<Uint8Array>;
  const stdout = Writable.toWeb(process.stdout) as WritableStream<Uint8Array>;
  await runDemoAgent(stdin, stdout, {
    dir: demoDir(env),
    speed: demoSpeed(env),
    requests: env["HAPI_DEMO_REQUESTS"],
    exit: (code) => process.exit(code),
  });
}

export function demoDir(env: Readonly<Record<string, string | undefined>>): string {
  const state = env["XDG_STATE_HOME"] || join(env["HOME"] || "/tmp", ".local", "state");
  return env["HAPI_DEMO_DIR"] || join(state, "hapi-demo");
}

export function demoSpeed(env: Readonly<Record<string, string | undefined>>): number {
  const speed = Number(env["HAPI_DEMO_SPEED"] ?? "1");
  return Number.isFinite(speed) && speed >= 0 ? speed : 1;
}

async function answer(context: TurnContext, params: PromptRequest, clock: Clock): Promise<PromptResponse> {
  const { record } = context;
  if (record.sizeBytes > MAX_RECORD_BYTES) throw RequestError.invalidRequest(undefined, "this conversation is full; start a new one");
  const prompt = readPrompt(params.prompt);
  const promptId = params._meta?.[PROMPT_ID];
  const last = lastTurnOf(record.lines);
  const again = params._meta?.[RETRY] === true;

  if (again && !canRetry(last)) throw RequestError.invalidRequest(undefined, "there is nothing to retry");
  // The same prompt handed a second time is answered, not run again.
  if (!again && typeof promptId === "string" && last?.promptId === promptId && typeof last.state === "object")
    return { stopReason: last.state.stopReason };

  if (again) record.append({ t: "retry", at: clock.now() });
  else
    record.append({
      t: "user",
      text: prompt.text,
      ...(prompt.before === "" ? {} : { before: prompt.before }),
      images: prompt.images.length,
      ...(typeof promptId === "string" ? { promptId } : {}),
      at: clock.now(),
    });
  if (!last) await nameConversation(context, prompt.text);
  try {
    const request = modelRequest(record.lines);
    keepRequest(context.requests, context.sessionId, request, clock.now());
    const stopReason = await performTurn(context, request, again ? [] : prompt.images);
    record.append({ t: "end", stopReason, at: clock.now() });
    return await withUsage(context, stopReason);
  } catch (cause) {
    const status = cause instanceof ModelError ? cause.status : 500;
    record.append({ t: "fail", status, message: cause instanceof Error ? cause.message : "failed", at: clock.now() });
    throw cause;
  }
}

/** Failed, stopped, or broken off with the process. */
function canRetry(last: LastTurn | null): boolean {
  return last !== null && (typeof last.state !== "object" || last.state.stopReason === "cancelled");
}

/** The first words of the person are the title. */
async function nameConversation({ client, record, sessionId }: TurnContext, text: string): Promise<void> {
  const title = shortText(text.trim().split("\n", 1)[0] ?? "", 60);
  if (!title) return;
  const update = { sessionUpdate: "session_info_update" as const, title };
  record.append({ t: "update", update });
  await client.notify(methods.client.session.update, { sessionId, update });
}

/** Four characters are one token: enough for a gauge that moves. */
async function withUsage(context: TurnContext, stopReason: PromptResponse["stopReason"]): Promise<PromptResponse> {
  const { lines } = context.record;
  const model = settingsOf(lines, INITIAL).model;
  const used = Math.ceil(context.record.sizeBytes / 4);
  const size = MODELS.find((candidate) => candidate.id === model)?.contextTokens ?? MODELS[0].contextTokens;
  const turnStart = lines.findLastIndex((line) => line.t === "user" || line.t === "retry");
  const output = Math.ceil(JSON.stringify(lines.slice(turnStart + 1)).length / 4);
  const { sessionId } = context;
  await context.client.notify(methods.client.session.update, { sessionId, update: { sessionUpdate: "usage_update", used, size } });
  const tokens = { input_tokens: Math.max(0, used - output), output_tokens: output };
  return { stopReason, _meta: { quota: { token_count: tokens, model_usage: [{ model, token_count: tokens }] } } };
}

/** The words of the person are the last text; what a client tells the agent besides stands before it. */
function readPrompt(blocks: readonly ContentBlock[]): { text: string; before: string; images: string[] } {
  const words = blocks.findLastIndex((block) => block.type === "text");
  const before = blocks.slice(0, Math.max(0, words)).flatMap((block) => (block.type === "text" ? [block.text] : []));
  const own = blocks.filter((block, index) => index >= words || block.type !== "text");
  const text = own.flatMap((block) => (block.type === "text" ? [block.text] : block.type === "resource_link" ? [block.uri] : []));
  const images = blocks.flatMap((block) => (block.type === "image" ? [`${block.mimeType}, ${sizeOf(block.data)}`] : []));
  return { text: text.join("\n"), before: before.join("\n"), images };
}

function sizeOf(base64: string): string {
  const bytes = Math.floor((base64.length * 3) / 4);
  return bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KB`;
}

/** Gone in the middle of a sentence, as a crashed agent is. What was written before still arrives. */
async function leave(stdout: WritableStream<Uint8Array>, exit: ((code: number) => void) | undefined): Promise<never> {
  if (!exit) await stdout.abort("the demo agent was asked to break");
  exit?.(7);
  return new Promise<never>(() => undefined);
}
