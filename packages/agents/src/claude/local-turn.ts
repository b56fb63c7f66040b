/**
 * Whether a Claude in the terminal is at work, decided in this one place from everything it says about itself. Pure: signs and times in, a verdict
 * out. Three sources, none of which comes in time or in order: its transcript (complete, in order, up to seconds behind), its status file (its own
 * word with the moment of the change), its hooks (side by side with the terminal, in any order). All their times are of one machine's clock.
 *
 * Invariants: a turn is over where the record says so, behind its last word. Claude is free once it says `idle` and nothing newer speaks against it,
 * also while the record still lags. Every wait for a sign has a bound: nothing waits for what has passed.
 */
import { CONFIRM_MS, createAnnouncedWords } from "./announced-words.ts";
import { createEnteredLines, type EnteredLine } from "./entered-lines.ts";

export type LocalSign =
  /** The transcript: `at` is the line's own time. */
  | { type: "turn"; running: boolean; at: number }
  | { type: "line"; at: number; promptId?: string | undefined; final: boolean; text?: string | undefined }
  | { type: "queue"; queue: readonly string[]; taken: boolean; at: number }
  /** The status file; undefined where there is none. `since`: when Claude changed it. */
  | { type: "status"; status: string | undefined; since: number }
  /** UserPromptSubmit, and the end of a turn before the person's own hooks are done. They arrive late. */
  | { type: "prompt-hook"; promptId?: string | undefined; text?: string | undefined }
  | { type: "stop-hook" }
  /** The person pressed Enter behind words; null: what exactly was typed is not known. */
  | { type: "entered"; at: number; text: string | null }
  /** Another conversation in the same terminal, with what its record has read so far: a turn that is open there, what waits in its queue. */
  | { type: "session"; turnAt?: number | undefined; queue?: readonly string[] | undefined };

export interface Verdict {
  /** A handoff now would break something off, or lose it. */
  working: boolean;
  because: "turn" | "dialog" | "queue" | "prompt" | "entered" | null;
  /** The record is silent about the end of a turn that is over by Claude's own word. */
  recordOver: boolean;
  /** Whether anything says that it came to its end: an answer as the record's last word, or the Stop hook. Esc, and a process that died, say nothing. */
  told: boolean;
}

/** A status that stays `busy` behind the record's end of a turn: the person's own hooks still run, or it is not kept any more. */
export const STATUS_LATE_MS = 10_000;
/** A record that ends with an answer lacks only the mark behind it. */
export const MARK_LATE_MS = 500;
/** A record that stops in the middle is still being written. */
export const RECORD_LATE_MS = 8_000;
/** An idle Claude takes what waits in its queue at once. */
export const QUEUE_LATE_MS = 4_000;
/** Where Claude keeps no status, its Stop hook and a silent transcript stand for it. */
export const SILENCE_MS = 3_000;
const MAX_KNOWN = 50;

interface Expected {
  kind: "prompt" | "taken";
  at: number;
  promptId?: string | undefined;
}

export interface LocalTurn {
  sign(sign: LocalSign, now: number): void;
  verdict(now: number): Verdict;
  /** What waits in the terminal's own queue. */
  readonly queue: readonly string[];
  /** How often Claude has shown that it has every line that was entered. */
  readonly proven: number;
  /** The lines that were entered and of which Claude has shown nothing, oldest first, with their words where they are known. */
  unproven(): readonly EnteredLine[];
  /** A hook announced words of which the record shows nothing yet: whether they run or wait in the queue is not known. */
  isUnwritten(now: number): boolean;
}

const isIdle = (status: string | undefined): boolean => status === "idle" || status === "shell";

export function createLocalTurn(begin: { turnAt?: number | undefined; queue?: readonly string[] | undefined } = {}): LocalTurn {
  let turn: { at: number } | null = begin.turnAt === undefined ? null : { at: begin.turnAt };
  let queue: readonly string[] = begin.queue ?? [];
  let queueAt = 0;
  let lineAt = begin.turnAt ?? 0;
  let final = false;
  let endedAt = 0;
  /** When these last reached us. */
  let heardRecord = 0;
  let heardStatus = 0;
  let heardStop = 0;
  let status: string | undefined;
  let since = 0;
  let expected: Expected[] = [];
  let promptIds: string[] = [];
  const entered = createEnteredLines();
  const words = createAnnouncedWords();

  function onRecord(sign: Extract<LocalSign, { type: "turn" | "line" | "queue" }>, now: number): void {
    heardRecord = now;
    entered.proof({ at: sign.at, text: sign.type === "line" ? sign.text : undefined }, now);
    if (sign.type === "queue") {
      const added = sign.queue.length > queue.length ? sign.queue.at(-1) : undefined;
      if (added !== undefined) {
        entered.proof({ at: sign.at, text: added }, now);
        words.wrote(added, now);
      }
      queue = sign.queue;
      queueAt = sign.at;
      if (sign.taken) expected = [...expected, { kind: "taken", at: sign.at }];
      return;
    }
    expected = expected.filter((one) => !(one.kind === "taken" && one.at <= sign.at));
    if (sign.type === "turn") {
      turn = sign.running ? { at: sign.at } : null;
      if (!sign.running) endedAt = Math.max(endedAt, sign.at);
      lineAt = Math.max(lineAt, sign.at);
      final = false;
      return;
    }
    lineAt = Math.max(lineAt, sign.at);
    final = sign.final;
    const { promptId, text } = sign;
    if (text !== undefined) words.wrote(text, now);
    if (promptId === undefined || promptIds.includes(promptId)) return;
    promptIds = [...promptIds, promptId].slice(-MAX_KNOWN);
    expected = expected.filter((one) => one.promptId !== promptId);
  }

  function sign(next: LocalSign, now: number): void {
    switch (next.type) {
      case "turn":
      case "line":
      case "queue":
        return onRecord(next, now);
      case "status":
        if (next.status !== status || next.since !== since) heardStatus = now;
        status = next.status;
        since = next.since;
        if (status === "busy" || status === "waiting") entered.proof({ at: since }, now);
        return;
      case "prompt-hook":
        entered.proof({ at: 0, text: next.text }, now);
        if (next.text !== undefined) words.announced(next.text, now);
        // Of a line typed behind a running turn Claude names that turn's id.
        if (next.promptId === undefined || !promptIds.includes(next.promptId))
          expected = [...expected, { kind: "prompt" as const, at: now, promptId: next.promptId }].slice(-MAX_KNOWN);
        return;
      case "stop-hook":
        heardStop = now;
        return;
      case "entered":
        entered.enter(next);
        return;
      case "session":
        turn = next.turnAt === undefined ? null : { at: next.turnAt };
        queue = next.queue ?? [];
        expected = [];
        words.forget();
        entered.settle();
        return;
    }
  }

  /** Claude says that it is idle, and nothing in the record is newer than that. */
  function isFree(now: number): boolean {
    if (status !== undefined) return isIdle(status) && (!turn || since > lineAt);
    if (!turn) return true;
    return heardStop >= turn.at && now - Math.max(heardStop, heardRecord) >= SILENCE_MS;
  }

  function isExpected(now: number): boolean {
    expected = expected.filter((one) => now - one.at < CONFIRM_MS && !(isIdle(status) && since > one.at));
    return expected.length > 0;
  }

  function isQueued(now: number): boolean {
    if (queue.length === 0) return false;
    const idle = isIdle(status) && since > queueAt;
    return !(idle && now - Math.max(heardStatus, heardRecord) >= QUEUE_LATE_MS);
  }

  /** Busy by its own word, unless the record has a later end than that word and the next word does not come. */
  function isBusy(now: number): boolean {
    if (status !== "busy" && status !== "waiting") return false;
    if (turn || endedAt < since) return true;
    return now - heardRecord < STATUS_LATE_MS;
  }

  /** An idle status older than the record: it lags, or (a Stop hook and silence say so) it is not kept any more. */
  function isRunning(now: number): boolean {
    if (!turn || isFree(now)) return false;
    const stale = isIdle(status) && heardStop >= heardRecord && now - heardStop >= RECORD_LATE_MS;
    return !stale;
  }

  /** Of a turn that another session process watched the Stop hook may have come there: it is not judged. */
  function isToldOver(): boolean {
    return final || (turn !== null && (heardStop >= turn.at || turn.at === begin.turnAt));
  }

  function why(now: number): Verdict["because"] {
    if (isBusy(now)) return status === "waiting" ? "dialog" : "turn";
    if (isRunning(now)) return "turn";
    if (isQueued(now)) return "queue";
    if (isExpected(now)) return "prompt";
    return entered.isRecent(now) ? "entered" : null;
  }

  return {
    sign,
    verdict(now) {
      const because = why(now);
      const silent = now - Math.max(heardRecord, heardStatus);
      const recordOver = turn !== null && because === null && silent >= (final ? MARK_LATE_MS : RECORD_LATE_MS);
      return { working: because !== null, because, recordOver, told: isToldOver() };
    },
    get queue() {
      return queue;
    },
    get proven() {
      return entered.proven;
    },
    unproven: entered.unproven,
    isUnwritten: words.isOpen,
  };
}
