/**
 * Brings queued prompts to their session: once on attach, once when accepted, and again with back-off only while nothing was heard of
 * them (no ack, no stage, not consumed). Existing CLIs hide repeats by message id, ours by the prompt's id in its ledger.
 */
import type { PromptHolder } from "@hapi/core";
import type { Clock, Logger } from "@hapi/platform";
import { ignore } from "@hapi/platform";
import type { Message } from "@hapi/protocol";
import { confirms } from "../peer/traits.ts";
import type { Bus } from "../events/bus.ts";
import type { HubEvent } from "../events/hub-event.ts";
import type { Link, Links } from "../rpc/links.ts";
import type { MessageStore } from "./store.ts";

const firstRetryMs = 5_000;
const maxRetryMs = 60_000;
const ackTimeoutMs = 10_000;

interface Outstanding {
  message: Message;
  retryMs: number;
  cancel(): void;
}

export interface DeliveryDeps {
  store: MessageStore;
  durable(): Promise<void>;
  links: Links;
  /** Nothing is to be sent now; `deliverAll` is called when that is over. */
  isHeld?(): boolean;
  bus: Bus;
  clock: Clock;
  log: Logger;
}

export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #outstanding = new Map<string, Map<string, Outstanding>>();
  /** What is on its way to the links of a session, one after the other: prompts arrive in the order in which they were accepted. */
  readonly #sending = new Map<string, Promise<void>>();
  readonly #laters = new Map<string, () => void>();
  readonly #unsubscribe: () => void;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#unsubscribe = deps.bus.subscribe((events) => {
      for (const event of events) this.#hear(event);
    });
  }

  stop(): void {
    this.#unsubscribe();
    for (const prompts of this.#outstanding.values()) for (const prompt of prompts.values()) prompt.cancel();
    this.#outstanding.clear();
    for (const cancel of this.#laters.values()) cancel();
    this.#laters.clear();
  }

  /** `unwritten`: it could not be written down that it goes, and that is tried again. */
  stateOf(sessionId: string, localId: string): "unconfirmed" | "unwritten" | null {
    if (this.#laters.has(sessionId)) return "unwritten";
    // Others say nothing before the agent has it.
    return confirms(this.#deps.links.of("session", sessionId)) &&
      (this.#sending.has(sessionId) || this.#outstanding.get(sessionId)?.has(localId) === true)
      ? "unconfirmed"
      : null;
  }

  /** A socket of the session came, or a scheduled prompt fell due: everything that waits, oldest first. */
  async deliverAll(sessionId: string, only?: Link): Promise<void> {
    await this.#inTurn(sessionId, async () => {
      const { store, links, clock } = this.#deps;
      if (links.of("session", sessionId).length === 0 || this.#deps.isHeld?.()) return;
      const prompts = await store.deliverable(sessionId, clock.now());
      if (prompts.length === 0) return;
      await store.markSent(
        sessionId,
        prompts.map(({ message }) => message.localId as string),
      );
      // A loss of power that took the mark back would let it be taken back here, although the session has it.
      await this.#deps.durable();
      for (const { message } of prompts) {
        // Taken back before it was marked: the session was not asked, and must not get it.
        if ((await store.holderOf(sessionId, message.localId as string)) === "session") this.#send(sessionId, message, only);
      }
    });
  }

  #inTurn(sessionId: string, work: () => Promise<void>): Promise<void> {
    const mine = (this.#sending.get(sessionId) ?? Promise.resolve()).then(work);
    const tail = mine.catch((cause: unknown) => {
      this.#deps.log.error("prompt.not_sent", { sessionId, cause });
      this.#allLater(sessionId);
    });
    this.#sending.set(sessionId, tail);
    void tail.then(() => {
      if (this.#sending.get(sessionId) === tail) this.#sending.delete(sessionId);
    });
    return mine;
  }

  /** It could not be marked (a full disk): the session is there, and no attach will come for it. */
  #allLater(sessionId: string): void {
    this.#laters.get(sessionId)?.();
    const again = (): void => {
      this.#laters.delete(sessionId);
      ignore(this.deliverAll(sessionId), "said in the log, and tried again");
    };
    this.#laters.set(sessionId, this.#deps.clock.setTimer(firstRetryMs, again));
  }

  /** Accepted while the session was connected. One that is not marked came before that, and goes with the attach. */
  #sendAccepted(sessionId: string, message: Message, holder: PromptHolder | undefined): void {
    if (holder === "session" && !this.#sending.has(sessionId)) {
      this.#send(sessionId, message);
      return;
    }
    const sent = this.#inTurn(sessionId, async () => {
      if ((await this.#deps.store.holderOf(sessionId, message.localId as string)) === "session") this.#send(sessionId, message);
    });
    ignore(sent, "it is sent on the next attach");
  }

  #hear(hubEvent: HubEvent): void {
    const { event } = hubEvent;
    if (event.type === "message-received") {
      const { message } = event;
      const isDue = message.scheduledAt == null || message.scheduledAt <= this.#deps.clock.now();
      if (message.localId !== null && message.invokedAt == null && isDue && hubEvent.origin === undefined)
        this.#sendAccepted(event.sessionId, message, hubEvent.holder);
    } else if (event.type === "messages-consumed" || event.type === "messages-indeterminate") {
      for (const localId of event.localIds) this.#settle(event.sessionId, localId);
    } else if (event.type === "message-stage") this.#settle(event.sessionId, event.localId);
    else if (event.type === "message-cancelled" && event.localId !== undefined) this.#settle(event.sessionId, event.localId);
    else if (event.type === "session-removed") this.#settleAll(event.sessionId);
  }

  #send(sessionId: string, message: Message, only?: Link): void {
    const links = only ? [only] : this.#deps.links.of("session", sessionId);
    if (links.length === 0 || this.#deps.isHeld?.()) return;
    const { id, seq, createdAt, localId, content } = message;
    for (const link of links) {
      const update = this.#deps.links.envelope(link, {
        t: "new-message",
        sid: sessionId,
        message: { id, seq, createdAt, localId, content },
      });
      if (link.traits.confirms) {
        ignore(
          link.request("update", update, ackTimeoutMs).then((answer) => this.#answered(sessionId, localId as string, answer)),
          "without an ack it is sent again",
        );
      } else link.emit("update", update);
    }
    this.#remember(sessionId, message);
  }

  /** Its sender wanted it back, the session took it back, and its answer to that was lost. */
  async #answered(sessionId: string, localId: string, answer: unknown): Promise<void> {
    this.#settle(sessionId, localId);
    if (typeof answer !== "object" || answer === null || !("canceled" in answer) || answer.canceled !== true) return;
    await this.#deps.store.cancel(sessionId, localId, localId);
  }

  #remember(sessionId: string, message: Message): void {
    const localId = message.localId as string;
    const prompts = this.#outstanding.get(sessionId) ?? new Map<string, Outstanding>();
    this.#outstanding.set(sessionId, prompts);
    const known = prompts.get(localId);
    known?.cancel();
    const retryMs = known ? Math.min(known.retryMs * 2, maxRetryMs) : firstRetryMs;
    const cancel = this.#deps.clock.setTimer(retryMs, () => this.#again(sessionId, localId));
    prompts.set(localId, { message, retryMs, cancel });
  }

  #again(sessionId: string, localId: string): void {
    const prompt = this.#outstanding.get(sessionId)?.get(localId);
    if (!prompt) return;
    if (this.#deps.links.of("session", sessionId).length === 0 || this.#deps.isHeld?.()) {
      // It comes with the next attach, or when it may be sent again.
      this.#settle(sessionId, localId);
      return;
    }
    this.#deps.log.debug("prompt.sent_again", { sessionId, localId });
    this.#send(sessionId, prompt.message);
  }

  #settle(sessionId: string, localId: string): void {
    const prompts = this.#outstanding.get(sessionId);
    prompts?.get(localId)?.cancel();
    prompts?.delete(localId);
    if (prompts?.size === 0) this.#outstanding.delete(sessionId);
  }

  #settleAll(sessionId: string): void {
    for (const localId of [...(this.#outstanding.get(sessionId)?.keys() ?? [])]) this.#settle(sessionId, localId);
  }
}
