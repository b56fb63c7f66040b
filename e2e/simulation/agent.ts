/**
 * An agent that speaks ACP, under a host, both in memory. The agent has a record of its own that survives it (what it ran is the truth of a
 * schedule); the host keeps its output in a ring and drops a write it has seen. Both can die at any moment.
 */
import { RingGapError, type Chunk, type ExitStatus, type HostControl, type HostProcess } from "@hapi/host";
import { AppError } from "@hapi/protocol";
import type { Chance } from "./random.ts";
import type { Life, VirtualTime } from "./time.ts";

/** The agent's own durable record, and what only the world knows of it. */
export interface AgentRecord {
  readonly prompts: { promptId: string; text: string }[];
  /** Texts as they were written to the host, in order. Those of a host that died may never have been read. */
  readonly said: { text: string; host: number }[];
  /** Answers that reached the agent, by its request. */
  readonly answers: Map<string, string[]>;
  /** Prompts that a running turn took, by the driver's name of that turn. */
  readonly into: Map<string, string[]>;
}

/** A prompt that goes into a turn. */
export interface Steered {
  promptId: string;
  text: string;
}

export function newRecord(): AgentRecord {
  return { prompts: [], said: [], answers: new Map(), into: new Map() };
}

/** One host's life. */
export interface SimHost {
  readonly number: number;
  readonly alive: boolean;
  /** The port as one session process has it; a killed one has none. */
  control(life: Life): HostControl;
  killAgent(): boolean;
  /** Into the running turn; false: none takes it. For one session process, like `control`; rejects when the agent ends before it answers. */
  steer(prompt: Steered, life: Life): Promise<boolean>;
  die(): void;
  readonly ended: boolean;
}

export interface SimHostOptions {
  sessionId: string;
  number: number;
  time: VirtualTime;
  chance: Chance;
  record: AgentRecord;
  /** How often a turn asks for permission, and fails. */
  asks: number;
  fails: number;
  /** Planted. */
  forgetsInputs: boolean;
  /** Planted: it takes prompts and never begins with one. */
  swallowsPrompts: boolean;
  isCalm(): boolean;
}

type Json = Record<string, unknown>;

export function createSimHost(options: SimHostOptions): SimHost {
  const { sessionId, number, time, chance } = options;
  const processes = new Map<string, SimProcess>();
  let alive = true;
  let ended = false;

  function control(life: Life): HostControl {
    const reachable = (): boolean => alive && life.alive;
    const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
    const facades = new Map<string, HostProcess>();
    const facade = (process: SimProcess): HostProcess => {
      const known = facades.get(process.launchId);
      if (known) return known;
      const exited = new Promise<ExitStatus>((resolve) => void process.exited.then((exit) => life.alive && resolve(exit)));
      const made: HostProcess = {
        launchId: process.launchId,
        kind: "pipe",
        pid: process.pid,
        startedAt: 0,
        exited,
        read: (stream, from, signal) => process.read(stream, from, signal, life),
        release: (stream, offset) => {
          if (reachable() && stream === "out") process.release(offset);
        },
        async write(bytes, inputId) {
          if (!reachable()) return never();
          const text = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);
          // What a killed process had put into the socket arrives, or does not.
          const arrives = chance.is(0.5);
          await new Promise<void>((resolve) =>
            time.after(chance.between(0, 3), () => {
              if (alive && (life.alive || arrives)) process.input(text, inputId);
              resolve();
            }),
          );
          if (!reachable()) return never();
          await life.wait(chance.between(0, 3));
          if (process.isGone) throw new AppError("agent_exited", "The program has ended");
        },
        lastInputId: async () => {
          if (!reachable()) return never();
          await life.wait(chance.between(0, 3));
          if (!reachable()) return never();
          return options.forgetsInputs ? 0 : process.lastInput;
        },
        closeInput: () => (reachable() ? Promise.resolve(process.closeInput()) : never()),
        resize: () => Promise.resolve(),
        signal: () => (reachable() ? Promise.resolve(process.closeInput()) : never()),
      };
      facades.set(process.launchId, made);
      return made;
    };
    return {
      sessionId,
      hostPid: 10_000 + number,
      async spawn(spec) {
        if (!reachable()) return never();
        await life.wait(chance.between(0, 5));
        if (!reachable()) return never();
        const known = processes.get(spec.launchId);
        if (known) return facade(known);
        const started = createProcess(spec.launchId, 20_000 + number * 100 + processes.size, options);
        processes.set(spec.launchId, started);
        return facade(started);
      },
      processes: () => (reachable() ? [...processes.values()].map(facade) : []),
      process(launchId) {
        const found = processes.get(launchId);
        return found && reachable() ? facade(found) : undefined;
      },
      setDisplay: () => Promise.resolve(),
      draw: () => Promise.resolve(),
      viewers: () => [],
      on: () => () => undefined,
      shutdown() {
        if (!reachable()) return never();
        ended = true;
        for (const process of processes.values()) process.die("SIGKILL");
        alive = false;
        return Promise.resolve();
      },
    };
  }

  return {
    number,
    get alive() {
      return alive;
    },
    get ended() {
      return ended;
    },
    control,
    killAgent() {
      const running = [...processes.values()].find((process) => !process.isGone);
      running?.die("SIGKILL");
      return running !== undefined;
    },
    steer(prompt, life) {
      const running = [...processes.values()].find((process) => !process.isGone);
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      const hears = (answer: () => void): void => {
        if (life.alive) answer();
      };
      const gone = (): void => hears(() => reject(new AppError("agent_exited")));
      // What a killed process had put into the socket arrives, or does not.
      const arrives = chance.is(0.5);
      time.after(chance.between(0, 3), () => {
        if (!running || running.isGone) return gone();
        if (life.alive || arrives) running.steer(prompt, (taken) => time.after(chance.between(0, 3), () => hears(() => resolve(taken))));
      });
      void running?.exited.then(gone);
      return promise;
    },
    die() {
      if (!alive) return;
      for (const process of processes.values()) process.die("SIGKILL");
      alive = false;
    },
  };
}

interface SimProcess {
  readonly launchId: string;
  readonly pid: number;
  readonly isGone: boolean;
  readonly exited: Promise<ExitStatus>;
  readonly lastInput: number;
  read(stream: "out" | "err", from: number, signal: AbortSignal | undefined, reader: Life): AsyncIterable<Chunk>;
  release(offset: number): void;
  input(text: string, inputId: number | undefined): void;
  steer(prompt: Steered, answered: (taken: boolean) => void): void;
  closeInput(): void;
  die(signal: string | null): void;
}

function createProcess(launchId: string, pid: number, options: SimHostOptions): SimProcess {
  const { time, chance } = options;
  const exit = Promise.withResolvers<ExitStatus>();
  let ring = Buffer.alloc(0);
  let oldest = 0;
  let lastInput = 0;
  let gone = false;
  let changed = Promise.withResolvers<void>();
  const change = (): void => {
    time.touch();
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const write = (message: Json): void => {
    if (gone) return;
    ring = Buffer.concat([ring, Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)]);
    change();
  };
  const agent = createAgent(launchId, write, () => gone, options);
  const die = (signal: string | null): void => {
    if (gone) return;
    gone = true;
    change();
    exit.resolve({ code: signal ? null : 0, signal });
  };

  return {
    launchId,
    pid,
    get isGone() {
      return gone;
    },
    get lastInput() {
      return lastInput;
    },
    exited: exit.promise,
    async *read(stream, from, signal, reader) {
      for (let at = from; !signal?.aborted;) {
        if (!reader.alive) return void (await new Promise(() => undefined));
        if (stream === "out" && at < oldest) throw new RingGapError(oldest);
        const end = oldest + ring.length;
        if (stream === "out" && at < end) {
          const bytes = ring.subarray(at - oldest, (chance.is(0.1) ? Math.min(end, at + chance.between(1, 400)) : end) - oldest);
          yield { offset: at, bytes: Uint8Array.from(bytes) };
          at += bytes.length;
        } else if (gone) return;
        else await changed.promise;
      }
    },
    release(offset) {
      if (offset <= oldest) return;
      ring = ring.subarray(offset - oldest);
      oldest = offset;
    },
    input(text, inputId) {
      if (gone || (inputId !== undefined && inputId <= lastInput && !options.forgetsInputs)) return;
      lastInput = inputId ?? lastInput;
      agent.hear(JSON.parse(text) as Json);
    },
    steer: agent.steer,
    closeInput: () => void time.after(chance.between(0, 20), () => die(null)),
    die,
  };
}

/** Says what it says in the order of time; a permission holds it until it is answered. */
function createAgent(launchId: string, write: (message: Json) => void, isGone: () => boolean, options: SimHostOptions) {
  const { time, chance, record, number } = options;
  let turn: { id: unknown; thread: string; canceled: boolean; isOpen: boolean; steered: string[] } | null = null;
  let asked = 0;
  const waiting = new Map<number, () => void>();

  const later = (run: () => void): void =>
    void time.after(chance.is(0.1) ? chance.between(100, 1_500) : chance.between(0, 30), () => {
      if (!isGone()) run();
    });
  const pause = (): Promise<void> => new Promise((resolve) => later(resolve));
  const update = (thread: string, one: Json): void => write({ method: "session/update", params: { sessionId: thread, update: one } });

  async function say(thread: string, text: string): Promise<void> {
    const middle = chance.between(1, text.length - 1);
    const truth = { text: "", host: number };
    record.said.push(truth);
    for (const piece of chance.is(0.5) ? [text] : [text.slice(0, middle), text.slice(middle)]) {
      if (truth.text !== "") await pause();
      truth.text += piece;
      update(thread, { sessionUpdate: "agent_message_chunk", content: { type: "text", text: piece } });
    }
  }

  async function ask(thread: string, toolCallId: string): Promise<void> {
    const id = asked++;
    const name = `${number}.${thread}.${toolCallId}`;
    const answered = new Promise<void>((resolve) => waiting.set(id, resolve));
    record.answers.set(name, []);
    names.set(id, name);
    write({
      id,
      method: "session/request_permission",
      params: {
        sessionId: thread,
        toolCall: { toolCallId, title: "rm", kind: "execute", rawInput: { command: "rm" } },
        options: [
          { optionId: "once", name: "Allow", kind: "allow_once" },
          { optionId: "no", name: "Reject", kind: "reject_once" },
        ],
      },
    });
    await answered;
  }
  const names = new Map<number, string>();

  async function perform(mine: NonNullable<typeof turn>, text: string): Promise<void> {
    const { thread, id } = mine;
    const turnNumber = record.prompts.length;
    // It thinks first: the prompt is written down, and nobody can see that yet.
    await new Promise<void>((resolve) => time.after(chance.between(0, 600), () => isGone() || resolve()));
    const steps = chance.between(1, 2);
    for (let step = 1; (step <= steps || mine.steered.length > 0) && !mine.canceled; step++) {
      const to = step <= steps ? text : mine.steered.shift();
      await say(thread, `r${turnNumber}.${step} to ${to}`);
      await pause();
      if (mine.canceled) break;
      const toolCallId = `tool-${turnNumber}-${step}`;
      update(thread, {
        sessionUpdate: "tool_call",
        toolCallId,
        title: "rm",
        kind: "execute",
        status: "pending",
        rawInput: { command: "rm" },
      });
      if (chance.is(options.asks)) await ask(thread, toolCallId);
      if (mine.canceled) break;
      await pause();
      update(thread, { sessionUpdate: "tool_call_update", toolCallId, status: "completed" });
    }
    mine.isOpen = false;
    await pause();
    turn = null;
    if (mine.canceled) return write({ id, result: { stopReason: "cancelled" } });
    if (chance.is(options.fails) && !options.isCalm())
      return write({ id, error: { code: -32603, message: "overloaded", data: { httpStatus: 529 } } });
    write({ id, result: { stopReason: "end_turn" } });
  }

  function prompted(id: unknown, params: Json): void {
    if (turn) return write({ id, error: { code: -32600, message: "a turn is already running" } });
    const mine = { id, thread: String(params["sessionId"]), canceled: false, isOpen: false, steered: [] };
    turn = mine;
    const text = ((params["prompt"] as { text?: string }[]) ?? []).map((block) => block.text ?? "").join("");
    const promptId = String((params["_meta"] as Json | undefined)?.["hapi.promptId"] ?? "");
    // Received, and not written down yet: killed here, the record does not know it.
    later(() => {
      record.prompts.push({ promptId, text });
      mine.isOpen = true;
      void perform(mine, text);
    });
  }

  function answered(id: unknown, result: unknown): void {
    const name = typeof id === "number" ? names.get(id) : undefined;
    if (typeof id !== "number" || name === undefined) return;
    record.answers.get(name)?.push(JSON.stringify(result));
    waiting.get(id)?.();
    waiting.delete(id);
  }

  return {
    /** Answered when it is written down. */
    steer(prompt: Steered, told: (taken: boolean) => void): void {
      later(() => {
        if (!turn?.isOpen || turn.canceled) return told(false);
        const name = `${launchId}:turn:${String(turn.id)}`;
        record.prompts.push(prompt);
        record.into.set(name, [...(record.into.get(name) ?? []), prompt.promptId]);
        turn.steered.push(prompt.text);
        told(true);
      });
    },
    hear(message: Json): void {
      const { id, method, params } = message;
      const reply = (result: Json): void => later(() => write({ id, result }));
      if (method === "initialize") return reply({ protocolVersion: 1, agentCapabilities: { loadSession: true } });
      if (method === "session/new") return reply({ sessionId: "thread-1" });
      if (method === "session/load") return reply({});
      if (method === "session/prompt") return options.swallowsPrompts ? undefined : prompted(id, params as Json);
      if (method === "session/cancel") {
        if (turn) turn.canceled = true;
        return;
      }
      if (method === undefined) return answered(id, message["result"]);
      reply({});
    },
  };
}
