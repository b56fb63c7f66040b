/** One conversation with OpenCode. Its server and its screen are programs of the host; this is one client more, and first answer wins on every door. */
import { ignore, LATE, within } from "@hapi/platform/lean";
import { AppError, type ModelChoice, toAppError } from "@hapi/protocol";
import type { Conversation, DriverContext, DriverPrompt, Front, RequestAnswer, Started, StartOptions } from "../driver.ts";
import { deadApi } from "./api.ts";
import { allowAtOnce, giveAgain, giveAnswer, stopTurn } from "./answering.ts";
import { createHanding, type Handing } from "./handing.ts";
import { ServerLink } from "./link.ts";
import { type Models, readModels } from "./models.ts";
import { choose, setEffort, setModel } from "./settings.ts";
import { AGENT_NAME } from "./name.ts";
import { refusalOf } from "./requests.ts";
import { hasExited } from "../shared/process-end.ts";
import { endServer, forgetPassword, hasServer } from "./server.ts";
import { findServer, type Opened, startServer } from "./start.ts";
import * as kept from "./state.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

/** How long an answer waits for OpenCode's word which one it took: said at once, and later only where the machine is busy. */
const APPLIED_MS = 10_000;
/** A slow machine is not a hang. */
const READY_MS = 180_000;

export class OpenCodeConversation implements Conversation {
  readonly terminal: Terminal;
  readonly #context: DriverContext;
  readonly #modes: readonly string[];
  readonly #handing: Handing;
  #link: ServerLink | null = null;
  #opened: Opened | null = null;
  #models: Promise<Models> | null = null;
  #starting = false;

  constructor(context: DriverContext, modes: readonly string[]) {
    this.#context = context;
    this.#modes = modes;
    this.#handing = createHanding(context);
    this.terminal = createTerminal(context, () => (this.front === null ? null : this.#opened));
  }

  get #live(): ServerLink | null {
    return this.#link?.ended === false ? this.#link : null;
  }

  get busy(): boolean {
    return this.#live?.busy ?? false;
  }

  get front(): Front | null {
    return this.#live ? "remote" : null;
  }

  get threadId(): string | null {
    return this.#context.memory.get<kept.OpenCodeState>(kept.STATE_KEY)?.threadId ?? null;
  }

  get unknownWords(): Readonly<Record<string, number>> {
    return this.#link?.to.unknown ?? {};
  }

  async start(options: StartOptions): Promise<Started> {
    if (options.front === "local") throw new AppError("not_supported", `${AGENT_NAME}'s own screen opens beside it`);
    if (this.#starting || (await this.#isRunning())) throw new AppError("session_active", "The agent is running already");
    this.#starting = true;
    try {
      const opened = await startServer(this.#context, options);
      if (!choose(opened.state, options, this.#modes)) {
        await endServer(this.#context, opened.process, 0);
        throw new AppError("invalid_mode");
      }
      await this.#attach(opened);
    } finally {
      this.#starting = false;
    }
    return { how: options.threadId === undefined ? "new" : options.fork ? "fork" : "resume" };
  }

  /** A server that was just started: it is listened to, or nothing is left running. */
  async #attach(opened: Opened): Promise<void> {
    const context = this.#context;
    const link = this.#listenTo(opened, { isAdopted: false });
    try {
      if ((await within(context.clock, READY_MS, link.ready)) === LATE)
        throw new AppError("timeout", "it did not say what it knows in time");
    } catch (cause) {
      link.expected = true;
      await endServer(context, opened.process, 0);
      throw new AppError("spawn_failed", `${AGENT_NAME} could not be listened to: ${toAppError(cause).message}`, { cause });
    }
    this.#hold(opened, link);
  }

  #listenTo({ process, api, state }: Opened, { isAdopted }: { isAdopted: boolean }): ServerLink {
    const link: ServerLink = new ServerLink({
      context: this.#context,
      process,
      api,
      state,
      isAdopted,
      // By this link, which reads what is asked before it is the conversation's.
      allow: (id) => ignore(allowAtOnce(link, id), "the ledger says so itself"),
      refuse: (id) => ignore(api.post(...refusalOf(id)), "it is not asked any more"),
      unbegun: () => ignore(this.#live ? this.#handing.unbegun(this.#live) : undefined, "the next word of OpenCode's tries again"),
      begunStopped: () => ignore(stopTurn(link), "a person can stop it once more"),
    });
    return link;
  }

  #hold(opened: Opened, link: ServerLink): void {
    const context = this.#context;
    this.#link = link;
    this.#opened = opened;
    ignore(
      link.gone.then(() => {
        forgetPassword(context, opened.process.launchId);
        return this.terminal.close({ graceMs: 0 });
      }),
      "the host is gone, and the screen with it",
    );
    this.#introduce(opened);
    this.#models = null;
    ignore(this.#offered(link), "who asks for the models hears of it");
  }

  #introduce({ state, version }: Opened): void {
    const context = this.#context;
    context.emit({ type: "thread", threadId: state.threadId });
    if (version !== undefined) context.emit({ type: "facts", version });
    context.emit({ type: "mode", mode: state.mode });
    if (state.model !== null) context.emit({ type: "model", model: state.model });
    if (state.effort) context.emit({ type: "effort", effort: state.effort });
  }

  /** Never two agents on one conversation: also one that this process has not adopted yet counts. */
  async #isRunning(): Promise<boolean> {
    return this.front !== null || (await hasServer(this.#context.host));
  }

  async adopt(): Promise<Front | null> {
    const context = this.#context;
    const launch = context.memory.get<kept.Launch>(kept.LAUNCH_KEY);
    const process = launch && context.host.process(launch.id);
    if (!launch || !process) return null;
    const isGone = await hasExited(process);
    // Killed while it started: nobody has spoken yet, so it can be started again from the beginning.
    if (launch.url === null) {
      if (!isGone) await endServer(context, process, 0);
      return null;
    }
    if (isGone) return await this.#closeBooks(process);
    const opened = await findServer(context, process, launch.url);
    if (!opened) {
      await endServer(context, process, 0);
      return await this.#closeBooks(process);
    }
    const { pending } = opened.state;
    const link = this.#listenTo(opened, { isAdopted: true });
    const heard = await within(context.clock, READY_MS, Promise.race([link.ready, link.gone]));
    if (link.ended) return await link.gone.then(() => null);
    this.#hold(opened, link);
    await this.terminal.adopt();
    const takenUp = link.ready.then(() => this.#takeUp(link, pending));
    // Its turn goes on, whoever listens: it is no reason to end it that it says nothing for long.
    if (heard === LATE) ignore(takenUp, "its end is told by itself");
    else await takenUp;
    return "remote";
  }

  async #takeUp(link: ServerLink, left: kept.Pending | null): Promise<void> {
    this.#context.emit({ type: "thinking", thinking: this.busy });
    giveAgain(link);
    await this.#handing.takeUp(link, left);
  }

  /** The server ended while nobody listened. */
  async #closeBooks(process: Opened["process"]): Promise<null> {
    const state = this.#context.memory.get<kept.OpenCodeState>(kept.STATE_KEY);
    if (!state) return null;
    const nothing = () => undefined;
    const gone = {
      context: this.#context,
      process,
      api: deadApi,
      state: structuredClone(state),
      isAdopted: true,
      allow: nothing,
      refuse: nothing,
      unbegun: nothing,
      begunStopped: nothing,
    };
    const link = new ServerLink(gone);
    await link.gone;
    return null;
  }

  #running(): ServerLink {
    if (!this.#live) throw new AppError("agent_away", "The agent is not running");
    return this.#live;
  }

  async prompt(prompt: DriverPrompt): Promise<void> {
    await this.#handing.prompt(this.#running(), prompt);
  }

  async retry(): Promise<void> {
    await this.#handing.retry(this.#running());
  }

  lookup(localId: string): Promise<"present" | "absent" | "unknown"> {
    return this.#handing.lookup(this.#live, localId);
  }

  withdraw(localId: string): Promise<"removed" | "consumed" | "unknown"> {
    return this.#handing.withdraw(this.#live, localId);
  }

  withdrawRetry(): Promise<"removed" | "consumed" | "none"> {
    return Promise.resolve(this.busy ? "consumed" : "none");
  }

  async answer(requestId: string, answer: RequestAnswer): Promise<"applied" | "sent" | "gone"> {
    const link = this.#live;
    const open = link?.state.requests[requestId];
    if (!link || !open) return "gone";
    const closed = link.closed(requestId);
    if (!(await giveAnswer(link, open, answer))) return "gone";
    if (answer.behavior === "deny" && answer.interrupt) await this.interrupt();
    if (answer.behavior === "allow" && answer.mode !== undefined) await this.setPermissionMode(answer.mode);
    const how = await within(this.#context.clock, APPLIED_MS, closed);
    if (how === LATE) return "sent";
    return how.by === "remote" ? "applied" : "gone";
  }

  async interrupt(): Promise<void> {
    const link = this.#running();
    if (!link.busy) return;
    await stopTurn(link);
    await this.#handing.unbegun(link);
  }

  async setPermissionMode(mode: string): Promise<void> {
    const link = this.#running();
    if (!this.#modes.includes(mode)) throw new AppError("invalid_mode");
    link.state.mode = mode;
    await link.commit();
    this.#context.emit({ type: "mode", mode });
  }

  async setModel(model: string | null): Promise<void> {
    const link = this.#running();
    await setModel(this.#context, link, { models: await this.#offered(link), model });
  }

  async setEffort(effort: string | null): Promise<void> {
    const link = this.#running();
    await setEffort(this.#context, link, { models: await this.#offered(link), effort });
  }

  async listModels(): Promise<ModelChoice[]> {
    const link = this.#live;
    return link ? (await this.#offered(link)).list : [];
  }

  /** Asked once; where that failed, again. */
  #offered({ api, to }: ServerLink): Promise<Models> {
    this.#models ??= readModels(api).then((models) => {
      to.windows = models.windows;
      this.#context.emit({ type: "facts", models: models.list });
      return models;
    });
    this.#models.catch(() => (this.#models = null));
    return this.#models;
  }

  async settled(): Promise<void> {
    if (this.#link?.ended) await this.#link.gone;
  }

  async stop(options: { graceMs: number; interrupt?: boolean }): Promise<void> {
    const link = this.#live;
    if (!link) return;
    if (options.interrupt && this.busy) await this.interrupt();
    link.expected = true;
    await this.terminal.close({ graceMs: options.graceMs });
    await endServer(this.#context, link.process, options.graceMs);
    await link.gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#link?.detach();
    await Promise.resolve();
  }
}
