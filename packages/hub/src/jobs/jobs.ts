/** Does jobs when they fall due: one timer for each kind, at most a minute ahead, so that a changed clock is noticed. */
import { type Clock, ignore, type Logger } from "@hapi/platform";
import type { Job, JobStore } from "./store.ts";

const maxWaitMs = 60_000;
/** A disk that is full for a moment must not stop them all. */
const againMs = 10_000;
const longestPauseMs = 10 * 60_000;

/**
 * Does what was claimed. A job that it neither ended nor put off is done when it answers; when it throws, it is tried again later, with growing
 * pauses. It may have been done once already by somebody who was killed before that was written.
 */
export type JobHandler = (jobs: readonly Job[]) => Promise<void>;

export interface JobsDeps {
  store: JobStore;
  clock: Clock;
  log: Logger;
}

export class Jobs {
  readonly #deps: JobsDeps;
  readonly #lanes: ReadonlyMap<string, Lane>;

  constructor(deps: JobsDeps, handlers: Readonly<Record<string, JobHandler>>) {
    this.#deps = deps;
    this.#lanes = new Map(Object.entries(handlers).map(([kind, handler]) => [kind, new Lane(deps, kind, handler)]));
  }

  start(): void {
    for (const lane of this.#lanes.values()) ignore(lane.look(), "said in the log, and tried again");
  }

  /** Resolves when nothing more is begun with, and what was begun has ended. */
  async stop(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
  }

  /** After one was put. Resolves when what is due now was tried. */
  look(kind: string): Promise<void> {
    return this.#lane(kind).look();
  }

  /** What these jobs wait for is there. Resolves when they were tried; nobody waits for those of others. */
  async hurry(kind: string, subject: string): Promise<void> {
    await this.#deps.store.hurry(kind, subject, this.#deps.clock.now());
    await this.#lane(kind).doDue({ subject });
  }

  #lane(kind: string): Lane {
    const lane = this.#lanes.get(kind);
    if (!lane) throw new Error(`Nobody does jobs of the kind ${kind}`);
    return lane;
  }
}

class Lane {
  readonly #deps: JobsDeps;
  readonly #kind: string;
  readonly #handler: JobHandler;
  readonly #running = new Set<Promise<void>>();
  #looking: Promise<void> | null = null;
  #isWanted = false;
  #isStopped = false;
  #cancel: () => void = () => undefined;

  constructor(deps: JobsDeps, kind: string, handler: JobHandler) {
    this.#deps = deps;
    this.#kind = kind;
    this.#handler = handler;
  }

  look(): Promise<void> {
    this.#isWanted = true;
    return (this.#looking ??= this.#look().finally(() => (this.#looking = null)));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await Promise.all([this.#looking, ...this.#running]);
  }

  /** All that are due, a few at a time. */
  doDue(options: { subject?: string } = {}): Promise<void> {
    const running = this.#doDue(options).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async #look(): Promise<void> {
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false;
      this.#cancel();
      const waitMs = await this.#doDue({})
        .then(() => this.#untilNext())
        .catch((cause: unknown) => {
          this.#deps.log.error("jobs.failed", { kind: this.#kind, cause });
          return againMs;
        });
      if (waitMs !== null && !this.#isStopped)
        this.#cancel = this.#deps.clock.setTimer(waitMs, () => ignore(this.look(), "said in the log, and tried again"));
    }
  }

  async #untilNext(): Promise<number | null> {
    const next = await this.#deps.store.next(this.#kind);
    return next === null ? null : Math.min(Math.max(0, next - this.#deps.clock.now()), maxWaitMs);
  }

  async #doDue(options: { subject?: string }): Promise<void> {
    const { store, clock } = this.#deps;
    while (!this.#isStopped) {
      const jobs = await store.claim(this.#kind, clock.now(), options);
      if (jobs.length === 0) return;
      await this.#do(jobs);
    }
  }

  async #do(jobs: readonly Job[]): Promise<void> {
    const { store, clock, log } = this.#deps;
    try {
      await this.#handler(jobs);
      for (const job of jobs) await store.done(job);
    } catch (cause) {
      log.error("job.failed", { kind: this.#kind, keys: jobs.slice(0, 5).map(({ key }) => key), cause });
      for (const job of jobs) await store.putOff(job, clock.now() + Math.min(againMs * 2 ** (job.attempts - 1), longestPauseMs));
    }
  }
}
