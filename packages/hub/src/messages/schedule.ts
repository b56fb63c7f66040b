/** Scheduled prompts fall due by one timer set to the next of them (at most a minute ahead, so that a changed clock is noticed). */
import type { Clock, Logger } from "@hapi/platform";
import { ignore } from "@hapi/platform";
import type { MessageStore } from "./store.ts";

const maxWaitMs = 60_000;
const againMs = 10_000;

export interface ScheduleDeps {
  store: MessageStore;
  clock: Clock;
  log: Logger;
  onDue(sessionId: string): void;
}

export class Schedule {
  readonly #deps: ScheduleDeps;
  #lookedUntil: number;
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(deps: ScheduleDeps) {
    this.#deps = deps;
    this.#lookedUntil = deps.clock.now();
  }

  /** Call after a scheduled prompt was accepted. */
  look(): void {
    this.#guard(this.#arm());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #arm(): Promise<void> {
    // A clock that ran ahead and was set right: what falls due between then and now must not be passed over.
    this.#lookedUntil = Math.min(this.#lookedUntil, this.#deps.clock.now());
    const next = await this.#deps.store.nextScheduled(this.#lookedUntil);
    this.#cancel();
    if (this.#stopped || next === null) return;
    const waitMs = Math.min(Math.max(0, next - this.#deps.clock.now()), maxWaitMs);
    this.#cancel = this.#deps.clock.setTimer(waitMs, () => this.#guard(this.#due()));
  }

  /** A disk that is full for a moment must not stop all schedules. */
  #guard(work: Promise<void>): void {
    const kept = work.catch((cause: unknown) => {
      this.#deps.log.error("schedule.failed", { cause });
      this.#cancel();
      if (!this.#stopped) this.#cancel = this.#deps.clock.setTimer(againMs, () => this.look());
    });
    ignore(kept, "said in the log, and tried again");
  }

  async #due(): Promise<void> {
    const now = this.#deps.clock.now();
    const sessions = await this.#deps.store.matured(this.#lookedUntil, now);
    this.#lookedUntil = now;
    for (const id of sessions) this.#deps.onDue(id);
    await this.#arm();
  }
}
