/**
 * One conversation with an ACP agent. A prompt is confirmed by what stands in the host's ring; an answer is on disk before it is written; what
 * the agent said is told again, with the same keys, after this process was killed. ACP takes one prompt at a time: queueing is the session's.
 */
import { AppError, type ModelChoice } from "@hapi/protocol";
import type { Conversation, DriverContext, DriverEvent, DriverPrompt, Front, RequestAnswer, Started, StartOptions } from "../driver.ts";
import { LATE, within } from "@hapi/platform/lean";
import { encodeRpc } from "../shared/jsonrpc.ts";
import { fields } from "../shared/read.ts";
import { AgentLink, STATE_KEY } from "./agent-link.ts";
import { answerWords } from "./closings.ts";
import { META, type AcpProfile } from "./profile.ts";
import { fateOf, findPrompt, lastPrompt, promptBlocks, rememberPrompt, withFate } from "./prompts.ts";
import { replyTo } from "./requests.ts";
import { cancelTurn, denyAndStop } from "./stopping.ts";
import { setEffort, setMode, setModel } from "./settings.ts";
import { hasExited } from "../shared/process-end.ts";
import { endAgent, LAUNCH_KEY, startAgent, type Launch } from "./start.ts";
import type { AcpState } from "./state.ts";
import { processGone, turnHanded } from "./turns.ts";

/** To an agent whose history has the failed prompt already. */
const CONTINUE = "Continue";
/** How long an answer waits for a sign that the agent went on with it. */
const APPLIED_MS = 3_000;

export class AcpConversation implements Conversation {
  readonly #context: DriverContext;
  readonly #profile: AcpProfile;
  readonly #modes: readonly string[];
  #link: AgentLink | null = null;
  #starting = false;

  constructor(context: DriverContext, profile: AcpProfile, modes: readonly string[]) {
    this.#context = context;
    this.#profile = profile;
    this.#modes = modes;
  }

  get busy(): boolean {
    return this.#link?.ended === false && this.#link.state.turn !== null;
  }

  get front(): Front | null {
    return this.#link?.ended === false ? "remote" : null;
  }

  get unknownWords(): Readonly<Record<string, number>> {
    return this.#link?.state.unknown ?? this.#context.memory.get<AcpState>(STATE_KEY)?.unknown ?? {};
  }

  get threadId(): string | null {
    return this.#context.memory.get<AcpState>(STATE_KEY)?.threadId ?? null;
  }

  async start(options: StartOptions): Promise<Started> {
    if (options.front === "local") throw new AppError("not_supported", `${this.#profile.displayName} has no terminal front end`);
    if (options.fork) throw new AppError("not_supported", `${this.#profile.displayName} can't branch a conversation off`);
    if (this.#starting || (await this.#isRunning())) throw new AppError("session_active", "The agent is running already");
    this.#starting = true;
    try {
      this.#link = await startAgent(this.#context, this.#profile, options);
    } finally {
      this.#starting = false;
    }
    this.#introduce(this.#link);
    await this.#settle(this.#link, options);
    return { how: options.threadId === undefined ? "new" : "resume" };
  }

  /** What the person asked for stands; the agent's own beginning is only told where nothing was asked. */
  async #settle({ state: { mode } }: AgentLink, { permissionMode, model, effort }: StartOptions): Promise<void> {
    try {
      if (permissionMode !== undefined) await this.setPermissionMode(permissionMode);
      // A mode that HAPI has no word for may allow more than anybody chose (a model that decides what is safe): then it asks.
      else if (mode !== null && !this.#modes.includes(mode) && this.#modes.includes("default")) await this.setPermissionMode("default");
      else if (mode !== null) this.#context.emit({ type: "mode", mode });
      if (model) await this.setModel(model);
      if (effort) await this.setEffort(effort);
    } catch (cause) {
      // An agent that works in another mode than the person chose is worse than none.
      await this.stop({ graceMs: 0 });
      throw cause;
    }
  }

  /** Never two agents on one conversation: also one that this process has not adopted yet counts. */
  async #isRunning(): Promise<boolean> {
    if (this.front) return true;
    const ours = this.#context.host.processes().filter((process) => process.launchId.startsWith(`${this.#profile.flavor}-`));
    const exited = await Promise.all(ours.map(hasExited));
    return exited.includes(false);
  }

  async adopt(): Promise<Front | null> {
    const { host, memory } = this.#context;
    const launch = memory.get<Launch>(LAUNCH_KEY);
    const process = launch && host.process(launch.id);
    if (launch && !launch.ready) {
      // Killed in the handshake: nobody has spoken yet, so it can be started again from the beginning.
      if (process && !(await hasExited(process))) await endAgent(process, this.#context.clock, 0);
      return null;
    }
    const state = memory.get<AcpState>(STATE_KEY);
    if (!state) return null;
    if (!process) return this.#closeBooks(structuredClone(state));
    const wasGone = await hasExited(process);
    const link = await this.#attach(process, structuredClone(state));
    if (!wasGone) return "remote";
    await link.gone;
    return null;
  }

  async #attach(process: AgentLink["process"], state: AcpState): Promise<AgentLink> {
    const { memory } = this.#context;
    const last = await process.lastInputId();
    state.nextInput = Math.max(state.nextInput, last + 1);
    // Durable, but not written: the agent never saw it, and asking for it again is right.
    const unwritten = state.turn && state.turn.rpcId > last ? state.turn : null;
    if (unwritten) {
      state.turn = null;
      // The failed prompt of a retry was handed once before.
      const fate = unwritten.retry ? {} : withFate(memory, unwritten.localId, null);
      await memory.commit({ [STATE_KEY]: structuredClone(state), ...fate });
    }
    const link = new AgentLink({ context: this.#context, profile: this.#profile, process, state, durable: true });
    this.#link = link;
    this.#introduce(link);
    if (state.mode !== null) this.#context.emit({ type: "mode", mode: state.mode });
    link.change((to) => {
      const sent = (state.sent ?? []).map(({ open }) => open);
      for (const { request } of [...Object.values(state.requests), ...sent]) to.emit({ type: "request", request });
      if (state.turn?.handed === false) turnHanded(to);
      else to.emit({ type: "thinking", thinking: state.turn !== null });
    });
    await link.resume(last);
    return link;
  }

  /** The host is another one, so the agent is gone with whatever it was doing. */
  async #closeBooks(state: AcpState): Promise<null> {
    const context = this.#context;
    const profile = this.#profile;
    const failure = { code: "agent_exited" as const, message: "The agent ended together with its host", retryable: true };
    const to = { state, profile, log: context.log, now: () => context.clock.now(), emit: (event: DriverEvent) => context.emit(event) };
    const lost = processGone(to, failure, (localId) => findPrompt(context, profile, state.threadId, localId));
    state.answers = [];
    await context.memory.commit({ [STATE_KEY]: state, ...(lost === null ? {} : withFate(context.memory, lost, "lost")) });
    return null;
  }

  #introduce({ state }: AgentLink): void {
    const { models, version } = state.facts;
    this.#context.emit({ type: "thread", threadId: state.threadId });
    this.#context.emit({ type: "facts", models, ...(version ? { version } : {}) });
  }

  #running(): AgentLink {
    if (!this.#link || this.#link.ended) throw new AppError("agent_away", "The agent is not running");
    return this.#link;
  }

  async prompt(prompt: DriverPrompt): Promise<void> {
    if (fateOf(this.#context.memory, prompt.localId) === "handed")
      throw new AppError("session_conflict", "This prompt was handed to the agent already");
    await this.#hand(prompt, false);
  }

  async retry(): Promise<void> {
    const prompt = lastPrompt(this.#context.memory);
    const last = this.#running().state.lastTurn;
    if (!prompt || last?.localId !== prompt.localId || last.outcome === "completed") throw new AppError("retry_unavailable");
    const isAbsent = (await this.lookup(prompt.localId)) === "absent";
    await this.#hand(isAbsent ? prompt : { ...prompt, earlier: undefined }, !isAbsent);
  }

  async #hand(prompt: DriverPrompt, retry: boolean): Promise<void> {
    const link = this.#running();
    const { state } = link;
    const { memory, clock } = this.#context;
    const notes = state.notes;
    const isKept = retry && this.#keepsFailed(state);
    const words = isKept ? { ...prompt, text: CONTINUE, attachments: [] } : prompt;
    const blocks = await promptBlocks(words, { images: state.facts.images, notes });
    const flagged = this.#profile.retry === "flag";
    const meta = flagged ? { _meta: { [META.promptId]: prompt.localId, ...(retry ? { [META.retry]: true } : {}) } } : {};
    await link.write(async (inputId) => {
      if (state.turn) throw new AppError("not_ready", "A turn is running");
      // Its end is told by then: remembered as handed, nothing would take that back before it is asked for.
      if (link.ended) throw new AppError("agent_away", "The agent is not running");
      const { localId, text, attachments } = prompt;
      const kept = retry ? null : { text, attachments: [...attachments] };
      state.turn = { rpcId: inputId, localId, retry, startedAt: clock.now(), handed: false, begun: false, cancelled: false, prompt: kept };
      state.notes = [];
      await link.commit({ ...rememberPrompt(prompt), ...withFate(memory, localId, "handed") });
      try {
        await link.process.write(
          encodeRpc.request(inputId, "session/prompt", { sessionId: state.threadId, prompt: blocks, ...meta }),
          inputId,
        );
      } catch (cause) {
        // The host could not say whether the agent got it.
        state.turn = null;
        await link.commit(withFate(memory, localId, "lost"));
        throw new AppError("agent_exited", undefined, { cause });
      }
    });
    link.change(turnHanded);
  }

  /** Does the agent's history hold the prompt of the turn that failed? */
  #keepsFailed({ launchId, lastTurn }: AcpState): boolean {
    const { retry } = this.#profile;
    // A turn that never began is in no record.
    return retry === "continue" || (retry === "resend-live" && lastTurn?.launchId !== undefined && lastTurn.launchId !== launchId);
  }

  /** ACP can't take a prompt back. */
  withdraw(localId: string): Promise<"removed" | "consumed" | "unknown"> {
    return Promise.resolve(fateOf(this.#context.memory, localId) === "handed" ? "consumed" : "unknown");
  }

  withdrawRetry(): Promise<"removed" | "consumed" | "none"> {
    return Promise.resolve(this.busy ? "consumed" : "none");
  }

  lookup(localId: string): Promise<"present" | "absent" | "unknown"> {
    const fate = fateOf(this.#context.memory, localId);
    if (fate === undefined) return Promise.resolve("absent");
    if (fate === "handed") return Promise.resolve("present");
    const threadId = this.#context.memory.get<AcpState>(STATE_KEY)?.threadId ?? "";
    return Promise.resolve(findPrompt(this.#context, this.#profile, threadId, localId));
  }

  async answer(requestId: string, answer: RequestAnswer): Promise<"applied" | "sent" | "gone"> {
    const link = this.#link;
    if (!link || link.ended) return "gone";
    const open = link.state.requests[requestId];
    // Said again after a restart: the agent has it already.
    if (!open) return link.state.sent?.some((sent) => sent.open.request.id === requestId) ? await this.#applied(link, requestId) : "gone";
    if (answer.behavior === "deny" && answer.interrupt && link.state.turn) {
      delete link.state.requests[requestId];
      await denyAndStop(link, open, answer);
      return "applied";
    }
    // It throws for a form that the agent could not take: that one is asked still.
    const reply = link.change((to) => replyTo(to, open, answer));
    delete link.state.requests[requestId];
    const closing = { outcome: reply.outcome, by: "remote" as const, ...(reply.reason ? { reason: reply.reason } : {}) };
    const output = answerWords(open, answer, fields(reply.result)["content"]);
    if ((await link.reply(open.rpcId, { result: reply.result }, { open, closing, output })) === "gone") return "gone";
    if (reply.thenMode) await this.setPermissionMode(reply.thenMode);
    return await this.#applied(link, requestId);
  }

  /** Until the agent shows that it went on with it; not for ever. */
  async #applied(link: AgentLink, requestId: string): Promise<"applied" | "sent" | "gone"> {
    const closed = await within(this.#context.clock, APPLIED_MS, link.closed(requestId));
    if (closed === LATE) return "sent";
    return closed.by === "remote" ? "applied" : "gone";
  }

  async interrupt(): Promise<void> {
    const link = this.#running();
    if (link.state.turn) await cancelTurn(link);
  }

  async setPermissionMode(mode: string): Promise<void> {
    await setMode(this.#running(), this.#modes, mode);
    this.#context.emit({ type: "mode", mode });
  }

  setModel = async (model: string | null): Promise<void> =>
    this.#context.emit({ type: "model", model: await setModel(this.#running(), model) });

  setEffort = async (effort: string | null): Promise<void> =>
    this.#context.emit({ type: "effort", effort: await setEffort(this.#running(), effort) });

  listModels(): Promise<ModelChoice[]> {
    return Promise.resolve(this.#link?.state.facts.models ?? []);
  }

  async settled(): Promise<void> {
    if (this.#link?.ended) await this.#link.gone;
  }

  async stop(options: { graceMs: number; interrupt?: boolean }): Promise<void> {
    const link = this.#link;
    if (!link || link.ended) return;
    if (options.interrupt && this.busy) await this.interrupt();
    link.expected = true;
    await endAgent(link.process, this.#context.clock, options.graceMs);
    await link.gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#link?.detach();
    await Promise.resolve();
  }
}
