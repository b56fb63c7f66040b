/**
 * For the driver's own tests: an agent that says exactly what the test tells it, line by line, behind the HostControl port. For dialects of
 * real agents and for what no well-behaved agent does.
 */
import { isRecord } from "@hapi/core";
import { RingGapError, type Chunk, type HostControl, type HostProcess } from "@hapi/host";
import { systemClock } from "@hapi/platform/lean";
import { createMemoryHost } from "@hapi/testkit";
import type { AgentEvent } from "@hapi/protocol";
import type { Conversation, DriverEvent, DriverMemory } from "../driver.ts";
import { createAcpDriver } from "./driver.ts";
import type { AcpProfile } from "./profile.ts";

export interface Written {
  id?: number | string;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: unknown;
}

export interface ScriptedAgent {
  readonly conversation: Conversation;
  readonly events: DriverEvent[];
  readonly written: Written[];
  records(): AgentEvent[];
  say(message: unknown): void;
  raw(text: string): void;
  update(update: Record<string, unknown>): void;
  /** The request that the driver sent last with this method; waits for it. */
  sent(method: string): Promise<Written>;
  /** The driver's answer to the agent's request. */
  answerTo(id: number | string): Promise<Written>;
  event<T extends DriverEvent["type"]>(type: T, count?: number): Promise<Extract<DriverEvent, { type: T }>>;
  begin(opened?: Record<string, unknown>, initialized?: Record<string, unknown>): Promise<void>;
  prompt(text: string): Promise<Written>;
  forgetBefore(offset: number): void;
  end(): void;
}

export const THREAD = "thread-1";

export function scriptAgent(profile: Partial<AcpProfile> = {}, options: { confirmed?: Promise<void> } = {}): ScriptedAgent {
  const chunks: Chunk[] = [];
  const written: Written[] = [];
  const events: DriverEvent[] = [];
  const store = new Map<string, unknown>();
  let length = 0;
  let oldest = 0;
  let over = false;
  let changed = Promise.withResolvers<void>();
  let prompts = 0;
  const change = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const wait = async <T>(find: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await changed.promise;
    }
  };
  const exit = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  const process: HostProcess = {
    launchId: "",
    kind: "pipe",
    pid: 1,
    startedAt: 0,
    async *read(stream, from) {
      for (let at = from; ;) {
        if (stream === "err") return;
        if (at < oldest) throw new RingGapError(oldest);
        const chunk = chunks.find((one) => one.offset >= at);
        if (chunk) {
          at = chunk.offset + chunk.bytes.length;
          yield chunk;
        } else if (over) return;
        else await changed.promise;
      }
    },
    release: () => undefined,
    write(bytes) {
      const line: unknown = JSON.parse(typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes));
      if (isRecord(line)) written.push(line as Written);
      change();
      return options.confirmed ?? Promise.resolve();
    },
    lastInputId: () => Promise.resolve(0),
    closeInput: () => Promise.resolve(agent.end()),
    resize: () => Promise.resolve(),
    signal: () => Promise.resolve(agent.end()),
    exited: exit.promise,
  };
  const host: HostControl = { ...createMemoryHost(), spawn: () => Promise.resolve(process), processes: () => [], process: () => undefined };
  const memory: DriverMemory = {
    get: <T>(key: string) => store.get(key) as T | undefined,
    commit(values) {
      for (const [key, value] of Object.entries(values)) store.set(key, structuredClone(value));
      return Promise.resolve();
    },
  };
  const quiet = () => undefined;
  const driver = createAcpDriver({ flavor: "scripted", displayName: "Scripted", command: () => ["scripted"], ...profile });
  const conversation = driver.open({
    sessionId: "s",
    cwd: "/work",
    env: {},
    host,
    memory,
    clock: { ...systemClock, now: () => 1_000 },
    sessionDir: "/work",
    hookCommand: [],
    hookEnv: {},
    log: { debug: quiet, info: quiet, warn: quiet },
    emit(event) {
      events.push(structuredClone(event));
      change();
    },
  });

  const agent: ScriptedAgent = {
    conversation,
    events,
    written,
    records: () => events.flatMap((event) => (event.type === "record" ? [event.event] : [])),
    raw(text) {
      const bytes = new TextEncoder().encode(text);
      chunks.push({ offset: length, bytes });
      length += bytes.length;
      change();
    },
    say: (message) => agent.raw(`${JSON.stringify({ jsonrpc: "2.0", ...(message as object) })}\n`),
    update: (update) => agent.say({ method: "session/update", params: { sessionId: THREAD, update } }),
    sent: (method) => wait(() => written.findLast((line) => line.method === method)),
    answerTo: (id) => wait(() => written.find((line) => line.id === id && line.method === undefined)),
    event: <T extends DriverEvent["type"]>(type: T, count = 1) =>
      wait(() => events.filter((event): event is Extract<DriverEvent, { type: T }> => event.type === type)[count - 1]),
    async begin(opened = {}, initialized = {}) {
      const starting = conversation.start({ front: "remote", args: [] });
      agent.say({ id: (await agent.sent("initialize")).id, result: { protocolVersion: 1, ...initialized } });
      agent.say({ id: (await agent.sent("session/new")).id, result: { sessionId: THREAD, ...opened } });
      await starting;
    },
    async prompt(text) {
      await conversation.prompt({ localId: `p${++prompts}`, text, attachments: [] });
      return agent.sent("session/prompt");
    },
    forgetBefore(offset) {
      oldest = offset;
      while (chunks[0] && chunks[0].offset < offset) chunks.shift();
    },
    end() {
      over = true;
      exit.resolve({ code: 0, signal: null });
      change();
    },
  };
  return agent;
}

export const permissionOptions = [
  { optionId: "always", name: "Allow for this session", kind: "allow_always" },
  { optionId: "once", name: "Allow", kind: "allow_once" },
  { optionId: "no", name: "Reject", kind: "reject_once" },
];
