/** Deleted text leaves the disk: now, or as soon as nobody reads it any more. */
import { type Clock, ignore, type Logger } from "@hapi/platform";
import type { KeepingStore } from "./housekeeping.ts";

const againMs = 2_000;

export interface ScrubberDeps {
  store: Pick<KeepingStore, "scrub">;
  clock: Clock;
  log: Logger;
}

export class Scrubber {
  readonly #deps: ScrubberDeps;
  #cancel: (() => void) | null = null;
  #isStopped = false;

  constructor(deps: ScrubberDeps) {
    this.#deps = deps;
  }

  async scrub(): Promise<void> {
    const { store, clock, log } = this.#deps;
    if ((await store.scrub()) || this.#isStopped) return;
    this.#cancel?.();
    this.#cancel = clock.setTimer(againMs, () => {
      this.#cancel = null;
      const again = this.scrub().catch((cause: unknown) => log.error("database.scrub_failed", { cause }));
      ignore(again, "said in the log");
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }
}
