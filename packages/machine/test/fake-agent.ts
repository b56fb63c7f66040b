/**
 * An agent in memory behind the driver port. It outlives the conversations opened on it, as a real one outlives a session process: it remembers
 * prompts, open requests and what was said, and a new conversation adopts it.
 */
import { readFileSync } from "node:fs";
import type {
  AgentDriver,
  AgentRequest,
  Conversation,
  DriverContext,
  DriverEvent,
  DriverPrompt,
  Front,
  OwnTerminal,
  RequestAnswer,
  StartOptions,
} from "@hapi/agents";
import type { AgentCapabilities, AgentEvent, AgentFailure, ErrorCode } from "@hapi/protocol";
import { AppError } from "@hapi/protocol";

export interface FakeAgent {
  readonly driver: AgentDriver;
  readonly capabilities: AgentCapabilities;
  /** In the order they ran. */
  readonly ran: string[];
  /** Paths that came along with prompts. */
  readonly attached: string[];
  /** The text of an earlier conversation, each time a prompt came with one. */
  readonly told: { localId: string; text: string }[];
  readonly starts: StartOptions[];
  /** What a person's change asked of it, newest last. */
  readonly settings: readonly string[];
  readonly answers: { id: string; answer: RequestAnswer }[];
  readonly front: Front | null;
  /** Alive at the same time, at most. */
  readonly most: number;
  /** The host has begun its own screen, before there is a session process. */
  begunByHost(): void;
  /** The person types into the agent's own screen. */
  typed(text: string): void;
  say(text: string): void;
  ask(request: Partial<AgentRequest> & { id: string }): void;
  /** The request is over. */
  goOn(id: string, outcome: "approved" | "denied" | "canceled", by?: "remote" | "terminal" | "agent", certain?: false): void;
  finish(failure?: AgentFailure): void;
  /** What goes on beside its turns, until its process ends. */
  background(labels: readonly string[]): void;
  /** Reads something from its record a second time, under the key it had. */
  repeat(key: string, event: AgentEvent): void;
  /** Of `control: "shared"`: its own screen is there. */
  readonly hasTerminal: boolean;
  /** Its own screen ends, and nothing else does. */
  closeTerminal(exit: { code: number; expected: boolean }): void;
  /** The process ends by itself. `untold`: its turn is shown as interrupted, but until this resolves it is not told that the process is gone. */
  die(exit: { code?: number | null; signal?: string | null; failure?: AgentFailure }, untold?: Promise<void>): void;
  /** What the next `prompt` does. */
  onPrompt: "run" | "wait" | "hang" | "reject" | "reject-absent";
  /** Begins with what it was given while `onPrompt` was `wait`. */
  takeUp(): void;
  /** What it was given while `onPrompt` was `wait`, it has no more. */
  takeBack(localId: string): void;
  /** It takes prompts back when this resolves. */
  beforeWithdrawal: Promise<void> | null;
  /** It starts when this resolves. */
  beforeStart: Promise<void> | null;
  /** Its own screen was spawned, and is not known to be there yet. */
  whileOpening: (() => void) | null;
  /** It was adopted, and the session is not begun yet. */
  whileAdopted: (() => void) | null;
  /** Its own screen is left: words that were there alone. */
  unsent(words: { queued?: string[]; entered?: string | null; line?: string | null }): void;
  /** Says something of itself. */
  tell(event: Extract<DriverEvent, { type: "mode" | "model" | "effort" | "thread" | "thinking" | "record" }>): void;
  /** On its own screen, with no request. */
  dialog(open: { about: string; since: number } | null): void;
  failStarts: number;
  /** Of its own screen beside a shared thread. */
  failTerminals: number;
  failStops: number;
  /** What it asks has to be answered with words. */
  wantsAnswers: boolean;
  /** It reads nothing any more: Stop gets no answer. */
  frozen: boolean;
  /** With this code. */
  failsWith: ErrorCode;
  installed: boolean;
}

/** What a driver finds in the agent's record, and not only hears. */
const IN_RECORD = new Set<DriverEvent["type"]>(["record", "stage", "thinking", "mode", "model", "effort"]);

export function createFakeAgent(options: { control?: AgentCapabilities["control"]; steer?: boolean; effort?: boolean } = {}): FakeAgent {
  const capabilities: AgentCapabilities = {
    control: options.control ?? "switch",
    permissionModes: ["default", "yolo"],
    models: [{ id: "large", name: "Large" }],
    setModel: true,
    setEffort: options.effort ?? false,
    setPermissionMode: true,
    steer: options.steer ?? false,
    fork: true,
  };
  const ran: string[] = [];
  const attached: string[] = [];
  const told: FakeAgent["told"] = [];
  const starts: StartOptions[] = [];
  const settings: string[] = [];
  const answers: { id: string; answer: RequestAnswer }[] = [];
  const record = new Map<string, "handed" | "present">();
  const requests = new Map<string, AgentRequest>();
  const untouched: DriverPrompt[] = [];
  let front: Front | null = null;
  let terminal: string | null = null;
  let terminals = 0;
  let alive = 0;
  let most = 0;
  let turn: string | null = null;
  let turnBefore: string | null = null;
  let retryWaits = false;
  let items = 0;
  let ending: Promise<void> = Promise.resolve();
  let context: DriverContext | null = null;
  /** What it said, in order; `at`: behind so many items of its record. */
  let said: { at: number; event: DriverEvent; isHeard: boolean }[] = [];

  function emit(event: DriverEvent): void {
    said.push({ at: event.type === "record" ? items : items + 0.5, event, isHeard: context !== null });
    context?.emit(event);
  }

  /** As a driver does that begins behind the last item it has read for good: what only stands in the record is told once more. */
  function readOn(mine: DriverContext): void {
    const read = mine.memory.get<number>("read") ?? 0;
    const left = said.filter(({ at, event, isHeard }) => at > read && (!isHeard || IN_RECORD.has(event.type)));
    said = left.map((one) => ({ ...one, isHeard: true }));
    for (const { event } of left) mine.emit(event);
  }

  function put(event: AgentEvent): void {
    emit({ type: "record", key: `k-${event.id}`, event, checkpoint: { read: ++items } });
  }

  function begin(localId: string, text: string, origin: "remote" | "terminal"): void {
    turn = localId;
    ran.push(text);
    if (origin === "remote") record.set(localId, "present");
    emit({ type: "thinking", thinking: true });
    put({ type: "user-message", id: `u-${localId}`, text, origin, localId: origin === "remote" ? localId : undefined });
    if (origin === "remote") {
      emit({ type: "stage", localId, stage: "in-transcript" });
      emit({ type: "stage", localId, stage: "started" });
    }
  }

  function background(labels: readonly string[]): void {
    emit({ type: "background", work: labels.map((label) => ({ id: label, kind: "shell", label })) });
  }

  function over({ code = null, signal = null, failure }: Parameters<FakeAgent["die"]>[0]): void {
    const was = front;
    if (was === null) return;
    front = null;
    alive--;
    turnBefore = turn ?? turnBefore;
    turn = null;
    retryWaits = false;
    requests.clear();
    // What it had in memory only never was.
    for (const { localId } of untouched.splice(0)) record.delete(localId);
    background([]);
    if (terminal !== null) closeTerminal({ code: 1, expected: true });
    emit({ type: "exited", front: was, code, signal, expected: false, failure });
  }

  function closeTerminal({ code, expected }: { code: number; expected: boolean }): void {
    terminal = null;
    emit({ type: "terminal-closed", code, signal: null, expected });
  }

  function takeBack(localId: string): void {
    record.delete(localId);
    const at = untouched.findIndex((prompt) => prompt.localId === localId);
    if (at >= 0) untouched.splice(at, 1);
  }

  const agent: FakeAgent = {
    capabilities,
    ran,
    attached,
    told,
    starts,
    settings,
    answers,
    onPrompt: "run",
    beforeWithdrawal: null,
    beforeStart: null,
    whileOpening: null,
    whileAdopted: null,
    failStarts: 0,
    failTerminals: 0,
    failStops: 0,
    frozen: false,
    failsWith: "agent_exited",
    wantsAnswers: false,
    installed: true,
    get front() {
      return front;
    },
    get most() {
      return most;
    },
    takeUp() {
      for (const prompt of untouched.splice(0)) begin(prompt.localId, prompt.text, "remote");
      if (!retryWaits) return;
      retryWaits = false;
      turn = turnBefore;
      emit({ type: "thinking", thinking: true });
    },
    get hasTerminal() {
      return terminal !== null;
    },
    closeTerminal,
    takeBack,
    tell: emit,
    dialog: (open) => emit({ type: "dialog", dialog: open }),
    unsent: ({ queued = [], entered, line }) => emit({ type: "unsent", queued, entered, line }),
    begunByHost() {
      if (front !== null) throw new Error("two agents on one thread");
      said = [];
      alive++;
      most = Math.max(most, alive);
      front = "local";
    },
    typed: (text) => begin(`typed-${ran.length}`, text, "terminal"),
    say: (text) => put({ type: "agent-message", id: `a-${items + 1}`, text }),
    ask(request) {
      const full: AgentRequest = { kind: "permission", tool: "Bash", input: { command: "ls" }, title: "Run ls", ...request };
      requests.set(full.id, full);
      emit({ type: "request", request: full });
    },
    goOn(id, outcome, by = "remote", certain) {
      requests.delete(id);
      emit({ type: "request-closed", id, outcome, by, ...(certain === false ? { certain } : {}) });
    },
    finish(failure) {
      if (turn === null) return;
      const localId = turn;
      turn = null;
      turnBefore = localId;
      put({ type: "turn-ended", id: `e-${localId}-${items}`, outcome: failure ? "failed" : "completed", failure, localIds: [localId] });
      emit({ type: "stage", localId, stage: failure ? "failed" : "done", failure });
      emit({ type: "thinking", thinking: false });
    },
    background,
    repeat: (key, event) => context?.emit({ type: "record", key, event }),
    die(exit, untold) {
      if (front === null) return;
      if (!untold) return over(exit);
      if (turn !== null) emit({ type: "stage", localId: turn, stage: "interrupted" });
      ending = untold.then(() => over(exit));
    },
    driver: {
      flavor: "fake",
      displayName: "Fake",
      environment: [],
      capabilities,
      detect: async () =>
        agent.installed
          ? { available: true, command: ["fake"] }
          : { available: false, command: [], reason: "not_found", hint: "Install Fake with `npm i -g fake`" },
      open,
    },
  };

  const terminalOf = (mine: DriverContext): OwnTerminal => ({
    get isOpen() {
      return terminal !== null;
    },
    async open({ prefill }) {
      if (front === null) throw new Error("a screen without an agent");
      if (agent.failTerminals-- > 0) throw new AppError("spawn_failed", "Its screen would not open");
      terminal = `screen-${++terminals}`;
      await mine.host.spawn({ launchId: terminal, kind: "pty", argv: ["cat"], cwd: "/", env: {} });
      agent.whileOpening?.();
      return { prefilled: prefill !== undefined };
    },
    async close() {
      if (terminal !== null) closeTerminal({ code: 0, expected: true });
    },
  });

  function open(mine: DriverContext): Conversation {
    context = mine;
    return {
      async start(start) {
        starts.push(start);
        if (!agent.installed) throw new AppError("agent_not_installed");
        if (agent.failStarts > 0) {
          agent.failStarts--;
          throw new AppError(agent.failsWith, "It would not start");
        }
        if (front !== null) throw new Error("two agents on one thread");
        if (agent.beforeStart) await agent.beforeStart;
        alive++;
        most = Math.max(most, alive);
        front = start.front;
        if (start.front === "local")
          await mine.host.spawn({ launchId: `tui-${starts.length}`, kind: "pty", argv: ["cat"], cwd: "/", env: {} });
        mine.emit({ type: "thread", threadId: start.threadId ?? "thread-1" });
        mine.emit({ type: "facts", tools: ["Bash"], slashCommands: ["/help"], version: "1.0" });
        await mine.memory.commit({ thread: start.threadId ?? "thread-1" });
        const prefilled = start.front === "local" && start.prefill !== undefined;
        return { how: start.threadId === undefined ? "new" : start.fork ? "fork" : "resume", prefilled };
      },
      async adopt() {
        if (front === null) return null;
        readOn(mine);
        for (const request of requests.values()) mine.emit({ type: "request", request });
        if (agent.whileAdopted) setImmediate(agent.whileAdopted);
        return front;
      },
      async prompt(prompt) {
        attached.push(...prompt.attachments.map(({ path }) => path));
        if (prompt.earlier !== undefined) told.push({ localId: prompt.localId, text: readFileSync(prompt.earlier, "utf8") });
        if (agent.onPrompt === "reject-absent") throw new AppError("agent_exited", "It went away");
        record.set(prompt.localId, "handed");
        if (agent.onPrompt === "reject") throw new AppError("agent_exited", "It went away");
        if (agent.onPrompt === "wait") untouched.push(prompt);
        else if (agent.onPrompt === "run") setImmediate(() => begin(prompt.localId, prompt.text, "remote"));
        else turn = prompt.localId;
      },
      async withdraw(localId) {
        if (agent.beforeWithdrawal) await agent.beforeWithdrawal;
        if (record.get(localId) !== "handed") return "consumed";
        takeBack(localId);
        return "removed";
      },
      lookup: async (localId) => (record.has(localId) ? "present" : "absent"),
      async retry() {
        const last = ran.findLast((text) => !text.startsWith("retry "));
        if (last === undefined) throw new AppError("retry_unavailable");
        if (front !== "remote") throw new AppError("agent_away");
        ran.push(`retry ${last}`);
        retryWaits = agent.onPrompt === "wait";
        if (retryWaits) return;
        turn = turnBefore;
        setImmediate(() => mine.emit({ type: "thinking", thinking: true }));
      },
      async withdrawRetry() {
        if (agent.beforeWithdrawal) await agent.beforeWithdrawal;
        if (!retryWaits) return turn === null ? "none" : "consumed";
        retryWaits = false;
        ran.pop();
        return "removed";
      },
      async answer(id, answer) {
        if (!requests.has(id)) return "gone";
        if (agent.wantsAnswers && answer.behavior === "allow" && answer.answers === undefined)
          throw new AppError("invalid_body", "It needs an answer");
        answers.push({ id, answer });
        return "applied";
      },
      async interrupt() {
        if (agent.frozen) throw new AppError("timeout", "The agent does not answer");
        for (const { localId } of untouched.splice(0)) {
          record.delete(localId);
          mine.emit({ type: "stage", localId, stage: "interrupted" });
        }
        if (turn === null) return;
        const localId = turn;
        turn = null;
        mine.emit({ type: "stage", localId, stage: "interrupted" });
        mine.emit({ type: "thinking", thinking: false });
      },
      async setPermissionMode(mode) {
        settings.push(mode);
        mine.emit({ type: "mode", mode });
      },
      async setModel(model) {
        settings.push(model ?? "default");
        mine.emit({ type: "model", model });
      },
      async setEffort(effort) {
        settings.push(`effort ${effort ?? "default"}`);
        mine.emit({ type: "effort", effort });
      },
      listModels: async () => [{ id: "large", name: "Large" }],
      onHook: async (payload) => ({ seen: payload }),
      get busy() {
        return turn !== null;
      },
      get front() {
        return front;
      },
      ...(capabilities.control === "shared" ? { terminal: terminalOf(mine) } : {}),
      get threadId() {
        return mine.memory.get<string>("thread") ?? null;
      },
      settled: () => ending,
      async stop() {
        if (front === null) return;
        if (agent.failStops > 0) {
          agent.failStops--;
          throw new AppError("timeout", "It would not go");
        }
        const was = front;
        front = null;
        alive--;
        for (const { localId } of untouched.splice(0)) record.delete(localId);
        if (turn !== null) {
          emit({ type: "stage", localId: turn, stage: "interrupted" });
          emit({ type: "thinking", thinking: false });
        }
        turn = null;
        background([]);
        if (terminal !== null) closeTerminal({ code: 0, expected: true });
        emit({ type: "exited", front: was, code: 0, signal: null, expected: true });
      },
      async [Symbol.asyncDispose]() {
        if (context === mine) context = null;
      },
    };
  }
  return agent;
}
