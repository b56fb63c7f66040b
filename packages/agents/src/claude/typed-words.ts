/**
 * Words of a person that are in the terminal alone: what stands in its input line, what was entered, and what waits in Claude's own queue. The end
 * of the process takes them along, so whoever ends it keeps them.
 */
import type { TypedLine } from "@hapi/host";
import type { InputLine } from "./input-line.ts";
import type { EnteredLine } from "./entered-lines.ts";
import type { LocalTurn } from "./local-turn.ts";
import { unsentWords } from "./unsent-words.ts";

/** A line entered longer ago than this, and shown nowhere, went to some menu. */
const ENTERED_LATELY_MS = 15_000;
/** Of lines that were entered: as many as may wait in the queue. */
const MAX_TYPED = 100;

export interface TypedWords {
  /** Answers the line that was entered with it, the first time it is told. `status`: Claude's own; of one that is not up yet there is none. */
  typed(typed: TypedLine, status: string | undefined): EnteredLine | null;
  /** The process is being ended: from here on the terminal's words are kept. */
  keep(queue: readonly string[]): void;
  /** Claude's queue changed after that: what is added is kept too, what was taken up is not told as unsent. */
  queueChanged(change: { from: readonly string[]; to: readonly string[]; taken: boolean }): void;
  /** With how many waited, and when those were entered that Claude has not shown; for the log. */
  unsent(turn: Pick<LocalTurn, "queue" | "unproven">, now: number): Unsent;
}

export interface Unsent {
  queued: string[];
  entered: string | null | undefined;
  line: string | null;
  waiting: number;
  unprovenAt: number[];
}

export function createTypedWords(input: InputLine): TypedWords {
  let enteredAt: number | null = null;
  let typedWords: string[] = [];
  let kept: { queued: string[]; line: string | null } | null = null;

  return {
    typed(typed, status) {
      input.typed(typed, status);
      const { entered } = typed;
      if (!entered || entered.at === enteredAt) return null;
      enteredAt = entered.at;
      if (entered.text !== null) typedWords = [...typedWords, entered.text].slice(-MAX_TYPED);
      return entered;
    },
    keep(queue) {
      kept = { queued: [...queue], line: input.text };
    },
    queueChanged({ from, to, taken }) {
      if (!kept) return;
      const left = taken ? without(kept.queued, without(from, to)) : kept.queued;
      kept.queued = [...left, ...without(to, from)];
    },
    unsent(turn, now) {
      const { queued: waiting, line } = kept ?? { queued: turn.queue, line: input.text };
      const unproven = turn.unproven().filter((one) => now - one.at < ENTERED_LATELY_MS);
      const words = unsentWords({ waiting, typed: typedWords, unproven });
      return { ...words, line, waiting: waiting.length, unprovenAt: unproven.map(({ at }) => at) };
    },
  };
}

/** Each of the second list is taken out of the first once. */
function without(all: readonly string[], some: readonly string[]): string[] {
  const rest = [...some];
  return all.filter((one) => {
    const at = rest.indexOf(one);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
