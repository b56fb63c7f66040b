/**
 * An agent that speaks ACP. It has a record of its own that survives it: what it ran is the truth of a schedule. It can die at any moment, and its
 * host with it.
 */
import { AppError } from "@hapi/protocol";
import type { SimHost, SimProcess } from "./host.ts";
import type { Program, ProgramMaker, ProgramStart } from "./program.ts";
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

export interface AcpOptions {
  time: VirtualTime;
  chance: Chance;
  record: AgentRecord;
  /** How often a turn asks for permission, and fails. */
  asks: number;
  fails: number;
  /** Planted: it takes prompts and never begins with one. */
  swallowsPrompts: boolean;
  isCalm(): boolean;
}

type Json = Record<string, unknown>;

interface AcpProgram extends Program {
  steer(prompt: Steered, told: (taken: boolean) => void): void;
}

const isAcp = (program: Program): program is AcpProgram => "steer" in program;

/** Into the running turn; false: none takes it. For one session process, like a host's control; rejects when the agent ends before it answers. */
export function steerAcp(
  host: SimHost,
  prompt: Steered,
  { life, time, chance }: { life: Life; time: VirtualTime; chance: Chance },
): Promise<boolean> {
  const running: SimProcess | undefined = host.running;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const hears = (answer: () => void): void => {
    if (life.alive) answer();
  };
  const gone = (): void => hears(() => reject(new AppError("agent_exited")));
  // What a killed process had put into the socket arrives, or does not.
  const arrives = chance.is(0.5);
  time.after(chance.between(0, 3), () => {
    if (!running || running.isGone || !isAcp(running.program)) return gone();
    if (life.alive || arrives)
      running.program.steer(prompt, (taken) => time.after(chance.between(0, 3), () => hears(() => resolve(taken))));
  });
  void running?.exited.then(gone);
  return promise;
}

export const acpProgram =
  (options: AcpOptions): ProgramMaker =>
  (start) =>
    createAgent(start, options);

/** Says what it says in the order of time; a permission holds it until it is answered. */
function createAgent({ launchId, host: number, isGone, ...process }: ProgramStart, options: AcpOptions): AcpProgram {
  const { time, chance, record } = options;
  const write = (message: Json): void => process.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const leave = (): void => void time.after(chance.between(0, 20), () => process.exit({ code: 0, signal: null }));
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
    closeInput: leave,
    signal: leave,
    gone: () => undefined,
    hear(text: string): void {
      const message = JSON.parse(text) as Json;
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
