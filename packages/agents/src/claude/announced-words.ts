/** Words that a hook announced and the record does not show yet. Hook and record tell of a line in any order. Pure, but for what it remembers. */
import { sameWords } from "./entered-lines.ts";

/** A prompt that a hook announced or the queue gave away shows in status or record within this, or it came to nothing. */
export const CONFIRM_MS = 3_000;
const MAX_KNOWN = 50;

interface Words {
  text: string;
  at: number;
}

export interface AnnouncedWords {
  announced(text: string, now: number): void;
  wrote(text: string, now: number): void;
  isOpen(now: number): boolean;
  forget(): void;
}

export function createAnnouncedWords(): AnnouncedWords {
  let open: Words[] = [];
  /** What the record showed before its hook came. */
  let early: Words[] = [];
  const isRecent =
    (now: number) =>
    ({ at }: Words): boolean =>
      now - at < CONFIRM_MS;

  return {
    announced(text, now) {
      early = early.filter(isRecent(now));
      if (!take(early, text)) open = [...open, { text, at: now }].slice(-MAX_KNOWN);
    },
    wrote(text, now) {
      if (!take(open, text)) early = [...early.filter(isRecent(now)), { text, at: now }];
    },
    isOpen: (now) => open.some(isRecent(now)),
    forget() {
      open = [];
    },
  };
}

/** Takes the same words out of `list` once; true when they were there. */
function take(list: Words[], text: string): boolean {
  const at = list.findIndex((one) => sameWords(one.text, text));
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}
