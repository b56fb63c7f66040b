/**
 * Prompts accepted for a session that is not there: the session is started for them, at once or when its machine comes. A start that fails
 * is told at the prompt; it is tried again when the machine comes back (a few times an hour), when a person asks, or with the next prompt, and by itself where the
 * reason passes (the machine could not reach the hub, or did not answer in time; a disk was full; another process has the conversation; the
 * host was killed while it started).
 */
import type { Clock, Logger } from "@hapi/platform";
import { ignore } from "@hapi/platform";
import { AppError, errorCodes, errorFacts, toAppError } from "@hapi/protocol";
import type { MessageStore } from "../messages/store.ts";
import type { MachineRef } from "../rpc/rpc.ts";
import type { Resume } from "./resume.ts";
import type { SessionStore } from "./store.ts";
import { WakerMemory, type WakeState } from "./waker-memory.ts";

/** Sessions started at the same time when a machine comes back with many waiting prompts. */
const maxAtOnce = 2;
/** Nothing was wrong with the session; between such starts the pause grows. */
const passing = new Set([
  "hub_unreachable",
  "rpc_timeout",
  "agent_away",
  "timeout",
  "not_ready",
  "database_full",
  "disk_failed",
  "thread_in_use",
  "host_gone",
]);
/** What is not there yet comes, and says so: nothing failed, and no timer is needed. */
const comesAgain = new Set(["no_machine_online", "hub_locked"]);
/** It did not come up, and nobody said why: a busy machine, or a session that never will. */
const unexplained = new Set(["resume_failed", "rpc_result_invalid"]);

export interface WakerDeps {
  sessions: Pick<SessionStore, "get">;
  messages: Pick<MessageStore, "waitingToWake" | "deliverable" | "note">;
  resume: Pick<Resume, "resume">;
  /** Online, and its runner takes orders. */
  canStart(machine: MachineRef): boolean;
  /** With the computer's name: one that registers anew is the same. */
  machineOf(machineId: string): Promise<{ namespace: string; host: string | undefined } | null>;
  clock: Clock;
  log: Logger;
}

export class Waker {
  readonly #deps: WakerDeps;
  #queue: string[] = [];
  #running = 0;
  readonly #memory: WakerMemory;
  readonly #underWay = new Map<string, number>();
  readonly #queuedAt = new Map<string, number>();
  /** Asked for while a start was under way: should that fail, once more. */
  readonly #askedMeanwhile = new Set<string>();
  /** Each has prompts that left the hub's queue and that its agent never got: no row says that they wait. */
  readonly #holding = new Set<string>();
  /** It ended while its start was under way: that start may have been told as good before. */
  readonly #endedMeanwhile = new Set<string>();

  constructor(deps: WakerDeps) {
    this.#deps = deps;
    this.#memory = new WakerMemory(deps.clock);
  }

  /** A person wants it to run: whatever went wrong before does not count. */
  asked(sessionId: string): void {
    this.#memory.forgetStarts(sessionId);
    this.wake(sessionId);
  }

  /**
   * Its machine came back, or an agent that was missing is there: that may have helped. Where it did not, several times, the session is what is
   * wrong, and the next such event starts nothing: a pause ends by itself, and a refusal is a person's to end.
   */
  tryAnew(sessionId: string): void {
    if (this.#underWay.has(sessionId) || this.#memory.isClean(sessionId)) return this.wake(sessionId);
    if (this.#memory.anew(sessionId)) return this.wake(sessionId);
    this.#deps.log.info("session.not_tried_anew", { sessionId, state: this.stateOf(sessionId)?.state ?? null });
    // Nothing is planned for it: it is counted as any other start.
    if (this.stateOf(sessionId) === null) this.wake(sessionId);
  }

  wake(sessionId: string): void {
    this.#memory.endPause(sessionId);
    if (this.#underWay.has(sessionId)) this.#askedMeanwhile.add(sessionId);
    else if (!this.#queue.includes(sessionId)) {
      this.#queue.push(sessionId);
      this.#queuedAt.set(sessionId, this.#deps.clock.now());
    }
    this.#next();
  }

  /** It ended with prompts of its own that are to be run: if not now, when its machine can start it. */
  wakeHolder(sessionId: string): void {
    this.#holding.add(sessionId);
    this.wake(sessionId);
  }

  /** It runs, whoever started it: nothing stands in the way any more. */
  cameUp(sessionId: string): void {
    this.#holding.delete(sessionId);
    this.#memory.started(sessionId);
  }

  /** It took a prompt: its starts were good. */
  ran(sessionId: string): void {
    this.#memory.forgetStarts(sessionId);
  }

  /** What is done for its prompts, null: nothing. */
  stateOf(sessionId: string): WakeState | null {
    const startingSince = this.#underWay.get(sessionId) ?? (this.#queue.includes(sessionId) ? this.#queuedAt.get(sessionId) : undefined);
    return startingSince === undefined ? this.#memory.stateOf(sessionId) : { state: "starting", since: startingSince };
  }

  /** Nothing is started by itself any more. */
  close(): void {
    this.#memory.close();
  }

  /** It ended or its lease ran out, with prompts that were accepted to be run. */
  async ended(sessionId: string): Promise<void> {
    if (this.#underWay.has(sessionId)) {
      // The start that is under way knows best what that means; its failure has a plan of its own.
      this.#endedMeanwhile.add(sessionId);
      return;
    }
    await this.#wakeWaiting(sessionId);
  }

  async #wakeWaiting(sessionId: string): Promise<void> {
    const waiting = await this.#deps.messages.waitingToWake(this.#deps.clock.now());
    const session = await this.#deps.sessions.get(sessionId);
    // What can't be started stays so until somebody does something about it, and a pause has its own end.
    if (session && waiting.includes(session.id) && this.stateOf(session.id) === null) this.wake(session.id);
  }

  /** The machine may be able to start sessions now: it came online, or its runner can be told what to do. Both are needed, in any order. */
  async machineReady(machineId: string): Promise<void> {
    const machine = await this.#deps.machineOf(machineId);
    if (!machine || !this.#deps.canStart({ id: machineId, namespace: machine.namespace })) return;
    const waiting = new Set([...(await this.#deps.messages.waitingToWake(this.#deps.clock.now())), ...this.#holding]);
    for (const id of waiting) {
      const { namespace, metadata } = (await this.#deps.sessions.get(id)) ?? {};
      // Of somebody else's sessions a name says nothing.
      if (namespace !== machine.namespace) continue;
      if (metadata?.machineId === machineId || (machine.host !== undefined && metadata?.host === machine.host)) this.tryAnew(id);
    }
  }

  #next(): void {
    if (this.#running >= maxAtOnce) return;
    const sessionId = this.#queue.shift();
    if (sessionId === undefined) return;
    this.#running += 1;
    this.#underWay.set(sessionId, this.#deps.clock.now());
    this.#queuedAt.delete(sessionId);
    ignore(
      this.#wakeOne(sessionId).finally(() => {
        this.#running -= 1;
        this.#underWay.delete(sessionId);
        if (this.#askedMeanwhile.delete(sessionId)) this.wake(sessionId);
        if (this.#endedMeanwhile.delete(sessionId)) ignore(this.#wakeWaiting(sessionId), "the prompt stays queued");
        this.#next();
      }),
      "failures are told at the prompt",
    );
  }

  async #wakeOne(sessionId: string): Promise<void> {
    const session = await this.#deps.sessions.get(sessionId);
    if (!session || session.active || session.metadata?.lifecycleState === "archived") return;
    try {
      if (!this.#memory.countStart(sessionId))
        throw new AppError("resume_failed", "The session ended each time right after it was started");
      await this.#deps.resume.resume(session);
      this.#memory.started(sessionId);
    } catch (cause) {
      const { code, message, retryable } = realCause(toAppError(cause));
      this.#deps.log.info("session.not_woken", { sessionId, code });
      // First of all: on a full disk nothing can be told at the prompt.
      this.#planAfter(sessionId, code);
      const waiting = await this.#deps.messages.deliverable(sessionId, this.#deps.clock.now());
      const localIds = waiting.flatMap(({ message: row }) => (row.localId === null ? [] : [row.localId]));
      await this.#deps.messages.note(sessionId, localIds, { code, message, retryable });
    }
  }

  #planAfter(sessionId: string, code: string): void {
    const again = (): void => this.wake(sessionId);
    if (comesAgain.has(code)) {
      this.#memory.uncountStart(sessionId);
      this.#memory.started(sessionId);
    } else if (passing.has(code)) {
      // It did not start: that is no start that ended at once.
      this.#memory.uncountStart(sessionId);
      this.#memory.pause(sessionId, code, again);
    } else if (unexplained.has(code) && this.#memory.mayStart(sessionId)) this.#memory.pause(sessionId, code, again);
    else this.#memory.refuse(sessionId, code);
  }
}

/** What the machine or the agent said, where it is known: that, not "it failed", is what the person can act on. */
function realCause(error: AppError): { code: string; message: string; retryable: boolean } {
  const { code, message, retryable, details } = error;
  const known = errorCodes.find((one) => one === details["cause"]);
  return known ? { code: known, message, retryable: errorFacts(known).retryable } : { code, message, retryable };
}
