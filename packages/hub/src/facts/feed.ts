/**
 * Gives stored facts to consumers that must not miss one: each has a name, under which the place up to where it has taken them survives a restart
 * and a kill -9. At least once: what was being taken when the hub ended is given again. A consumer that fails is asked again with growing pauses
 * and holds up nobody but itself; how old news may be is its own word.
 */
import { type Clock, delay, ignore, LATE, type Logger, within } from "@hapi/platform";
import { type FactKind, type SyncEvent, AppError } from "@hapi/protocol";
import type { Bus } from "../events/bus.ts";
import type { FactStore, StoredFacts } from "./store.ts";

export interface FactConsumer {
  /** Its cursor's. A name that was never heard begins with what comes from then on. */
  readonly name: string;
  /** Records with one of these are given to it, whole; the others are passed. */
  readonly kinds: readonly FactKind[];
  /** What is older than this is passed over, also when taking it has failed until then. */
  readonly maxAgeMs: number;
  /** So many may be in its hands at once; absent: one after the other, in their order. */
  readonly atOnce?: number;
  /** Done when it resolves. A second time for the same record means that the first may not have come to its end. */
  take(record: StoredFacts): Promise<void>;
}

export interface FactFeedDeps {
  store: FactStore;
  bus: Bus;
  clock: Clock;
  log: Logger;
  /** What was read so far will not be taken back. */
  settled(): Promise<unknown>;
}

const batch = 100;
const takeMs = 30_000;
const firstPauseMs = 1_000;
const maxPauseMs = 60_000;
/** A cursor that only passed over what does not concern its consumer is kept this late: nothing is lost without it. */
const keepPassedMs = 5_000;

export interface FactFeed {
  start(): void;
  /** Resolves when nothing of it touches the store any more; what is in a consumer's hands then is given again by the next hub. */
  stop(): Promise<void>;
}

export function createFactFeed(deps: FactFeedDeps, consumers: readonly FactConsumer[]): FactFeed {
  const runners = consumers.map((consumer) => new Runner(deps, consumer));
  let unsubscribe = (): void => undefined;
  return {
    start() {
      unsubscribe = deps.bus.subscribe((events) => {
        for (const { event } of events) if (event.type === "facts") for (const runner of runners) runner.heard(event);
      });
      for (const runner of runners) runner.wake();
    },
    async stop() {
      unsubscribe();
      await Promise.all(runners.map((runner) => runner.stop()));
    },
  };
}

class Runner {
  readonly #deps: FactFeedDeps;
  readonly #consumer: FactConsumer;
  readonly #kinds: ReadonlySet<string>;
  readonly #stopping = new AbortController();
  /** Places of what is in its hands, in their order. */
  readonly #open = new Set<number>();
  /** How many are in its hands, or were and have no cursor behind them yet. */
  #busy = 0;
  /** The last one that was given or passed; null: its cursor was not read yet. */
  #given: number | null = null;
  #kept = 0;
  #running: Promise<void> | null = null;
  #isWoken = false;
  #pauseMs = firstPauseMs;
  #cancelAgain: (() => void) | null = null;
  #cancelKeep: (() => void) | null = null;
  /** Its hands are full: somebody waits for room in them. */
  #onRoom: () => void = () => undefined;

  constructor(deps: FactFeedDeps, consumer: FactConsumer) {
    this.#deps = deps;
    this.#consumer = consumer;
    this.#kinds = new Set(consumer.kinds);
  }

  /** Whoever has nothing to catch up on passes over what does not concern it without reading. */
  heard(event: Extract<SyncEvent, { type: "facts" }>): void {
    if (this.#given !== null && event.place <= this.#given) return;
    if (this.#running === null && this.#given !== null && !this.#concerns(event.facts)) return this.#passed(event.place);
    this.wake();
  }

  wake(): void {
    this.#isWoken = true;
    if (this.#running !== null || this.#isStopped) return;
    const running = this.#run().catch((cause: unknown) => this.#failed(cause));
    this.#running = running;
    ignore(
      running.then(() => this.#rest()),
      "a failure was told to the log",
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new AppError("not_ready", "The hub is stopping"));
    this.#cancelAgain?.();
    this.#cancelKeep?.();
    this.#onRoom();
    await this.#running;
    if (this.#given !== null) await this.#keep();
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #rest(): void {
    this.#running = null;
    if (this.#isWoken && this.#cancelAgain === null) this.wake();
  }

  async #run(): Promise<void> {
    const { store, settled } = this.#deps;
    if (this.#given === null) this.#kept = this.#given = await store.cursor(this.#consumer.name);
    while (this.#isWoken && !this.#isStopped) {
      this.#isWoken = false;
      let records: StoredFacts[];
      do {
        records = await store.after(this.#given, batch);
        await settled();
        for (const record of records) await this.#give(record);
      } while (records.length === batch && !this.#isStopped);
    }
    this.#pauseMs = firstPauseMs;
  }

  async #give(record: StoredFacts): Promise<void> {
    while (this.#busy >= (this.#consumer.atOnce ?? 1) && !this.#isStopped)
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve;
      });
    if (this.#isStopped) return;
    if (!this.#concerns(record.facts)) return this.#passed(record.place);
    this.#given = record.place;
    this.#open.add(record.place);
    this.#busy += 1;
    ignore(this.#taken(record), "its cursor is kept with the next one");
  }

  async #taken(record: StoredFacts): Promise<void> {
    await this.#take(record);
    if (this.#isStopped) return;
    this.#open.delete(record.place);
    try {
      await this.#keep();
    } finally {
      this.#busy -= 1;
      this.#onRoom();
    }
  }

  /** Again and again, until it is done, too old, or nobody's any more. */
  async #take(record: StoredFacts): Promise<void> {
    const { clock, log } = this.#deps;
    const { name, maxAgeMs } = this.#consumer;
    const { place } = record;
    for (let pauseMs = firstPauseMs; !this.#isStopped; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
      if (clock.now() - record.at > maxAgeMs) return log.info("facts.too_old", { consumer: name, place });
      try {
        if ((await within(clock, takeMs, this.#consumer.take(record))) !== LATE) return;
        log.warn("facts.take_late", { consumer: name, place });
      } catch (cause) {
        log.warn("facts.take_failed", { consumer: name, place, cause });
      }
      await delay(pauseMs, { clock, signal: this.#stopping.signal });
    }
  }

  #failed(cause: unknown): void {
    const { clock, log } = this.#deps;
    if (this.#isStopped) return;
    log.error("facts.feed_failed", { consumer: this.#consumer.name, cause });
    this.#cancelAgain = clock.setTimer(this.#pauseMs, () => {
      this.#cancelAgain = null;
      this.wake();
    });
    this.#pauseMs = Math.min(2 * this.#pauseMs, maxPauseMs);
  }

  #concerns(facts: readonly { kind: string }[]): boolean {
    return facts.some(({ kind }) => this.#kinds.has(kind));
  }

  #passed(place: number): void {
    this.#given = place;
    this.#cancelKeep ??= this.#deps.clock.setTimer(keepPassedMs, () => {
      this.#cancelKeep = null;
      ignore(this.#keep(), "it is kept with the next one");
    });
  }

  /** Up to the first one that is still in its hands. */
  async #keep(): Promise<void> {
    const [first] = this.#open;
    const place = first === undefined ? (this.#given ?? 0) : first - 1;
    if (place <= this.#kept) return;
    await this.#deps.store.moveCursor(this.#consumer.name, place);
    this.#kept = Math.max(this.#kept, place);
  }
}
