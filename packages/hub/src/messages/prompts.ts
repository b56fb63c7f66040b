/** Prompts as the REST plane sees them: post, cancel, steer, retry, and where they are. Answers are the unions existing clients expect. */
import { checkPromptSize, promptContent, stateOfRow } from "@hapi/core";
import type { Clock } from "@hapi/platform";
import {
  AppError,
  MAX_SCHEDULE_AHEAD_MS,
  type CancelAck,
  type CancelResult,
  type Message,
  type RetryMessageResult,
  type SendMessage,
  type Session,
  type SteerResult,
} from "@hapi/protocol";
import type { Links } from "../rpc/links.ts";
import type { Rpc } from "../rpc/rpc.ts";
import type { Transaction } from "../events/transaction.ts";
import type { JobStore } from "../jobs/store.ts";
import { dueJob } from "./schedule.ts";
import type { MessageStore, NewPrompt, StoredPrompt } from "./store.ts";

const cancelWaitMs = 500;
const retryWaitMs = 5_000;

/** The row of a prompt, as far as its sender hears of it. One that was taken back has no stage. */
export type PostedPrompt = Pick<Message, "id" | "localId" | "stage">;

export interface QueuedState {
  queuedLocalIds: string[];
  indeterminateLocalIds: string[];
  invokedLocalMessages: { localId: string; invokedAt: number }[];
}

export interface PromptDeps {
  store: MessageStore;
  links: Links;
  rpc: Rpc;
  clock: Clock;
  durable(): Promise<void>;
  /** Just started, and not heard of yet. */
  isExpected(sessionId: string): boolean;
  /** A person is starting it again. */
  isResuming(sessionId: string): boolean;
  /** Told when a prompt was accepted for a session that is not there. */
  wake(sessionId: string): void;
  transaction: Transaction<{ messages: MessageStore; jobs: JobStore }>;
  /** Told when a prompt was accepted for later. */
  scheduled(): void;
}

export class Prompts {
  readonly #deps: PromptDeps;

  constructor(deps: PromptDeps) {
    this.#deps = deps;
  }

  /** Accepted means on the disk. The same `localId` again does nothing: it answers the stored row, or none when the prompt was taken back. */
  async post(session: Session, body: SendMessage): Promise<PostedPrompt> {
    this.#check(body);
    const known = await this.#sentBeforeArchived(session, body.localId);
    if (known) return known;
    const isThere = session.active || this.#deps.isExpected(session.id);
    if (!isThere && body.wake !== true) throw new AppError("session_inactive");
    if (session.metadata?.["remoteWhileLocal"] === "read-only" && session.agentState?.controlledByUser === true)
      throw new AppError("local_control");
    const result = await this.#enqueue(session.id, {
      localId: body.localId ?? null,
      // Steering at post time is for agents that take it mid-turn; the dedicated route does it for those that can.
      content: promptContent({ text: body.text, attachments: body.attachments ?? [], meta: { deliveryMode: "queue" } }),
      scheduledAt: body.scheduledAt ?? null,
      wake: body.wake === true,
      holder: this.#goesAtOnce(session.id, body) ? "session" : "hub",
    });
    if (result.kind === "missing") throw new AppError("session_not_found");
    if (result.kind === "withdrawn") return { id: body.localId as string, localId: body.localId as string };
    if (result.kind === "full") throw new AppError("rate_limited", "Too many prompts wait in this session already");
    this.#startFor(session.id, result.message, isThere);
    await this.#deps.durable();
    return result.message;
  }

  /** One for later with the job that will see to it. */
  async #enqueue(sessionId: string, prompt: NewPrompt): Promise<StoredPrompt> {
    const { scheduledAt } = prompt;
    if (scheduledAt === null || this.#isDue(scheduledAt)) return this.#deps.store.enqueue(sessionId, prompt);
    return this.#deps.transaction(async ({ messages, jobs }) => {
      const stored = await messages.enqueue(sessionId, prompt);
      if (stored.kind === "stored") await jobs.put(dueJob(sessionId, String(stored.message.localId), scheduledAt));
      return stored;
    });
  }

  /** Now, or when its time has come. */
  #startFor(sessionId: string, { invokedAt, scheduledAt }: Message, isThere: boolean): void {
    if (!isThere && invokedAt == null && this.#isDue(scheduledAt)) this.#deps.wake(sessionId);
    if (scheduledAt != null) this.#deps.scheduled();
  }

  #goesAtOnce(sessionId: string, { scheduledAt }: SendMessage): boolean {
    return this.#isDue(scheduledAt) && this.#deps.links.of("session", sessionId).length > 0;
  }

  /** One that was on its way for long may arrive after its time. */
  #isDue(scheduledAt: number | null | undefined): boolean {
    return scheduledAt == null || scheduledAt <= this.#deps.clock.now();
  }

  /** An archived session is put away: nothing starts it but a person who reopens it. What it has already is still answered. */
  async #sentBeforeArchived(session: Session, localId: string | undefined): Promise<Message | null> {
    const isArchived = !session.active && session.metadata?.lifecycleState === "archived";
    if (!isArchived || this.#deps.isResuming(session.id)) return null;
    const known = localId === undefined ? null : await this.#deps.store.find(session.id, localId);
    if (!known) throw new AppError("session_archived");
    return known;
  }

  #check(body: SendMessage): void {
    const hasAttachments = (body.attachments?.length ?? 0) > 0;
    if (body.text.trim() === "" && !hasAttachments) throw new AppError("invalid_body", "Message requires text or attachments");
    checkPromptSize(body.text);
    if (body.scheduledAt == null) return;
    if (body.localId === undefined) throw new AppError("invalid_body", "scheduledAt requires localId");
    if (hasAttachments) throw new AppError("invalid_body", "Scheduled messages can't have attachments");
    if (body.deliveryMode === "steer") throw new AppError("invalid_body", "Scheduled messages can't be steered");
    if (body.scheduledAt > this.#deps.clock.now() + MAX_SCHEDULE_AHEAD_MS)
      throw new AppError("invalid_body", "scheduledAt may be at most 7 days ahead");
  }

  async cancel(session: Session, idOrLocalId: string): Promise<CancelResult> {
    const message = await this.#queuedRow(session, idOrLocalId);
    if (message.invokedAt != null) return { status: "invoked", message };
    const localId = message.localId as string;
    const answer = await this.#askToDrop(session.id, message, localId);
    if (answer === "keep") return { status: "busy", localId };
    if (answer === "consumed") await this.#deps.store.consume(session.id, [localId], false);
    else if (await this.#deps.store.cancel(session.id, localId, idOrLocalId)) {
      await this.#deps.durable();
      return { status: "cancelled", localId };
    }
    const now = await this.#deps.store.find(session.id, localId);
    if (!now) return { status: "cancelled", localId };
    return now.invokedAt == null ? { status: "busy", localId } : { status: "invoked", message: now };
  }

  /**
   * The session may hold the prompt already. It never got there: it is ours to delete. Nobody there, or no answer in time: the prompt may be running, and a row
   * that vanishes while it runs would be a lie, so it stays.
   */
  async #askToDrop(sessionId: string, message: Message, localId: string): Promise<"drop" | "keep" | "consumed"> {
    const links = this.#deps.links.of("session", sessionId);
    if (links.length === 0) return (await this.#deps.store.holderOf(sessionId, localId)) === "session" ? "keep" : "drop";
    const answers = await Promise.all(
      links.map(async (link): Promise<CancelAck | null> => {
        const update = this.#deps.links.envelope(link, { t: "cancel-queued-message", sid: sessionId, messageId: message.id, localId });
        const answer = await link.request("update", update, cancelWaitMs).catch(() => null);
        return typeof answer === "object" ? (answer as CancelAck | null) : null;
      }),
    );
    if (answers.some((answer) => answer?.consumed)) return "consumed";
    if (answers.some((answer) => answer?.removed)) return "drop";
    if (answers.some((answer) => answer?.inFlight || answer?.indeterminate) || answers.every((answer) => answer === null)) return "keep";
    // Answered, and does not know it: it never got there.
    return "drop";
  }

  async steer(session: Session, idOrLocalId: string): Promise<SteerResult> {
    if (!session.active) throw new AppError("session_inactive");
    const message = await this.#queuedRow(session, idOrLocalId);
    const localId = message.localId as string;
    if (message.invokedAt != null) return { status: "invoked", message };
    try {
      const { steered, error = "Could not steer" } = await this.#deps.rpc.session(session.id).steerQueuedMessage({ localId });
      return steered ? { status: "steered", localId } : { status: "failed", error, localId };
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      return { status: "failed", error: cause.message, localId };
    }
  }

  async retry(session: Session, idOrLocalId: string): Promise<RetryMessageResult> {
    const message = await this.#deps.store.find(session.id, idOrLocalId);
    if (!message || message.localId === null) return { status: "not-found" };
    const { localId } = message;
    if (message.invokedAt != null) return { status: "invoked", message };
    if (stateOfRow(message) !== "unknown") return { status: "already-queued", localId };
    const accepted = await this.#askToRetry(session.id, message, localId);
    if (accepted === "consumed") await this.#deps.store.consume(session.id, [localId], false);
    if (accepted === "no") return { status: "retry-unavailable", localId };
    if (accepted === "yes") await this.#deps.store.requeue(session.id, [localId]);
    await this.#deps.durable();
    const now = await this.#deps.store.find(session.id, localId);
    return now?.invokedAt != null ? { status: "invoked", message: now } : { status: "retried", localId };
  }

  async #askToRetry(sessionId: string, message: Message, localId: string): Promise<"yes" | "no" | "consumed"> {
    const links = this.#deps.links.of("session", sessionId);
    for (const link of links) {
      const body = { t: "retry-queued-message", sid: sessionId, messageId: message.id, localId, message } as const;
      const answer: unknown = await link.request("update", this.#deps.links.envelope(link, body), retryWaitMs).catch(() => null);
      if (typeof answer !== "object" || answer === null) continue;
      if ("consumed" in answer && answer.consumed === true) return "consumed";
      if ("accepted" in answer && answer.accepted === true) return "yes";
    }
    return "no";
  }

  async queuedState(session: Session, localIds: readonly string[]): Promise<QueuedState> {
    const state: QueuedState = { queuedLocalIds: [], indeterminateLocalIds: [], invokedLocalMessages: [] };
    for (const message of await this.#deps.store.findLocal(session.id, localIds)) {
      const localId = message.localId as string;
      if (message.invokedAt != null) state.invokedLocalMessages.push({ localId, invokedAt: message.invokedAt });
      else if (stateOfRow(message) === "unknown") state.indeterminateLocalIds.push(localId);
      else state.queuedLocalIds.push(localId);
    }
    return state;
  }

  async #queuedRow(session: Session, idOrLocalId: string): Promise<Message> {
    const message = await this.#deps.store.find(session.id, idOrLocalId);
    if (!message || message.localId === null) throw new AppError("message_not_found", "Message not found");
    return message;
  }
}
