/**
 * The world of one contract test: a host in memory, a ledger in memory that keeps only what was made durable, and everything the driver said.
 * `reopen` is what a killed session process leaves behind: another conversation object over the same host and the same durable facts.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, delay, ignore, systemClock } from "@hapi/platform/lean";
import type { AgentEvent, AgentFailure, StreamDelta } from "@hapi/protocol";
import { createMemoryHost, type MemoryHost } from "@hapi/testkit";
import type {
  AgentDriver,
  AgentRequest,
  Conversation,
  DriverContext,
  DriverEvent,
  DriverMemory,
  RequestAnswer,
  StartOptions,
} from "../driver.ts";

export interface DriverFixture {
  /** Shown in test names. */
  name: string;
  driver: AgentDriver;
  /** Of the real program: what its suite shows stands in docs/agents-matrix.md. */
  version?: string;
  /** Ready for one test: environment of the agent (its own HOME), directory to work in. `dispose` ends what it started. */
  prepare(folder: string): Promise<{ env: Record<string, string>; cwd: string; dispose?: () => Promise<void> }>;
  /** Words that make this agent do something; the defaults are the directives of the scripted model server and of the demo agent. */
  prompts?: Partial<typeof PROMPTS>;
  /** The agent's memory of what the person said, as text, asked in whatever way this agent has. Default: the prompt `recall`. */
  recall?(world: World): Promise<string>;
  /** What the model was last asked to think with, as the model's side saw it. Absent: nobody can look. */
  effort?(): string | undefined;
  /** Things this agent can't do: instead of the test of it runs what shows that. */
  cannot?: Partial<Record<Ability, Lack>>;
  /** After its death it goes on from what its record holds of the turn: what was asked then is asked again by some agents only. */
  goesOn?: true;
  /** How the turn of `failOnce` fails. Default: overloaded. */
  failure?: Partial<AgentFailure>;
  /**
   * What the agent's output shows when a turn is over; an agent that says nothing there is waited for in another way. Default: ACP's `stopReason`.
   */
  saidAll?: string | ((world: World) => Promise<void>);
  /** Of the session. Default: the system's. */
  clock?: Clock;
  /** For one wait. Default 10 s. */
  timeoutMs?: number;
}

export interface Lack {
  reason: string;
  /** In a world that has just started; throws where the agent can do it after all. */
  shows(world: World): Promise<void>;
}

export type Ability = "question" | "plan" | "todo" | "forSession" | "denyReason" | "kill" | "model" | "effort" | "thought";

export const PROMPTS = {
  say: "say: The quick brown fox jumps over the lazy dog, twice a day and once at night.",
  think: "think: I wonder about this\nsay: Wondered.",
  write: "write a.txt: hello",
  writeAgain: "write b.txt: again",
  slow: "slow 40 25",
  slower: "slow 400 50",
  failOnce: "fail 529 x1",
  todo: "todo: +one,*two,three",
  ask: "ask: Which colour?|Green|Blue",
  plan: "plan: First this, then that",
};

type RecordEvent = Extract<DriverEvent, { type: "record" }>;

export interface World {
  readonly host: MemoryHost;
  readonly conversation: Conversation;
  /** Everything said, in all lives. */
  readonly events: readonly DriverEvent[];
  /** Records without repetitions, as the hub would keep them. */
  records(): AgentEvent[];
  keys(): string[];
  stages(localId: string): string[];
  start(options?: Partial<StartOptions>): Promise<void>;
  prompt(text: string, localId?: string): Promise<string>;
  /** Waits for an event, also one said before; `after` counts events. */
  until<T extends DriverEvent>(find: (event: DriverEvent) => event is T, after?: number): Promise<T>;
  untilEnd(localId: string): Promise<Extract<AgentEvent, { type: "turn-ended" }>>;
  request(after?: number): Promise<AgentRequest>;
  answer(request: AgentRequest, answer: RequestAnswer): Promise<void>;
  /** Drops the conversation as `kill -9` would; `adopt` is up to the test. */
  reopen(): Promise<void>;
  recall(): Promise<string>;
  /** Text of an item as a viewer that applied every delta would show it. */
  shown(itemId: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Nobody reads the log, and there is room for every record. */
const QUIET = {
  log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
  room: () => Promise.resolve(),
} as const;

export async function openWorld(fixture: DriverFixture): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "hapi-contract-"));
  const prepared = await fixture.prepare(folder);
  const host = createMemoryHost();
  const events: DriverEvent[] = [];
  const store = new Map<string, string>();
  let notify = Promise.withResolvers<void>();
  let life = 0;
  let prompts = 0;

  const memory: DriverMemory = {
    get: <T>(key: string) => (store.has(key) ? (JSON.parse(store.get(key) ?? "null") as T) : undefined),
    commit(values) {
      keep(values);
      return Promise.resolve();
    },
  };
  const keep = (values: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined || value === null) store.delete(key);
      else store.set(key, JSON.stringify(value));
    }
  };
  const open = (): Conversation => {
    const mine = ++life;
    const mineOnly = (values: Record<string, unknown>) => (mine === life ? memory.commit(values) : Promise.resolve());
    const context: DriverContext = {
      sessionId: "contract-session",
      cwd: prepared.cwd,
      env: prepared.env,
      host,
      memory: { get: memory.get, commit: mineOnly },
      clock: fixture.clock ?? systemClock,
      sessionDir: folder,
      hookCommand: ["false"],
      hookEnv: {},
      ...QUIET,
      emit(event) {
        if (mine !== life) return;
        events.push(structuredClone(event));
        if (event.type === "record" && event.checkpoint) keep(event.checkpoint);
        notify.resolve();
        notify = Promise.withResolvers();
      },
    };
    return fixture.driver.open(context);
  };

  let conversation = open();
  const timeoutMs = fixture.timeoutMs ?? 10_000;
  const all = () => {
    const byKey = new Map<string, RecordEvent>();
    for (const event of events) if (event.type === "record" && !byKey.has(event.key)) byKey.set(event.key, event);
    return byKey;
  };
  const until = async <T extends DriverEvent>(find: (event: DriverEvent) => event is T, after = 0): Promise<T> => {
    const stop = new AbortController();
    const late = delay(timeoutMs, { signal: stop.signal }).then(() => {
      throw new Error(`waited in vain; last events:\n${tail(events)}`);
    });
    try {
      for (;;) {
        const found = events.slice(after).find(find);
        if (found) return found;
        await Promise.race([notify.promise, late]);
      }
    } finally {
      stop.abort();
      ignore(late, "the wait is over");
    }
  };

  const world: World = {
    host,
    get conversation() {
      return conversation;
    },
    events,
    records: () => [...all().values()].map((record) => record.event),
    keys: () => [...all().keys()],
    stages: (localId) => events.flatMap((event) => (event.type === "stage" && event.localId === localId ? [event.stage] : [])),
    async start(options = {}) {
      await conversation.start({ front: "remote", args: [], ...options });
    },
    async prompt(text, localId = `local-${++prompts}`) {
      await conversation.prompt({ localId, text, attachments: [] });
      return localId;
    },
    until,
    async untilEnd(localId) {
      const isEnd = (event: DriverEvent): event is RecordEvent =>
        event.type === "record" && event.event.type === "turn-ended" && (event.event.localIds ?? []).includes(localId);
      const seen = events.filter(isEnd).length;
      const last = seen > 0 ? events.findLast(isEnd) : await until(isEnd);
      if (last?.event.type !== "turn-ended") throw new Error("unreachable");
      return last.event;
    },
    async request(after = 0) {
      const found = await until((event): event is Extract<DriverEvent, { type: "request" }> => event.type === "request", after);
      return found.request;
    },
    async answer(request, answer) {
      const result = await conversation.answer(request.id, answer);
      if (result === "gone") throw new Error(`the answer was ${result}`);
    },
    async reopen() {
      const old = conversation;
      conversation = open();
      await old[Symbol.asyncDispose]();
    },
    async recall() {
      if (fixture.recall) return fixture.recall(world);
      const localId = await world.prompt("recall");
      await world.untilEnd(localId);
      return world.records().findLast((event) => event.type === "agent-message")?.text ?? "";
    },
    shown(itemId) {
      let text = "";
      const deltas = events.flatMap((event): StreamDelta[] =>
        event.type === "stream" && event.delta.itemId === itemId ? [event.delta] : [],
      );
      for (const { offset, delta } of deltas)
        if (offset <= text.length) text = text.slice(0, offset) + delta + text.slice(offset + delta.length);
      return text;
    },
    async [Symbol.asyncDispose]() {
      await conversation[Symbol.asyncDispose]();
      await host.close();
      await prepared.dispose?.();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

const tail = (events: readonly DriverEvent[]) =>
  events
    .slice(-15)
    .map((event) => JSON.stringify(event).slice(0, 300))
    .join("\n");

export const isRecord =
  <K extends AgentEvent["type"]>(type: K) =>
  (event: DriverEvent): event is RecordEvent & { event: Extract<AgentEvent, { type: K }> } =>
    event.type === "record" && event.event.type === type;

export const isStream = (event: DriverEvent): event is Extract<DriverEvent, { type: "stream" }> =>
  event.type === "stream" && event.delta.delta !== "";
export const isClosed = (event: DriverEvent): event is Extract<DriverEvent, { type: "request-closed" }> => event.type === "request-closed";
export const isExited = (event: DriverEvent): event is Extract<DriverEvent, { type: "exited" }> => event.type === "exited";
