/** Scheduled prompts fall due by one timer set to the next of them (at most a minute ahead, so that a changed clock is noticed). */
import type { Clock, Logger } from "@hapi/platform";
import { ignore } from "@hapi/platform";
import type { MessageStore } from "./store.ts";

const maxWaitMs = 60_000;

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
    ignore(
      this.#arm().catch((cause) => this.#deps.log.error("schedule.failed", { reason: String(cause) })),
      "said in the log",
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #arm(): Promise<void> {
    const next = await this.#deps.store.nextScheduled(this.#lookedUntil);
    this.#cancel();
    if (this.#stopped || next === null) return;
    const waitMs = Math.min(Math.max(0, next - this.#deps.clock.now()), maxWaitMs);
    this.#cancel = this.#deps.clock.setTimer(waitMs, () => {
      ignore(
        this.#due().catch((cause) => this.#deps.log.error("schedule.failed", { reason: String(cause) })),
        "said in the log",
      );
    });
  }

  async #due(): Promise<void> {
    const now = this.#deps.clock.now();
    const sessions = await this.#deps.store.matured(this.#lookedUntil, now);
    this.#lookedUntil = now;
    for (const id of sessions) this.#deps.onDue(id);
    await this.#arm();
  }
}
