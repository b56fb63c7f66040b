/**
 * The line to one running ACP agent under the host: reads its output from an offset, pairs requests with answers, writes in order. Invariant:
 * what must not be lost or repeated is durable in `state` before it is written; input ids only grow, so the host drops a repeated write.
 */
import { RingGapError, type ExitStatus, type HostProcess } from "@hapi/host";
import { ignore, LATE, within } from "@hapi/platform/lean";
import { AppError, type AgentFailure, noticeWords } from "@hapi/protocol";
import type { DriverContext, DriverEvent } from "../driver.ts";
import { createLineReader, encodeRpc, type RpcError, type RpcId, type RpcLine } from "../shared/jsonrpc.ts";
import { fields, text } from "../shared/read.ts";
import { failedOtherwise, followLastWords, type LastWords } from "../shared/last-words.ts";
import { exitFailure } from "../shared/process-end.ts";
import { RpcFailure } from "./failure.ts";
import type { AcpProfile } from "./profile.ts";
import { findPrompt, withFate } from "./prompts.ts";
import { answerLost, answerSent, elicitationCompleted } from "./closings.ts";
import { openRequest } from "./requests.ts";
import type { AcpState, PendingAnswer, Translation } from "./state.ts";
import { processGone, turnAnswered, turnRejected } from "./turns.ts";
import { factUpdate, sessionUpdate } from "./updates.ts";
import { todosAre } from "./todos.ts";
import { isWithheld, unknownWord } from "./words.ts";

export const STATE_KEY = "acp";
/** Read without a checkpoint at most; well below the host's ring, in which the agent would have to wait. */
const CHECKPOINT_BYTES = 512 * 1024;

type RequestClosed = Extract<DriverEvent, { type: "request-closed" }>;

export interface LinkOptions {
  context: DriverContext;
  profile: AcpProfile;
  process: HostProcess;
  state: AcpState;
  /** False during the handshake: nothing is remembered yet. */
  durable: boolean;
}

export class AgentLink {
  readonly state: AcpState;
  readonly process: HostProcess;
  durable: boolean;
  /** `stop` asked for the end. */
  expected = false;
  /** The process is gone, everything it said was read and told. */
  readonly gone: Promise<ExitStatus>;

  readonly #context: DriverContext;
  readonly #to: Translation;
  readonly #detach = new AbortController();
  readonly #waiting = new Map<RpcId, { resolve: (value: unknown) => void; reject: (cause: unknown) => void }>();
  #loading: RpcId | null = null;
  #writes: Promise<unknown> = Promise.resolve();
  #events: DriverEvent[] = [];
  readonly #closings = new Map<string, ((closed: RequestClosed) => void)[]>();
  #checkpointed: number;
  readonly #lastWords: LastWords;
  #ended = false;

  constructor({ context, profile, process, state, durable }: LinkOptions) {
    this.#context = context;
    this.state = state;
    this.process = process;
    this.durable = durable;
    this.#checkpointed = state.offset;
    this.#to = { state, profile, log: context.log, now: () => context.clock.now(), emit: (event) => void this.#events.push(event) };
    this.#lastWords = followLastWords(process, this.#detach.signal);
    this.gone = this.#pump();
    this.gone.catch((cause: unknown) => context.log.warn("acp.reading_failed", { cause }));
  }

  get profile(): AcpProfile {
    return this.#to.profile;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Runs a change of the state and tells what comes of it; the last record carries the checkpoint. */
  change<T>(action: (to: Translation) => T): T {
    const result = action(this.#to);
    const events = this.#events;
    this.#events = [];
    const last = this.durable ? events.findLastIndex((event) => event.type === "record") : -1;
    for (const [index, event] of events.entries()) {
      if (event.type === "request-closed") this.#tellClosed(event);
      this.#context.emit(index === last && event.type === "record" ? { ...event, checkpoint: this.snapshot() } : event);
    }
    return result;
  }

  /** How a request ended, once it has. */
  closed(requestId: string): Promise<RequestClosed> {
    return new Promise((resolve) => this.#closings.set(requestId, [...(this.#closings.get(requestId) ?? []), resolve]));
  }

  snapshot(): Record<string, unknown> {
    return { [STATE_KEY]: structuredClone(this.state) };
  }

  #tellClosed(event: RequestClosed): void {
    for (const heard of this.#closings.get(event.id) ?? []) heard(event);
    this.#closings.delete(event.id);
  }

  async commit(more: Record<string, unknown> = {}): Promise<void> {
    await this.#context.memory.commit(this.durable ? { ...this.snapshot(), ...more } : more);
  }

  /** One write after the other, in the order of their input ids. */
  write<T>(action: (inputId: number) => Promise<T>): Promise<T> {
    const run = this.#writes.then(() => action(this.state.nextInput++));
    this.#writes = run.catch(() => undefined);
    return run;
  }

  async request(method: string, params: unknown, options: { timeoutMs: number; loading?: boolean }): Promise<unknown> {
    if (this.#ended) throw new AppError("agent_exited");
    let id = -1;
    const answer = this.write(async (inputId) => {
      id = inputId;
      if (options.loading) this.#loading = id;
      const waiting = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
      // The agent may end before the write is confirmed: nobody listens yet.
      ignore(waiting, "who asked hears of it");
      await this.process.write(encodeRpc.request(id, method, params), inputId).catch(async (cause: unknown) => {
        if (await failedOtherwise(this.process, this.#context.clock)) throw cause;
      });
      return { waiting };
    }).then(({ waiting }) => waiting);
    try {
      const said = await within(this.#context.clock, options.timeoutMs, answer);
      if (said === LATE) throw new AppError("timeout", `The agent did not answer "${method}" in time`);
      return said;
    } finally {
      this.#waiting.delete(id);
    }
  }

  notify(method: string, params: unknown): Promise<void> {
    return this.write((inputId) => this.process.write(encodeRpc.notification(method, params), inputId));
  }

  /** Answers a request of the agent, once; after a crash `resume` completes what was decided. `sent`: the agent has it. */
  reply(rpcId: RpcId, body: { result: unknown } | { error: RpcError }, sent: PendingAnswer["sent"]): Promise<"sent" | "gone"> {
    return this.write(async (inputId) => {
      const line = "result" in body ? encodeRpc.result(rpcId, body.result) : encodeRpc.error(rpcId, body.error);
      const answer: PendingAnswer = { inputId, line, sent };
      this.state.answers.push(answer);
      await this.commit();
      return this.#deliver(answer);
    });
  }

  /** After a restart: answers that the host has not written are written now, the others are only told. */
  async resume(lastInputId: number): Promise<void> {
    const decided = this.state.answers;
    for (const answer of decided) await this.#deliver(answer, answer.inputId <= lastInputId);
  }

  async #deliver(answer: PendingAnswer, isWritten = false): Promise<"sent" | "gone"> {
    const { sent } = answer;
    // Before the write: the agent may go on before that is confirmed.
    if (sent) this.change((to) => answerSent(to, sent));
    try {
      if (!isWritten) await this.process.write(answer.line, answer.inputId);
    } catch (cause) {
      this.#context.log.warn("acp.answer_not_written", { cause });
      if (sent) this.change((to) => answerLost(to, sent));
      return "gone";
    } finally {
      this.state.answers = this.state.answers.filter((other) => other.inputId !== answer.inputId);
    }
    return "sent";
  }

  /** Stops listening; the agent goes on under its host. */
  detach(): void {
    this.#detach.abort();
  }

  async #pump(): Promise<ExitStatus> {
    for (let done = false; !done;) done = await this.#read();
    const exit = await this.process.exited;
    if (this.#detach.signal.aborted) return exit;
    await this.#lastWords.read(this.#context.clock);
    this.#ended = true;
    const failure: AgentFailure | null = this.expected ? null : exitFailure("The agent", exit, this.#lastWords.said());
    for (const waiting of this.#waiting.values()) waiting.reject(new AppError("agent_exited", failure?.message));
    this.#waiting.clear();
    const lost = this.change((to) =>
      processGone(to, failure, (localId) => findPrompt(this.#context, to.profile, this.state.threadId, localId)),
    );
    if (this.durable) await this.commit(lost === null ? {} : withFate(this.#context.memory, lost, "lost"));
    const { code, signal } = exit;
    this.#context.emit({ type: "exited", front: "remote", code, signal, expected: this.expected, ...(failure ? { failure } : {}) });
    return exit;
  }

  /** Reads to the end of the stream; false when bytes were lost and reading goes on behind the gap. */
  async #read(): Promise<boolean> {
    const reader = createLineReader(this.state.offset);
    try {
      for await (const chunk of this.process.read("out", this.state.offset, this.#detach.signal)) {
        await this.#context.room?.();
        const before = this.state.turn;
        for (const line of reader.push(chunk)) this.#line(line);
        const received = chunk.offset + chunk.bytes.length;
        const turnEnded = before !== null && this.state.turn === null;
        if (turnEnded || received - this.#checkpointed > CHECKPOINT_BYTES) await this.#checkpoint(received);
      }
      return true;
    } catch (cause) {
      if (this.#detach.signal.aborted) return true;
      if (!(cause instanceof RingGapError)) throw cause;
      const lost = { from: this.state.offset, to: cause.oldest };
      this.#context.log.warn("acp.output_lost", lost);
      this.state.offset = cause.oldest;
      const id = `${this.state.launchId}:${lost.from}:lost`;
      const words = noticeWords("output_lost_not_read_in_time", { agent: this.#to.profile.displayName });
      this.change((to) => to.emit({ type: "record", key: id, event: { type: "notice", id, ...words, level: "warning" } }));
      return false;
    }
  }

  /** Only what is durable is given up in the ring; of a line longer than the step also its first part, or the agent could never end it. */
  async #checkpoint(received: number): Promise<void> {
    this.#checkpointed = received;
    if (!this.durable) return;
    await this.commit();
    this.process.release("out", received - this.state.offset > CHECKPOINT_BYTES ? received : this.state.offset);
  }

  #line({ start, end, message }: RpcLine): void {
    this.change((to) => {
      switch (message.type) {
        case "bad":
          this.#context.log.warn("acp.bad_line", { reason: message.reason, sample: message.sample });
          break;
        case "notification":
          if (message.method === "session/update") this.#update(to, fields(message.params), start);
          else this.#notified(to, message, start);
          break;
        case "request":
          this.#asked(to, message, start);
          break;
        case "result":
        case "error":
          this.#answered(to, message);
      }
      this.state.offset = end;
    });
  }

  #update(to: Translation, params: ReturnType<typeof fields>, start: number): void {
    const update = fields(params["update"]);
    // A conversation that is being loaded is history already.
    if (this.#loading !== null || !this.durable) return factUpdate(to, text(update["sessionUpdate"]) ?? "", update, start);
    if (params["sessionId"] === this.state.threadId) sessionUpdate(to, update, start);
  }

  #notified(to: Translation, raw: { method: string; params: unknown }, start: number): void {
    const word = raw.method;
    if (word === this.profile.todos?.method) todosAre(to, fields(raw.params), start);
    else if (word === "elicitation/complete") elicitationCompleted(to, fields(raw.params));
    else if (this.durable && !this.profile.ignores?.includes(word)) unknownWord(to, { place: "notification", word, raw, start });
  }

  #asked(to: Translation, { id, method, params }: { id: RpcId; method: string; params: unknown }, start: number): void {
    if (this.durable && openRequest(to, id, method, params)) return;
    if (method === this.profile.todos?.method) {
      todosAre(to, fields(params), start);
      return ignore(this.reply(id, { result: this.profile.todos.answer }, null), "a process that is gone needs no answer");
    }
    this.#context.log.warn("acp.request_refused", { method });
    // The protocol's one answer to what a client does not know; the agent goes on without it.
    if (this.durable && !isWithheld(method) && !this.profile.declines?.includes(method))
      unknownWord(to, { place: "request", word: method, raw: { method, params }, start });
    const error = { code: -32601, message: `"${method}" is not available in this client` };
    ignore(this.reply(id, { error }, null), "a process that is gone needs no answer");
  }

  #answered(to: Translation, message: Extract<RpcLine["message"], { type: "result" | "error" }>): void {
    const { turn } = this.state;
    if (turn && message.id === turn.rpcId) {
      if (message.type === "result") return turnAnswered(to, turn, message.result);
      return turnRejected(to, turn, message.error);
    }
    if (message.id === this.#loading) this.#loading = null;
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return this.#context.log.debug("acp.answer_to_nobody", { id: String(message.id) });
    if (message.type === "result") waiting.resolve(message.result);
    else waiting.reject(new RpcFailure(message.error));
  }
}
