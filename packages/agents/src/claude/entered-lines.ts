/**
 * Lines that were entered in the terminal, until Claude shows that it has them. It reads its keys in order: what shows a line shows those before it.
 * Pure, but for what it remembers.
 */

/** So long after a line was entered Claude has taken it up, or it was nothing that it tells about. */
export const ENTERED_MS = 6_000;
const MAX_KNOWN = 50;

export interface EnteredLine {
  at: number;
  /** Null: what exactly was typed is not known. */
  text: string | null;
}

/** What Claude showed, from a moment on, and with which words where it says them. */
export interface Proof {
  at: number;
  text?: string | undefined;
}

export interface EnteredLines {
  enter(line: EnteredLine): void;
  proof(proof: Proof, heardAt: number): void;
  /** Nothing that was entered is on its way any more. */
  settle(): void;
  /** How often Claude has shown that it has every line. */
  readonly proven: number;
  /** Oldest first, with their words where they are known. */
  unproven(): readonly EnteredLine[];
  isRecent(now: number): boolean;
}

export const sameWords = (a: string, b: string): boolean => a.replace(/\s/g, "") === b.replace(/\s/g, "");

/** Commands of the terminal are told by no hook, and stand nowhere in the words they were typed in. */
function shows({ at, text }: Proof, line: EnteredLine): boolean {
  const isExact = line.text !== null && !/^[/!]/.test(line.text);
  return isExact ? text !== undefined && sameWords(line.text ?? "", text) : at >= line.at;
}

export function createEnteredLines(): EnteredLines {
  /** `weak`: something was shown since, and not these words. */
  let lines: (EnteredLine & { weak: boolean })[] = [];
  let shown: { text: string; heardAt: number }[] = [];
  let proven = 0;

  function settle(count = lines.length): void {
    lines = lines.slice(count);
    if (lines.length === 0) proven++;
  }

  return {
    enter({ at, text }) {
      lines = [...lines, { at, text, weak: false }].slice(-MAX_KNOWN);
      // What tells of it may have been quicker than the keyboard.
      if (shown.some((one) => one.heardAt >= at && text !== null && sameWords(one.text, text))) settle();
    },
    proof(proof, heardAt) {
      if (proof.text !== undefined) shown = [...shown, { text: proof.text, heardAt }].slice(-MAX_KNOWN);
      const last = lines.findLastIndex((one) => shows(proof, one));
      if (last >= 0) settle(last + 1);
      for (const one of lines) if (proof.at >= one.at) one.weak = true;
    },
    settle: () => settle(),
    get proven() {
      return proven;
    },
    unproven: () => lines.filter((one) => !one.weak).map(({ at, text }) => ({ at, text })),
    isRecent: (now) => lines.some((one) => now - one.at < ENTERED_MS),
  };
}
