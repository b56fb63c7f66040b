/**
 * Which lines of a record are news: not those that stood there when the session met the conversation, that came into it as the copy of another's, or
 * that were told before, from the record or from stdout. Of history only the active branch is told. Pure, but for what `met` reads.
 */
import { type Json, str } from "./json.ts";
import type { TailMark, ThreadMark } from "./state.ts";
import type { ClaudeContext } from "./system.ts";
import type { ToldLines } from "./told-lines.ts";
import { type Branch, readBranch } from "./transcript-place.ts";

/** What stood in the record at the first meeting. */
export interface Met {
  /** Lines up to there are history. */
  historyEnd: number;
  /** Of history, the lines on the branch that goes on; empty: not known, or of no use any more. */
  active: ReadonlySet<string>;
  /** Whether the conversation began before these eyes, where that is found out here. */
  fresh?: boolean;
  /** It could not be read: everything up to now may stand there. */
  isUnread?: true;
}

export interface Meeting {
  /** How far it was read before; undefined: never. */
  known: Pick<TailMark, "offset" | "historyEnd"> | undefined;
  /** Begun by this session: nothing that stands there is history. */
  isNew: boolean;
  /** A branch begins with lines of another conversation. */
  isFork: boolean;
}

const NOBODY: ReadonlySet<string> = new Set();

/** Null: the record has to be looked at, with `metInRecord`. */
export function metBefore({ known, isNew }: Meeting): Met | null {
  if (known) return known.offset >= known.historyEnd ? { historyEnd: known.historyEnd, active: NOBODY } : null;
  return isNew ? { historyEnd: 0, active: NOBODY, fresh: true } : null;
}

/** `branch` null: it can't be read. */
export function metInRecord({ known, isFork }: Meeting, branch: Branch | null): Met {
  const active = branch?.active ?? NOBODY;
  if (known) return { historyEnd: known.historyEnd, active };
  if (!branch) return { historyEnd: 0, active, isUnread: true };
  return { historyEnd: branch.end, active, ...(branch.end === 0 ? { fresh: !isFork } : {}) };
}

export async function met(context: ClaudeContext, thread: ThreadMark, meeting: Meeting): Promise<Met> {
  return metBefore(meeting) ?? metInRecord(meeting, await readBranch(context, thread.transcript));
}

export interface LinePast {
  /** Its events are told as of the past. */
  isHistory: boolean;
  /** It was told: its events may go out once more, under their keys. */
  isAgain: boolean;
  /** Told from stdout, or of a branch that was left. */
  isLeftOut: boolean;
  isNews: boolean;
}

export interface PastLines {
  /** `end`: the offset behind the line. */
  of(line: Json, end: number): LinePast;
  readonly historyEnd: number;
  /** The file begins anew; null: what it holds now can't be read. */
  reset(branch: Branch | null): void;
}

export interface PastBegin {
  met: Met;
  /** Lines that the record of another conversation has: this one branched off from it. */
  copied: ReadonlySet<string> | undefined;
  told: ToldLines;
}

export function createPastLines({ met: begin, copied, told }: PastBegin): PastLines {
  let { active, historyEnd } = begin;
  return {
    of(line, end) {
      const uuid = str(line["uuid"]);
      const isBefore = end <= historyEnd;
      const isAgain = told.isOld(line);
      const isCopied = uuid !== undefined && copied?.has(uuid) === true;
      const isOffBranch = uuid !== undefined && (isBefore || isAgain) && active.size > 0 && !active.has(uuid);
      return {
        isHistory: isBefore || isCopied,
        isAgain,
        isLeftOut: told.has(uuid) || isOffBranch,
        isNews: !isBefore && !isAgain && !isCopied && !told.has(uuid),
      };
    },
    get historyEnd() {
      return historyEnd;
    },
    reset(branch) {
      historyEnd = 0;
      told.upToNow();
      active = branch?.active ?? active;
    },
  };
}
