/**
 * The session's thread on its server: what is heard of it becomes events, in the order in which it was said, and each record carries the state that
 * belongs to it. While the thread is read (`catch-up.ts`), and while the session has no room for more, what is heard waits (`intake.ts`).
 */
import { ignore } from "@hapi/platform/lean";
import type { DriverContext, DriverEvent } from "../driver.ts";
import type { RpcId } from "../shared/jsonrpc.ts";
import { createIntake } from "./intake.ts";
import type { Heard, LinkEvents, ServerLink } from "./link.ts";
import { createLiveText, type LiveText } from "./live-text.ts";
import { notified } from "./notifications.ts";
import { asked, requestIdOf } from "./requests.ts";
import { type CodexState, record, STATE_KEY, type Translation } from "./state.ts";
import { endTurn } from "./turns.ts";
import { wasHanded } from "./prompts.ts";

/** A thread in an error tells it as the end of its turn, too; not for ever is that waited for. */
const SYSTEM_ERROR_MS = 3_000;
const NOT_AVAILABLE = -32601;

type RequestClosed = Extract<DriverEvent, { type: "request-closed" }>;

export interface ThreadDeps {
  context: DriverContext;
  state: CodexState;
  unknown(place: string, word: string): void;
  /** More was said than could wait for room: what is missing is in the thread, which is to be joined anew. Absent: nobody listens. */
  missed?(thread: Thread): void;
}

export const RETRY_PENDING = "pending";

export class Thread {
  readonly state: CodexState;
  readonly live: LiveText = createLiveText();
  link: ServerLink | null = null;
  /** Turns that `retry` began; `RETRY_PENDING` while the id of one is not known. */
  readonly retries = new Set<string>();
  /** Prompts that were sent, and the server has not answered. */
  readonly onTheirWay = new Set<string>();
  readonly #context: DriverContext;
  readonly #unknown: ThreadDeps["unknown"];
  readonly #to: Translation;
  readonly #told = new Set<string>();
  readonly #warnings = new Set<string>();
  readonly #closings = new Map<string, ((closed: RequestClosed) => void)[]>();
  readonly #intake = createIntake({
    take: (message) => this.#take(message),
    full: () => this.#context.log.warn("codex.too_much_waits", {}),
    missed: () => this.#missed?.(this),
    failed: (cause) => this.#context.log.warn("codex.not_told", { cause }),
  });
  readonly #missed: ThreadDeps["missed"];
  #events: DriverEvent[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor({ context, state, unknown, missed }: ThreadDeps) {
    const { clock, log, memory } = context;
    this.#context = context;
    this.#unknown = unknown;
    this.#missed = missed;
    this.state = state;
    this.#to = {
      state,
      log,
      unknown,
      isOurs: (clientId) => wasHanded(memory, clientId),
      handed: (localId) => this.#handed(localId),
      isOnItsWay: (localId) => this.onTheirWay.has(localId),
      now: () => clock.now(),
      emit: (event) => void this.#events.push(event),
    };
  }

  /** Told of what comes on the connection. */
  get events(): Pick<LinkEvents, "heard" | "garbage"> {
    return {
      heard: this.#intake.heard,
      garbage: (sample) => {
        this.#unknown("garbage", "message");
        this.#context.log.warn("codex.bad_message", { sample });
      },
    };
  }

  /** Runs a change of the state and tells what comes of it; the last record carries the state. */
  change<T>(action: (to: Translation) => T): T {
    const result = action(this.#to);
    const events = this.#events;
    this.#events = [];
    const last = events.findLastIndex((event) => event.type === "record");
    for (const [at, event] of events.entries()) {
      if (event.type === "request-closed") this.#tellClosed(event);
      this.#context.emit(at === last && event.type === "record" ? { ...event, checkpoint: this.#snapshot() } : event);
    }
    const room = last < 0 ? undefined : this.#context.room?.();
    if (room) this.#intake.waitFor(room);
    return result;
  }

  commit(more: Record<string, unknown> = {}): Promise<void> {
    return this.#context.memory.commit({ ...this.#snapshot(), ...more });
  }

  /** What is heard waits until this is over. */
  holding<T>(work: () => Promise<T>): Promise<T> {
    return this.#intake.holding(work);
  }

  /** Not everything that was said was heard, and nothing is heard any more. */
  get isBehind(): boolean {
    return this.#intake.isBehind;
  }

  /** The server has ended: what waits for room is the last of it. */
  takeAll(): void {
    this.#intake.takeAll();
  }

  /** How a request ended, for certain. */
  closed(requestId: string): Promise<RequestClosed> {
    return new Promise((resolve) => this.#closings.set(requestId, [...(this.#closings.get(requestId) ?? []), resolve]));
  }

  close(): void {
    this.#cancelTimer?.();
    this.#intake.close();
    this.link?.close();
  }

  #snapshot(): Record<string, unknown> {
    return { [STATE_KEY]: structuredClone(this.state) };
  }

  #handed(localId: string): void {
    if (this.#told.has(localId)) return;
    this.#told.add(localId);
    this.#events.push({ type: "stage", localId, stage: "handed" });
  }

  #tellClosed(event: RequestClosed): void {
    if (event.certain === false) return;
    for (const hear of this.#closings.get(event.id) ?? []) hear(event);
    this.#closings.delete(event.id);
  }

  #take({ id, method, params }: Heard): void {
    if (id !== undefined) return this.#asked(id, { method, params });
    this.change((to) =>
      notified(
        {
          to,
          live: this.live,
          isRetry: (turnId) => this.retries.has(turnId) || this.retries.has(RETRY_PENDING),
          systemError: () => this.#systemError(),
          warned: (kind, words) => this.#warned(kind, words),
        },
        method,
        params,
      ),
    );
  }

  #asked(id: RpcId, message: Pick<Heard, "method" | "params">): void {
    const known = this.state.requests[requestIdOf(this.state.launchId, id)];
    // Asked again after a crash: it was answered before, and the server has not heard it.
    if (known?.answered && !known.resolved) return this.link?.reply(id, known.reply);
    // An open request is no record, and must be known all the same.
    if (this.change((to) => asked(to, id, message))) return ignore(this.commit(), "the ledger ends this process where it can't write");
    const { method, params } = message;
    this.#unknown("request", method);
    this.#context.log.warn("codex.request_refused", { method });
    const key = `${this.state.launchId}:request:${id}`;
    this.change((to) => record(to, { key }, { type: "unknown", id: key, raw: { method, params } }));
    this.link?.refuse(id, { code: NOT_AVAILABLE, message: `"${method}" is not available in this client` });
  }

  #systemError(): void {
    const { turn } = this.state;
    if (!turn) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#context.clock.setTimer(SYSTEM_ERROR_MS, () => {
      if (this.state.turn !== turn) return;
      const failure = { code: "server_error" as const, message: "Codex thread entered systemError", retryable: true };
      this.change((to) => endTurn(to, turn, { outcome: "failed", failure }));
    });
  }

  /** Each once. */
  #warned(kind: string, words: string): void {
    if (words === "" || this.#warnings.has(words)) return;
    this.#warnings.add(words);
    const key = `${this.state.launchId}:${kind}:${this.#warnings.size}`;
    record(this.#to, { key }, { type: "notice", id: key, text: words, level: "warning" });
  }
}
