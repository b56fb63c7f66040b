/**
 * The input line of one launch, over session processes: what of it the host's keys don't tell is kept in the session's marks as soon as it is so.
 * Without that a process that takes up a line whose Enter went to a dialog would take it for empty, and its words would go without a sound.
 */
import { createInputLine, type HiddenLine, hasVimKeys, type InputLine } from "./input-line.ts";
import { commitMarks, readMark } from "./state.ts";
import type { ClaudeContext } from "./system.ts";

/** `text`: what stands there at the beginning; null where nobody saw. */
export function createKeptLine(context: ClaudeContext, launchId: string, text: string | null): InputLine {
  const mark = readMark(context, "claude.line");
  let kept: HiddenLine | null = mark?.launchId === launchId ? mark.hidden : null;
  const line = createInputLine({ text, letters: !hasVimKeys(context), hidden: kept });

  function keep(): void {
    const { hidden } = line;
    if (JSON.stringify(hidden) === JSON.stringify(kept)) return;
    kept = hidden;
    commitMarks(context, { "claude.line": { launchId, hidden } }).catch((cause: unknown) => {
      context.log.warn("claude.line_not_kept", { cause });
    });
  }

  keep();
  return {
    typed(typed, status) {
      line.typed(typed, status);
      keep();
    },
    proven() {
      line.proven();
      keep();
    },
    unknown() {
      line.unknown();
      keep();
    },
    get text() {
      return line.text;
    },
    get hidden() {
      return line.hidden;
    },
  };
}
