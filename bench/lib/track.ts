/** Was anything lost, doubled or out of order: for what a reader was told, and for what a hub stored. */
import { markIn } from "./messages.ts";

export interface Faults {
  lost: number;
  doubled: number;
  outOfOrder: number;
}

/** What one reader saw of several sessions' counted messages. */
export class Track {
  count = 0;
  doubled = 0;
  outOfOrder = 0;
  readonly #seen: Set<number>[];
  readonly #last: number[];

  constructor(sessions: number) {
    this.#seen = Array.from({ length: sessions }, () => new Set());
    this.#last = Array.from({ length: sessions }, () => -1);
  }

  /** True for what was not seen before. */
  add(session: number, index: number): boolean {
    const seen = this.#seen[session]!;
    if (seen.has(index)) {
      this.doubled++;
      return false;
    }
    seen.add(index);
    this.count++;
    if (index < this.#last[session]!) this.outOfOrder++;
    else this.#last[session] = index;
    return true;
  }

  /** `sent` is the number of messages of each session. */
  faults(sent: readonly number[]): Faults {
    let lost = 0;
    sent.forEach((count, session) => {
      for (let index = 0; index < count; index++) if (!this.#seen[session]!.has(index)) lost++;
    });
    return { lost, doubled: this.doubled, outOfOrder: this.outOfOrder };
  }
}

export interface StoredRow {
  id: string;
  seq: number;
  content: unknown;
}

export interface StoredFaults extends Faults {
  /** Rows whose `seq` does not grow. */
  badSeq: number;
}

/** A session's stored rows, oldest first, against `count` messages that were sent to it. */
export function storedFaults(rows: readonly StoredRow[], tag: string, session: number, count: number): StoredFaults {
  const track = new Track(1);
  let badSeq = 0;
  let lastSeq = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    if (row.seq <= lastSeq) badSeq++;
    lastSeq = row.seq;
    const mark = markIn(JSON.stringify(row.content), tag);
    if (mark?.session === session) track.add(0, mark.index);
  }
  return { ...track.faults([count]), badSeq };
}

export const isFaulty = (faults: Faults | StoredFaults): boolean => Object.values(faults).some((count) => count > 0);

export const describeFaults = (faults: Faults | StoredFaults): string =>
  Object.entries(faults)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
