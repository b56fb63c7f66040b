/**
 * One conversation with Codex: a thread on an app server of the session's own. Whoever else is on that thread, above all Codex's own screen, is live at the
 * same time; what they do is heard like what this session does. The thread is the record: what was missed is read there, and asked before anything is
 * handed twice.
 */
import type { HostProcess } from "@hapi/host";
import { ignore, LATE, within } from "@hapi/platform/lean";
import { type AgentFailure, AppError, type ModelChoice } from "@hapi/protocol";
import type { Conversation, DriverContext, DriverPrompt, Front, RequestAnswer, Started, StartOptions } from "../driver.ts";
import { begin, type Beginning, rejoin, type Running } from "./begin.ts";
import { type OpenWire, reasonOf, type ServerLink, ServerRefusal } from "./link.ts";
import { closeBooks, closeUnseen } from "./books.ts";
import { hand, retryTurn } from "./handing.ts";
import { findInThread, findOnDisk, wasHanded } from "./prompts.ts";
import { decisionOn } from "./requests.ts";
import { endProcess, exitWords, hasExited } from "../shared/process-end.ts";
import { LAUNCH_KEY, type Launch, listenToStreams } from "./server.ts";
import { modelsOf, setEffort, setMode, setModel } from "./settings.ts";
import { type CodexState, type OpenRequest, STATE_KEY } from "./state.ts";
import { createTerminal, type Terminal } from "./terminal.ts";
import { Thread } from "./thread.ts";

const ASK_MS = 30_000;
/** How long an answer waits for the item that shows that it was taken. */
const APPLIED_MS = 3_000;
const TERMINAL_GRACE_MS = 1_000;

export class CodexConversation implements Conversation {
  readonly #context: DriverContext;
  readonly #open: OpenWire;
  readonly #unknown = new Map<string, number>();
  readonly terminal: Terminal;
  #running: Running | null = null;
  #starting = false;
  #stopping = false;
  #gone: Promise<void> = Promise.resolve();
  #models: ModelChoice[] = [];
  #isDisposed = false;

  constructor(context: DriverContext, open: OpenWire) {
    this.#context = context;
    this.#open = open;
    this.terminal = createTerminal({ context, running: () => (this.#stopping ? null : this.#running) });
  }

  get busy(): boolean {
    return this.#running !== null && this.#running.thread.state.turn !== null;
  }

  get front(): Front | null {
    return this.#running ? "remote" : null;
  }

  get threadId(): string | null {
    return this.#context.memory.get<CodexState>(STATE_KEY)?.threadId ?? null;
  }

  get unknownWords(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#unknown);
  }

  get #beginning(): Beginning {
    return {
      context: this.#context,
      open: this.#open,
      unknown: (place, word) => void this.#unknown.set(`${place}/${word}`, (this.#unknown.get(`${place}/${word}`) ?? 0) + 1),
      lost: this.#joinAnew,
      missed: (thread) => void (this.#running?.thread === thread && this.#joinAnew()),
    };
  }

  async start(options: StartOptions): Promise<Started> {
    if (options.front === "local") throw new AppError("not_supported", "Codex's own screen opens beside the session, not instead of it");
    if (this.#starting || (await this.#isAlive())) throw new AppError("session_active", "Codex is running already");
    this.#starting = true;
    this.#stopping = false;
    try {
      this.#takeUp(await begin(this.#beginning, options));
    } finally {
      this.#starting = false;
    }
    if (options.permissionMode === "plan") await this.#beginWithPlan();
    return { how: options.threadId === undefined ? "new" : options.fork ? "fork" : "resume" };
  }

  /** A plan is a way to work together, not a policy: it is switched on once there is a thread. Codex in another mode than was chosen is worse than none. */
  async #beginWithPlan(): Promise<void> {
    try {
      await this.setPermissionMode("plan");
    } catch (cause) {
      await this.stop({ graceMs: 0 });
      throw cause;
    }
  }

  /** Never two servers on one thread: also one that this process has not adopted yet counts. */
  async #isAlive(): Promise<boolean> {
    if (this.#running) return true;
    const ours = this.#context.host.processes().filter(({ launchId, kind }) => kind === "pipe" && launchId.startsWith("codex-"));
    return (await Promise.all(ours.map(hasExited))).includes(false);
  }

  #takeUp(running: Running): void {
    this.#running = running;
    this.#watch(running);
    const { thread, version } = running;
    const { threadId, settings, mode, turn, title } = thread.state;
    const { emit } = this.#context;
    emit({ type: "thread", threadId });
    emit({ type: "facts", ...(version === undefined ? {} : { version }) });
    if (mode !== null) emit({ type: "mode", mode });
    if (settings.model !== "") emit({ type: "model", model: settings.model });
    if (title !== null) emit({ type: "title", title });
    emit({ type: "thinking", thinking: turn !== null });
    if (thread.isBehind) this.#joinAnew();
    this.#askForModels(running).catch((cause: unknown) => this.#context.log.warn("codex.models_unknown", { cause }));
  }

  async #askForModels({ thread }: Running): Promise<void> {
    this.#models = await modelsOf(thread);
    this.#context.emit({ type: "facts", models: this.#models });
  }

  #watch(running: Running): void {
    const { process, words } = running;
    const over = process.exited.then(async (exit) => {
      if (this.#running?.process !== process || this.#isDisposed) return;
      const expected = this.#stopping;
      const message = exitWords("Codex", exit, words.text);
      const failure: AgentFailure | undefined = expected ? undefined : { code: "agent_exited", message, retryable: true };
      await closeBooks(running.thread, failure);
      this.#running = null;
      // It has nothing to show any more.
      await this.terminal.close({ graceMs: 0 });
      const { code, signal } = exit;
      this.#context.emit({ type: "exited", front: "remote", code, signal, expected, ...(failure ? { failure } : {}) });
    });
    this.#gone = over.catch((cause: unknown) => this.#context.log.warn("codex.end_not_told", { cause }));
  }

  readonly #joinAnew = (): void => ignore(this.#reconnect(), "told in the log, and the server is ended");

  /** The connection ended and the server may live: what was said meanwhile is in the thread. */
  async #reconnect(): Promise<void> {
    const running = this.#running;
    if (!running || this.#stopping || this.#isDisposed || (await hasExited(running.process))) return;
    this.#context.log.warn("codex.connection_lost", {});
    try {
      const { launch, process, words, thread } = running;
      thread.close();
      const again = await rejoin(this.#beginning, { launch, process, words }, structuredClone(thread.state));
      if (this.#running !== running) return again.thread.close();
      this.#running = again;
      if (again.thread.isBehind) this.#joinAnew();
    } catch (cause) {
      // A server that nobody can talk to is of no use; its end is told as every end.
      this.#context.log.warn("codex.connection_not_restored", { cause });
      await endProcess(running.process, this.#context.clock, 0);
    }
  }

  async adopt(): Promise<Front | null> {
    const { host, memory } = this.#context;
    const launch = memory.get<Launch>(LAUNCH_KEY);
    const process = launch && host.process(launch.id);
    if (!launch) return null;
    if (process && !launch.ready) return this.#neverBegun(process);
    const state = memory.get<CodexState>(STATE_KEY);
    if (!state) return null;
    if (!process) return closeUnseen(this.#context, "Codex ended together with its host");
    if (await hasExited(process)) return closeUnseen(this.#context, exitWords("Codex", await process.exited, ""));
    const words = listenToStreams(process);
    await this.terminal.adopt();
    try {
      this.#takeUp(await rejoin(this.#beginning, { launch, process, words }, structuredClone(state)));
    } catch (cause) {
      words.stop();
      return this.#giveUp(process, cause);
    }
    return "remote";
  }

  /** It lives, and nobody can talk to it: what it said is in the thread, where the next start finds it. */
  async #giveUp(process: HostProcess, cause: unknown): Promise<null> {
    this.#context.log.warn("codex.connection_not_restored", { cause });
    await this.terminal.close({ graceMs: 0 });
    await endProcess(process, this.#context.clock, 0);
    return closeUnseen(this.#context, `Codex did not answer any more, and was ended: ${reasonOf(cause)}`);
  }

  /** Killed at its beginning: nobody has spoken yet, so it can be started again. */
  async #neverBegun(process: HostProcess): Promise<null> {
    if (!(await hasExited(process))) await endProcess(process, this.#context.clock, 0);
    return null;
  }

  get #link(): { running: Running; link: ServerLink } {
    const running = this.#running;
    const link = running?.thread.link;
    if (!running || !link) throw new AppError("agent_away", "Codex is not running");
    return { running, link };
  }

  async prompt(prompt: DriverPrompt): Promise<void> {
    const { running, link } = this.#link;
    const { memory } = this.#context;
    if (wasHanded(memory, prompt.localId) && (await this.lookup(prompt.localId)) !== "absent")
      throw new AppError("session_conflict", "Codex has this prompt already");
    await hand({ memory, thread: running.thread, link }, prompt);
  }

  /** Codex begins at once with what it is given. */
  withdraw(localId: string): Promise<"removed" | "consumed" | "unknown"> {
    return Promise.resolve(wasHanded(this.#context.memory, localId) ? "consumed" : "unknown");
  }

  async lookup(localId: string): Promise<"present" | "absent" | "unknown"> {
    const { memory } = this.#context;
    if (!wasHanded(memory, localId)) return "absent";
    const state = this.#running?.thread.state ?? memory.get<CodexState>(STATE_KEY);
    if (!state) return "unknown";
    if (state.seen.includes(localId)) return "present";
    const link = this.#running?.thread.link;
    return link ? findInThread(link, state.threadId, localId) : findOnDisk(state, localId);
  }

  async retry(): Promise<void> {
    const { running, link } = this.#link;
    await retryTurn(running.thread, link);
  }

  withdrawRetry(): Promise<"removed" | "consumed" | "none"> {
    return Promise.resolve(this.busy ? "consumed" : "none");
  }

  async answer(requestId: string, answer: RequestAnswer): Promise<"applied" | "sent" | "gone"> {
    const thread = this.#running?.thread;
    const open = thread?.state.requests[requestId];
    if (!thread?.link || !open || (open.resolved && open.answered === null)) return "gone";
    if (open.answered === null) await this.#decide(thread, open, answer);
    const closed = await within(this.#context.clock, APPLIED_MS, thread.closed(requestId));
    if (closed === LATE) return "sent";
    return closed.by === "remote" ? "applied" : "gone";
  }

  /** On disk before it is sent: after a crash it is sent again where it was not heard. */
  async #decide(thread: Thread, open: OpenRequest, answer: RequestAnswer): Promise<void> {
    Object.assign(open, decisionOn(open, answer));
    await thread.commit();
    thread.link?.reply(open.rpcId, open.reply);
    if (answer.behavior === "deny" && answer.interrupt) await this.interrupt();
  }

  async interrupt(): Promise<void> {
    const { running, link } = this.#link;
    const { threadId, turn } = running.thread.state;
    if (!turn) return;
    try {
      await link.request("turn/interrupt", { threadId, turnId: turn.id }, ASK_MS);
    } catch (cause) {
      // It is over by now.
      if (!(cause instanceof ServerRefusal)) throw cause;
    }
  }

  setPermissionMode = async (mode: string): Promise<void> => setMode(this.#context, this.#link.running.thread, mode);
  setModel = async (model: string | null): Promise<void> => setModel(this.#context, this.#link.running.thread, model);
  setEffort = async (effort: string | null): Promise<void> => setEffort(this.#context, this.#link.running.thread, effort);

  async listModels(): Promise<ModelChoice[]> {
    if (this.#models.length === 0 && this.#running) await this.#askForModels(this.#running);
    return this.#models;
  }

  async settled(): Promise<void> {
    if (this.#running && (await hasExited(this.#running.process))) await this.#gone;
  }

  async stop(options: { graceMs: number; interrupt?: boolean }): Promise<void> {
    const running = this.#running;
    if (!running) return;
    if (options.interrupt && this.busy) await this.interrupt();
    this.#stopping = true;
    await this.terminal.close({ graceMs: Math.min(options.graceMs, TERMINAL_GRACE_MS) });
    await endProcess(running.process, this.#context.clock, options.graceMs);
    await this.#gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#running?.words.stop();
    this.#running?.thread.close();
    await Promise.resolve();
  }
}
