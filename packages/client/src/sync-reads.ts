/**
 * Reads of the hub's state beside a stream of its changes. Who puts an answer in must apply, after it, the events that arrived since it was
 * asked for; an answer asked for before a gap became known proves nothing about what came in it and is asked for again.
 */
import type { SyncEvent } from "@hapi/protocol";

/** Events kept for one read; a read during which more come is made again. */
const MAX_RECORDED = 20_000;

interface Recorder {
  events: SyncEvent[];
  isFull: boolean;
}

export interface Reads {
  heard(event: SyncEvent): void;
  /** `settle` gets the answer and what to apply again after it; it runs at once, so that no event falls in between. */
  read<T>(call: () => Promise<T>, settle: (answer: T, missed: readonly SyncEvent[]) => void): Promise<void>;
}

export function createReads(): Reads {
  const recorders = new Set<Recorder>();
  let gaps = 0;

  return {
    heard(event) {
      if (event.type === "connection-changed") {
        if (event.data.resume === "gap") gaps += 1;
        return;
      }
      for (const recorder of recorders) {
        if (recorder.events.length < MAX_RECORDED) recorder.events.push(event);
        else recorder.isFull = true;
      }
    },
    async read(call, settle) {
      for (;;) {
        const recorder: Recorder = { events: [], isFull: false };
        const before = gaps;
        recorders.add(recorder);
        try {
          const answer = await call();
          if (before === gaps && !recorder.isFull) return settle(answer, recorder.events);
        } finally {
          recorders.delete(recorder);
        }
      }
    },
  };
}
