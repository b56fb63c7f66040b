/** What of the terminal's queue and last entered line was a person's and went nowhere. Pure. */

export interface LeftWords {
  /** What waits in the terminal's own queue. */
  waiting: readonly string[];
  /** The lines that the person was seen to enter, as far as their words are known. */
  typed: readonly string[];
  /** The lines that were entered just now and of which Claude has shown nothing, oldest first; words that are not known are null. */
  unproven: readonly { text: string | null }[];
}

/** How a report of a background task begins (2.1.329, 2.1.332; the latter cuts it off in its queue). The queue's lines don't say who each is from. */
const TASK_REPORT = /^<task-notification>\s*<task-id>[^<]+<\/task-id>/;
const bare = (words: string): string => words.replace(/\s/g, "");

export function unsentWords({ waiting, typed, unproven }: LeftWords): { queued: string[]; entered: string | null | undefined } {
  const own = new Set(typed.map(bare));
  // What is doubtful is kept: a report that is named once too often does less harm than words that vanish.
  const queued = waiting.filter((words) => own.has(bare(words)) || !TASK_REPORT.test(words));
  // A command of Claude's own stands nowhere in the words it was entered in, so whether it was taken up is not certain; nor is it entered again.
  const isCertain = ({ text }: { text: string | null }): boolean => text !== null && !text.startsWith("/");
  const known = unproven.filter(isCertain).map(({ text }) => text ?? "");
  if (known.length < unproven.length) return { queued: [...queued, ...known], entered: null };
  return { queued: [...queued, ...known.slice(0, -1)], entered: known.at(-1) };
}
