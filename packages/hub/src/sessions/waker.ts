/**
 * Prompts accepted for a session that is not there: the session is started for them, at once or when its machine comes. A start that fails
 * is told at the prompt; it is tried again when the machine comes back, when a person asks, or with the next prompt, and by itself where the
 * reason was a moment's (the machine could not reach the hub, or did not answer in time; a disk was full).
 */
import type { Clock, Logger } from "@hapi/platform";
import { ignore } from "@hapi/platform";
import { AppError, errorCodes, errorFacts, toAppError } from "@hapi/protocol";
import type { MessageStore } from "../messages/store.ts";
import type { Resume } from "./resume.ts";
import type { SessionStore } from "./store.ts";

/** Sessions started at the same time when a machine comes back with many waiting prompts. */
const maxAtOnce = 2;
/** A session that ends again and again right after its start is not started for ever. */
const maxStarts = 3;
const startsWindowMs = 5 * 60_000;
const maxHopeless = 1_000;
const maxPauses = 1_000;
/** Nothing was wrong with the session; between such starts the pause grows. */
const passing = new Set(["hub_unreachable", "rpc_timeout", "agent_away", "timeout", "not_ready", "database_full", "disk_failed"]);
const firstPauseMs = 2_000;
const longestPauseMs = 60_000;

export interface WakerDeps {
  sessions: SessionStore;
  messages: MessageStore;
  resume: Resume;
  clock: Clock;
  log: Logger;
}

export class Waker {
  readonly #deps: WakerDeps;
  #queue: string[] = [];
  #running = 0;
  readonly #starts = new Map<string, number[]>();
  readonly #hopeless = new Set<string>();
  readonly #underWay = new Set<string>();
  /** Asked for while a start was under way: should that fail, once more. */
  readonly #askedMeanwhile = new Set<string>();
  readonly #pauses = new Map<string, { ms: number; cancel: () => void }>();

  constructor(deps: WakerDeps) {
    this.#deps = deps;
  }

  wake(sessionId: string): void {
    this.#pauses.get(sessionId)?.cancel();
    if (this.#underWay.has(sessionId)) this.#askedMeanwhile.add(sessionId);
    else if (!this.#queue.includes(sessionId)) this.#queue.push(sessionId);
    this.#next();
  }

  /** Nothing is started by itself any more. */
  close(): void {
    for (const pause of this.#pauses.values()) pause.cancel();
    this.#pauses.clear();
  }

  /** It ended or its lease ran out, with prompts that were accepted to be run. */
  async ended(sessionId: string): Promise<void> {
    const waiting = await this.#deps.messages.waitingToWake(this.#deps.clock.now());
    const session = await this.#deps.sessions.get(sessionId);
    // What can't be started stays so until somebody does something about it.
    if (session && waiting.includes(session.id) && !this.#hopeless.has(session.id)) this.wake(session.id);
  }

  /** The machine can start sessions now. */
  async machineReady(machineId: string): Promise<void> {
    for (const id of await this.#deps.messages.waitingToWake(this.#deps.clock.now())) {
      const session = await this.#deps.sessions.get(id);
      if (session?.metadata?.machineId === machineId) this.wake(id);
    }
  }

  #next(): void {
    if (this.#running >= maxAtOnce) return;
    const sessionId = this.#queue.shift();
    if (sessionId === undefined) return;
    this.#running += 1;
    this.#underWay.add(sessionId);
    ignore(
      this.#wakeOne(sessionId).finally(() => {
        this.#running -= 1;
        this.#underWay.delete(sessionId);
        if (this.#askedMeanwhile.delete(sessionId)) this.wake(sessionId);
        this.#next();
      }),
      "failures are told at the prompt",
    );
  }

  async #wakeOne(sessionId: string): Promise<void> {
    const session = await this.#deps.sessions.get(sessionId);
    if (!session || session.active || session.metadata?.lifecycleState === "archived") return;
    try {
      this.#countStart(sessionId);
      await this.#deps.resume.resume(session);
      this.#hopeless.delete(sessionId);
      this.#pauses.delete(sessionId);
    } catch (cause) {
      const { code, message, retryable } = realCause(toAppError(cause));
      if (retryable) this.#hopeless.delete(sessionId);
      else this.#rememberHopeless(sessionId);
      this.#deps.log.info("session.not_woken", { sessionId, code });
      // First of all: on a full disk nothing can be told at the prompt.
      if (passing.has(code)) this.#againLater(sessionId);
      const waiting = await this.#deps.messages.deliverable(sessionId, this.#deps.clock.now());
      const localIds = waiting.flatMap(({ message: row }) => (row.localId === null ? [] : [row.localId]));
      await this.#deps.messages.note(sessionId, localIds, { code, message, retryable });
    }
  }

  #againLater(sessionId: string): void {
    // It did not start: that is no start that ended at once.
    this.#starts.get(sessionId)?.pop();
    const ms = Math.min((this.#pauses.get(sessionId)?.ms ?? firstPauseMs / 2) * 2, longestPauseMs);
    const cancel = this.#deps.clock.setTimer(ms, () => ignore(this.ended(sessionId), "the prompt stays queued"));
    this.#pauses.set(sessionId, { ms, cancel });
    const [oldest] = this.#pauses.keys();
    if (this.#pauses.size <= maxPauses || oldest === undefined) return;
    this.#pauses.get(oldest)?.cancel();
    this.#pauses.delete(oldest);
  }

  #rememberHopeless(sessionId: string): void {
    this.#hopeless.add(sessionId);
    if (this.#hopeless.size > maxHopeless) this.#hopeless.delete(this.#hopeless.values().next().value as string);
  }

  #countStart(sessionId: string): void {
    const now = this.#deps.clock.now();
    const recent = (this.#starts.get(sessionId) ?? []).filter((at) => now - at < startsWindowMs);
    if (recent.length >= maxStarts) throw new AppError("resume_failed", "The session ended each time right after it was started");
    this.#starts.delete(sessionId);
    this.#starts.set(sessionId, [...recent, now]);
    if (this.#starts.size > 1_000) this.#starts.delete(this.#starts.keys().next().value as string);
  }
}

/** What the machine or the agent said, where it is known: that, not "it failed", is what the person can act on. */
function realCause(error: AppError): { code: string; message: string; retryable: boolean } {
  const { code, message, retryable, details } = error;
  const known = errorCodes.find((one) => one === details["cause"]);
  return known ? { code: known, message, retryable: errorFacts(known).retryable } : { code, message, retryable };
}
