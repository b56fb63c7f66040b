/**
 * A database in memory, for tests: tables that can take changes back, one piece of work after the other, and a log. It shares no code with
 * the one on the disk, and everything takes a turn of the event loop, as where the database is another process.
 */
import type { PromptHolder } from "@hapi/core";
import { LATE, systemClock, within } from "@hapi/platform";
import { AppError, type SseCapability, type SyncEvent } from "@hapi/protocol";
import type { Passkey } from "../../../src/auth/passkeys/store.ts";
import type { Credential } from "../../../src/auth/store.ts";
import type { Bus } from "../../../src/events/bus.ts";
import type { LogEntry } from "../../../src/events/event-log.ts";
import { HubEvent } from "../../../src/events/hub-event.ts";
import type { StoredFacts } from "../../../src/facts/store.ts";
import type { Stop } from "../../../src/sessions/stops.ts";
import type { StoredAttachment } from "../../../src/uploads/store.ts";
import type { JobRow, MachineRow, MessageRow, SessionRow } from "./rows.ts";

const unitMs = 10_000;

/** Rows are replaced, never changed. */
export class Table<Row> {
  readonly #rows = new Map<string, Row>();
  readonly #undo: (() => void)[];

  constructor(undo: (() => void)[]) {
    this.#undo = undo;
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  all(where: (row: Row, key: string) => boolean = () => true): Row[] {
    return [...this.#rows].flatMap(([key, row]) => (where(row, key) ? [row] : []));
  }

  put(key: string, row: Row): Row {
    const [isKnown, before] = [this.#rows.has(key), this.#rows.get(key) as Row];
    this.#rows.set(key, row);
    this.#undo.push(() => (isKnown ? this.#rows.set(key, before) : this.#rows.delete(key)));
    return row;
  }

  drop(key: string): boolean {
    const before = this.#rows.get(key) as Row;
    if (!this.#rows.delete(key)) return false;
    this.#undo.push(() => this.#rows.set(key, before));
    return true;
  }
}

export interface Told {
  namespace: string;
  event: SyncEvent;
  ref?: string;
  needs?: SseCapability;
  origin?: string;
  holder?: PromptHolder;
}

/** What one piece of work may do. */
export interface Work {
  /** Logged with it and told after it. @returns its place */
  log(told: Told): number;
  /** Told after it. */
  notify(told: Told): void;
}

/** How a store asks: in a turn of its own, or inside a transaction. */
export type Run = <T>(work: (it: Work) => T) => Promise<T>;

export class MemoryDatabase {
  readonly #undo: (() => void)[] = [];
  readonly sessions = new Table<SessionRow>(this.#undo);
  readonly aliases = new Table<string>(this.#undo);
  readonly messages = new Table<MessageRow>(this.#undo);
  readonly withdrawn = new Table<number>(this.#undo);
  readonly machines = new Table<MachineRow>(this.#undo);
  readonly stops = new Table<Stop>(this.#undo);
  readonly credentials = new Table<Credential>(this.#undo);
  readonly passkeys = new Table<Passkey>(this.#undo);
  readonly jobs = new Table<JobRow>(this.#undo);
  readonly attachments = new Table<StoredAttachment>(this.#undo);
  readonly facts = new Table<StoredFacts>(this.#undo);
  readonly cursors = new Table<number>(this.#undo);
  readonly entries = new Table<LogEntry & { namespace: string; at: number }>(this.#undo);
  readonly floors = new Table<number>(this.#undo);
  head = 0;
  #tail: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** One after the other, reads too: nobody sees what may be taken back. */
  run<T>(bus: Bus, now: () => number, work: (it: Work) => T | Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new AppError("not_ready", "The hub is stopping"));
    const mine = this.#tail.then(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      const recorded: HubEvent[] = [];
      const value = await this.#whole(() => work(this.#recorder(recorded, now)));
      this.#undo.length = 0;
      if (recorded.length > 0) bus.publish(recorded);
      return value;
    });
    this.#tail = mine.catch(() => undefined);
    return mine;
  }

  transaction<T>(bus: Bus, now: () => number, work: (run: Run) => Promise<T>): Promise<T> {
    return this.run(bus, now, async (it) => {
      let isOver = false;
      const run: Run = async (step) => {
        await Promise.resolve();
        if (isOver) throw new AppError("not_ready", "This transaction is over");
        return this.#step(() => step(it));
      };
      const value = await within(systemClock, unitMs, work(run)).finally(() => (isOver = true));
      if (value === LATE) throw new AppError("timeout", "A transaction waited for something else than its stores");
      return value;
    });
  }

  /** Everybody who came before has been answered. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  async close(): Promise<void> {
    await this.#tail;
    this.#isClosed = true;
  }

  async #whole<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      this.#takeBack(0);
      throw cause;
    }
  }

  #step<T>(work: () => T): T {
    const mark = this.#undo.length;
    try {
      return work();
    } catch (cause) {
      this.#takeBack(mark);
      throw cause;
    }
  }

  #takeBack(mark: number): void {
    for (const undo of this.#undo.splice(mark).reverse()) undo();
  }

  #recorder(recorded: HubEvent[], now: () => number): Work {
    // What is taken back is told to nobody.
    const record = (event: HubEvent): void => {
      recorded.push(event);
      this.#undo.push(() => void recorded.splice(recorded.indexOf(event), 1));
    };
    return {
      notify: (told) => record(new HubEvent(told)),
      log: (told) => {
        const { namespace, event, ref = null } = told;
        const seq = ++this.head;
        const hubEvent = new HubEvent({ ...told, seq });
        const entity = hubEvent.sessionId === undefined ? `machine:${hubEvent.machineId}` : `session:${hubEvent.sessionId}`;
        this.entries.put(String(seq), { namespace, seq, type: event.type, entity, ref, at: now() });
        record(hubEvent);
        return seq;
      },
    };
  }
}
