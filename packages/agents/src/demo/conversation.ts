/** A conversation with the demo agent: over ACP when it is steered remotely, its own front end when the terminal has it; one thread, never both. */
import { AppError, type ModelChoice } from "@hapi/protocol";
import type { Conversation, DriverContext, DriverPrompt, Front, RequestAnswer, Started, StartOptions } from "../driver.ts";
import { DemoLocalFront } from "./local-front.ts";

export class DemoConversation implements Conversation {
  readonly #remote: Conversation;
  readonly #local: DemoLocalFront;

  constructor(remote: Conversation, context: DriverContext, tui: readonly string[]) {
    this.#remote = remote;
    this.#local = new DemoLocalFront(context, tui);
  }

  get busy(): boolean {
    return this.#local.busy || this.#remote.busy;
  }

  get front(): Front | null {
    return this.#local.isRunning ? "local" : this.#remote.front;
  }

  /** Of the front end that was started last; both work on the same one. */
  get threadId(): string | null {
    return this.#local.threadId ?? this.#remote.threadId;
  }

  async start(options: StartOptions): Promise<Started> {
    if (this.front !== null) throw new AppError("session_active", "The agent is running already");
    if (options.front === "remote") return this.#remote.start(options);
    if (options.fork) throw new AppError("not_supported", "The demo agent can't branch a conversation off");
    await this.#local.start(options);
    return { how: options.threadId === undefined ? "new" : "resume" };
  }

  async adopt(): Promise<Front | null> {
    const remote = await this.#remote.adopt();
    if (await this.#local.adopt()) return "local";
    return remote;
  }

  prompt(prompt: DriverPrompt): Promise<void> {
    return this.#remote.prompt(prompt);
  }

  withdraw(localId: string): Promise<"removed" | "consumed" | "unknown"> {
    return this.#remote.withdraw(localId);
  }

  lookup(localId: string): Promise<"present" | "absent" | "unknown"> {
    return this.#remote.lookup(localId);
  }

  retry(): Promise<void> {
    return this.#remote.retry();
  }

  withdrawRetry(): Promise<"removed" | "consumed" | "none"> {
    return this.#remote.withdrawRetry();
  }

  answer(requestId: string, answer: RequestAnswer): Promise<"applied" | "sent" | "gone"> {
    return this.#local.isRunning ? this.#local.answer(requestId, answer) : this.#remote.answer(requestId, answer);
  }

  interrupt(): Promise<void> {
    return this.#local.isRunning ? this.#local.interrupt() : this.#remote.interrupt();
  }

  async setPermissionMode(mode: string): Promise<void> {
    if (this.#local.isRunning) this.#local.refuse();
    await this.#remote.setPermissionMode(mode);
  }

  async setModel(model: string | null): Promise<void> {
    if (this.#local.isRunning) this.#local.refuse();
    await this.#remote.setModel(model);
  }

  async setEffort(effort: string | null): Promise<void> {
    if (this.#local.isRunning) this.#local.refuse();
    await this.#remote.setEffort(effort);
  }

  listModels(): Promise<ModelChoice[]> {
    return this.#remote.listModels();
  }

  async settled(): Promise<void> {
    await Promise.all([this.#local.settled(), this.#remote.settled()]);
  }

  async stop(options: { graceMs: number; interrupt?: boolean }): Promise<void> {
    if (this.#local.isRunning) return this.#local.stop(options);
    await this.#remote.stop(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#local.detach();
    await this.#remote[Symbol.asyncDispose]();
  }
}
