/** A session process that begins on an app server that runs already; the server, its screen and what it answers are the test's. */
import { createManualClock, type ManualClock } from "@hapi/testkit";
import type { DriverContext, DriverEvent } from "../driver.ts";
import { fields } from "../shared/read.ts";
import { scriptedProcess, type ScriptedProcess } from "../shared/scripted-process.case.ts";
import { CodexConversation } from "./conversation.ts";
import type { OpenWire, WireEvents } from "./link.ts";
import { LAUNCH_KEY } from "./server.ts";
import { type CodexState, newState, STATE_KEY } from "./state.ts";

const LAUNCH = "codex-1-a";
const SCREEN = "codex-terminal-1-a";
export const THREAD = "thread-1";

export interface Asked {
  id: number;
  method: string;
  params: Record<string, unknown>;
}

export interface Scripted {
  conversation: CodexConversation;
  clock: ManualClock;
  events: DriverEvent[];
  server: ScriptedProcess;
  screen: ScriptedProcess;
  asked: Asked[];
  /** What the log was warned of. */
  warnings: string[];
  /** Answers to what the server asked. */
  replies: unknown[];
  /** What a request is answered; undefined: never. */
  answers: Record<string, (params: Record<string, unknown>) => object | undefined>;
  /** Of the session's backlog; absent: there is room always, and what is said is told at once. */
  room?: () => Promise<void>;
  /** Of the connection that is open, or was last. */
  wire: WireEvents;
  /** The server says something of its own accord. */
  say(method: string, params: object, id?: number): void;
  /** Resolves once this holds; looked at whenever something was asked, told or written down. */
  until(holds: () => boolean): Promise<void>;
  kept(): CodexState;
}

const usual = (): Scripted["answers"] => ({
  initialize: () => ({ result: { userAgent: "hapi/0.171.0 (x)" } }),
  "thread/resume": () => ({ result: { model: "m", thread: { id: THREAD, status: { type: "idle" } } } }),
  "thread/turns/list": () => ({ result: { data: [], nextCursor: null } }),
  "thread/items/list": () => ({ result: { data: [], nextCursor: null } }),
  "thread/loaded/list": () => ({ result: { data: [THREAD] } }),
  "model/list": () => ({ result: { data: [] } }),
});

/** `kept`: what an earlier session process wrote down beside its state. */
export function openScripted(state: Partial<CodexState> = {}, kept: Record<string, unknown> = {}): Scripted {
  let changed = Promise.withResolvers<void>();
  const change = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const events: DriverEvent[] = [];
  const settings = { model: "m" } as CodexState["settings"];
  const store = new Map<string, unknown>([
    [STATE_KEY, { ...newState(LAUNCH, THREAD, settings), ...state }],
    [LAUNCH_KEY, { id: LAUNCH, count: 1, socket: "/s", args: [], ready: true }],
    ["codex.terminal", { id: SCREEN, count: 1 }],
    ...Object.entries(kept),
  ]);
  const keep = (values: object) => Object.entries(values).forEach(([key, value]) => store.set(key, structuredClone(value)));
  const [server, screen] = [scriptedProcess(LAUNCH, "pipe"), scriptedProcess(SCREEN, "pty")];
  const clock = createManualClock(1_000);
  const context = {
    clock,
    log: { debug: () => undefined, info: () => undefined, warn: (word: string) => void scripted.warnings.push(word) },
    host: { processes: () => [server, screen], process: (id: string) => [server, screen].find(({ launchId }) => launchId === id) },
    memory: {
      get: (key: string) => structuredClone(store.get(key)),
      async commit(values: object) {
        keep(values);
        change();
      },
    },
    get room() {
      return scripted.room;
    },
    emit(event: DriverEvent) {
      events.push(structuredClone(event));
      if (event.type === "record" && event.checkpoint) keep(event.checkpoint);
      change();
    },
  } as unknown as DriverContext;
  const open: OpenWire = (_, wire) => {
    scripted.wire = wire;
    const send = (text: string) => {
      const said = fields(JSON.parse(text));
      if ("result" in said) return void (scripted.replies.push(said["result"]), change());
      if (typeof said["method"] !== "string" || typeof said["id"] !== "number") return;
      const { id, method } = said as unknown as Asked;
      const params = fields(said["params"]);
      scripted.asked.push({ id, method, params });
      const answer = scripted.answers[method]?.(params);
      if (answer) wire.message(JSON.stringify({ id, ...answer }));
      change();
    };
    return Promise.resolve({ send, close: () => wire.closed() });
  };
  const scripted: Scripted = {
    conversation: new CodexConversation(context, open),
    clock,
    events,
    server,
    screen,
    asked: [],
    replies: [],
    warnings: [],
    answers: usual(),
    wire: { message: () => undefined, closed: () => undefined },
    say: (method, params, id) => scripted.wire.message(JSON.stringify({ method, params, ...(id === undefined ? {} : { id }) })),
    async until(holds) {
      while (!holds()) await changed.promise;
    },
    kept: () => structuredClone(store.get(STATE_KEY)) as CodexState,
  };
  return scripted;
}
