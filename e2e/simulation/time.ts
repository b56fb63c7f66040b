/**
 * Virtual time for a whole world in one process. Everything that waits is an entry here; between two entries the event loop runs until nothing
 * happens any more (no port was used for a few turns, no file is being written). One seed gives one order of events.
 */
import type { Clock } from "@hapi/platform";

/** Turns of the event loop without a sign of work after which everything that can happen without time has. */
const QUIET_TURNS = 4;

interface Entry {
  at: number;
  order: number;
  run: () => void;
}

/** Whose timers these are: those of a killed process never fire. */
export interface Life {
  readonly alive: boolean;
  readonly clock: Clock;
  /** Never settles once the process is dead: a killed process hears of nothing. */
  wait(ms: number): Promise<void>;
  end(): void;
}

export interface VirtualTime {
  readonly now: number;
  /** Entries that were run. */
  readonly steps: number;
  after(ms: number, run: () => void): () => void;
  life(): Life;
  /** A port was used: somebody is still at work. */
  touch(): void;
  /** Something real (a file) is under way; nothing else happens before it is done. */
  real<T>(work: Promise<T>): Promise<T>;
  /** Runs what falls due next. False: nothing is waiting. */
  step(): Promise<boolean>;
  settle(): Promise<void>;
}

export function createVirtualTime(startMs = 1_700_000_000_000): VirtualTime {
  const heap: Entry[] = [];
  const gone = new WeakSet<Entry>();
  let now = startMs;
  let order = 0;
  let steps = 0;
  let touched = 0;
  let underWay = 0;

  const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

  function push(entry: Entry): void {
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent] as Entry)) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  }

  function pop(): Entry | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  function after(ms: number, run: () => void): () => void {
    touched++;
    const entry: Entry = { at: now + Math.max(0, ms), order: order++, run };
    push(entry);
    return () => void gone.add(entry);
  }

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS;) {
      const before = touched;
      await turn();
      quiet = touched === before && underWay === 0 ? quiet + 1 : 0;
    }
  }

  return {
    get now() {
      return now;
    },
    get steps() {
      return steps;
    },
    after,
    life() {
      let alive = true;
      const guarded = (run: () => void) => (): void => {
        if (alive) run();
      };
      return {
        get alive() {
          return alive;
        },
        clock: { now: () => now, setTimer: (ms, run) => after(ms, guarded(run)) },
        wait: (ms) => new Promise((resolve) => after(ms, guarded(resolve))),
        end() {
          alive = false;
        },
      };
    },
    touch() {
      touched++;
    },
    async real(work) {
      underWay++;
      try {
        return await work;
      } finally {
        underWay--;
        touched++;
      }
    },
    async step() {
      await settle();
      let entry = pop();
      while (entry && gone.has(entry)) entry = pop();
      if (!entry) return false;
      now = entry.at;
      steps++;
      entry.run();
      return true;
    },
    settle,
  };
}
