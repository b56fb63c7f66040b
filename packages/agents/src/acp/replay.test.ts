/**
 * Kill -9 of the session process, at every point of a turn, any number of times: what is told in the end is what is told without a crash,
 * with the same keys. Simulated: the host's ring is there, the driver's memory holds what was made durable, everything else is gone.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Chunk, HostControl, HostProcess } from "@hapi/host";
import { systemClock } from "@hapi/platform/lean";
import { createMemoryHost } from "@hapi/testkit";
import type { Conversation, DriverEvent } from "../driver.ts";
import { createAcpDriver } from "./driver.ts";
import { permissionOptions, THREAD } from "./scripted.case.ts";

const update = (one: Record<string, unknown>) => ({ method: "session/update", params: { sessionId: THREAD, update: one } });
const chunk = (kind: string, text: string) => update({ sessionUpdate: kind, content: { type: "text", text } });
const tool = (id: string, more: Record<string, unknown>) => update({ sessionUpdate: "tool_call_update", toolCallId: id, ...more });
const ask = (id: number, toolCallId: string) => ({
  id,
  method: "session/request_permission",
  params: {
    sessionId: THREAD,
    toolCall: { toolCallId, title: "rm", kind: "execute", rawInput: { command: "rm" } },
    options: permissionOptions,
  },
});

/** The second part comes after the permission is answered. */
const before = [
  chunk("agent_thought_chunk", "let me "),
  chunk("agent_thought_chunk", "think"),
  chunk("agent_message_chunk", "I will "),
  chunk("agent_message_chunk", "begin."),
  update({ sessionUpdate: "tool_call", toolCallId: "a", title: "ls", kind: "execute", status: "pending", rawInput: {} }),
  tool("a", { rawInput: { command: "ls" }, status: "in_progress" }),
  tool("a", { content: [{ type: "content", content: { type: "text", text: "x" } }] }),
  update({ sessionUpdate: "plan", entries: [{ content: "one", priority: "high", status: "pending" }] }),
  tool("a", { status: "completed" }),
  ask(0, "b"),
];
const after = [
  tool("b", { status: "completed", rawOutput: "gone" }),
  chunk("agent_message_chunk", "Done "),
  chunk("agent_message_chunk", "with it."),
  update({ sessionUpdate: "usage_update", used: 10, size: 100, cost: { amount: 0.5, currency: "USD" } }),
];

interface Told {
  records: [string, string][];
  requests: string[];
  answers: number;
}

/** Runs one turn; each number of `crashes` is how many events and commits that life lives through. */
async function run(crashes: readonly number[]): Promise<Told> {
  const chunks: Chunk[] = [];
  const store = new Map<string, string>();
  const records = new Map<string, string>();
  const requests: string[] = [];
  const sent: { id: number; line: Record<string, unknown> }[] = [];
  let length = 0;
  let answered = 0;
  let lastInput = -1;
  let changed = Promise.withResolvers<void>();
  const change = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const say = (message: object) => {
    const bytes = new TextEncoder().encode(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    chunks.push({ offset: length, bytes });
    length += bytes.length;
    change();
  };
  let launchId = "";
  const process: HostProcess = {
    get launchId() {
      return launchId;
    },
    kind: "pipe",
    pid: 1,
    startedAt: 0,
    async *read(stream, from, signal) {
      for (let at = from; stream === "out" && !signal?.aborted;) {
        const found = chunks.find((one) => one.offset + one.bytes.length > at);
        if (found) {
          yield { offset: at, bytes: found.bytes.subarray(at - found.offset) };
          at = found.offset + found.bytes.length;
        } else await changed.promise;
      }
    },
    release: () => undefined,
    write(bytes, inputId = -1) {
      if (inputId > lastInput) {
        lastInput = inputId;
        const line = JSON.parse(String(bytes)) as Record<string, unknown>;
        sent.push({ id: inputId, line });
        reactTo(line);
      }
      return Promise.resolve();
    },
    lastInputId: () => Promise.resolve(lastInput),
    closeInput: () => Promise.resolve(),
    resize: () => Promise.resolve(),
    signal: () => Promise.resolve(),
    exited: new Promise(() => undefined),
  };
  let promptId: unknown;
  const reactTo = (line: Record<string, unknown>) => {
    if (line["method"] === "initialize") say({ id: line["id"], result: {} });
    if (line["method"] === "session/new") say({ id: line["id"], result: { sessionId: THREAD } });
    if (line["method"] === "session/prompt") {
      promptId = line["id"];
      for (const message of before) say(message);
    }
    if (line["id"] !== 0 || !("result" in line)) return;
    answered++;
    for (const message of after) say(message);
    say({ id: promptId, result: { stopReason: "end_turn" } });
  };
  const host: HostControl = {
    ...createMemoryHost(),
    spawn(spec) {
      launchId = spec.launchId;
      return Promise.resolve(process);
    },
    processes: () => [],
    process: (id) => (id === launchId ? process : undefined),
  };

  const done = Promise.withResolvers<void>();
  let life = 0;
  let conversation: Conversation;
  const driver = createAcpDriver({ flavor: "scripted", displayName: "Scripted", command: () => ["scripted"] });
  const keep = (values: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(values)) store.set(key, JSON.stringify(value));
  };
  const open = (mayTell: number) => {
    const mine = ++life;
    let told = 0;
    const isAlive = () => mine === life;
    const quiet = () => undefined;
    const emit = (event: DriverEvent) => {
      if (!isAlive()) return;
      if (told++ >= mayTell) return crash();
      if (event.type === "record") {
        // What the session's outbox does: the event and its checkpoint together, a repeated key only once.
        if (!records.has(event.key)) records.set(event.key, JSON.stringify(event.event));
        if (event.checkpoint) keep(event.checkpoint);
        if (event.event.type === "turn-ended") done.resolve();
      }
      if (event.type !== "request") return;
      requests.push(event.request.id);
      const answerer = conversation;
      queueMicrotask(() => isAlive() && void answerer.answer(event.request.id, { behavior: "allow" }));
    };
    const commit = (values: Record<string, unknown>) => {
      // The fsync of a killed process never comes back.
      if (!isAlive()) return new Promise<void>(() => undefined);
      keep(values);
      // Durable, and killed before anything came of it.
      if (told++ === mayTell) crash();
      return isAlive() ? Promise.resolve() : new Promise<void>(() => undefined);
    };
    const get = <T>(key: string) => (store.has(key) ? (JSON.parse(store.get(key) ?? "null") as T) : undefined);
    return driver.open({
      sessionId: "s",
      cwd: "/work",
      env: {},
      host,
      memory: { get, commit },
      clock: { ...systemClock, now: () => 1_000 },
      sessionDir: "/work",
      hookCommand: [],
      hookEnv: {},
      log: { debug: quiet, info: quiet, warn: quiet },
      emit,
    });
  };
  const left = [...crashes];
  const crash = () => {
    const old = conversation;
    conversation = open(left.shift() ?? Number.POSITIVE_INFINITY);
    const next = conversation;
    void old[Symbol.asyncDispose]();
    void next.adopt();
  };

  conversation = open(Number.POSITIVE_INFINITY);
  await conversation.start({ front: "remote", args: [] });
  // The prompt is told in the first life; then it may be killed.
  await conversation.prompt({ localId: "p", text: "go", attachments: [] });
  crash();
  await done.promise;
  return { records: [...records], requests: [...new Set(requests)], answers: answered };
}

test("whatever the crash points, the same records with the same keys, one answer, nothing lost", async () => {
  const whole = await run([]);
  expect(whole.records.map(([, event]) => (JSON.parse(event) as { type: string }).type)).toEqual([
    "user-message",
    "turn-started",
    "thought",
    "agent-message",
    "tool-call",
    "plan",
    "tool-result",
    "tool-call",
    "tool-result",
    "agent-message",
    "usage",
    "turn-ended",
  ]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 8 }), async (crashes) => {
      const told = await run(crashes);
      expect(told.records.map(([, event]) => event)).toEqual(whole.records.map(([, event]) => event));
      expect(told.answers).toBe(1);
      expect(told.requests).toHaveLength(1);
    }),
    { numRuns: 300 },
  );
});
