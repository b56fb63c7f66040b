/**
 * What stands in the terminal's input line, told only where there is no doubt: it began empty or with known words, every key since was a letter, and
 * none of them went to a dialog. An Enter leaves a line behind it that is known to be empty once Claude has shown that it took the words.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import type { TypedLine } from "@hapi/host";
import { attempt } from "@hapi/platform/lean";
import { configDir } from "./paths.ts";
import type { Home } from "./system.ts";

export interface InputLine {
  /** `elsewhere`: a dialog is on the screen, or nothing that takes words yet. */
  typed(typed: TypedLine, elsewhere: boolean): void;
  /** The words that were entered last went to Claude. */
  proven(): void;
  /** Its own keys of a program are pressed: no longer known. */
  unknown(): void;
  /** Null: something may stand there, and nobody knows what. */
  readonly text: string | null;
}

/** `letters`: false where letters may be commands (vim keys). */
/** `text`: null where nobody saw how it began. */
export function createInputLine(begin: { text: string | null; letters: boolean }): InputLine {
  /** What stood there before the first key of the host's line. */
  let before: string | null = begin.letters ? begin.text : null;
  let last: TypedLine = { line: "", hasWords: false, isCleared: false, entered: null };
  /** Up to where the keys of the host's line are accounted for, and which of them went to Claude; the others went to a dialog. Null: not known. */
  let strayed: { upTo: string | null; kept: string } = { upTo: "", kept: "" };

  /** What of the host's line went to Claude; null: not known. */
  function taken(line: string | null): string | null {
    const { upTo, kept } = strayed;
    return line !== null && upTo !== null && line.startsWith(upTo) ? kept + line.slice(upTo.length) : null;
  }

  return {
    typed(typed, elsewhere) {
      const stood = taken(last.line);
      const isNew = typed.entered !== null && typed.entered.at !== last.entered?.at;
      const isEmptied = typed.isCleared && !last.isCleared;
      if (isNew && !elsewhere) {
        before = null;
        strayed = { upTo: "", kept: "" };
      }
      if (typed.isCleared && begin.letters) before = "";
      if (isEmptied) strayed = { upTo: "", kept: "" };
      last = typed;
      // An Enter that a dialog got as well: what stood there before it stands there still.
      if (elsewhere) strayed = stood === null ? { upTo: null, kept: "" } : { upTo: typed.line, kept: isEmptied ? "" : stood };
    },
    proven() {
      if (begin.letters) before = "";
    },
    unknown() {
      before = null;
    },
    get text() {
      const line = taken(last.line);
      if (line !== null) {
        if (before !== null) return before + line;
        return line === "" ? "" : null;
      }
      return last.hasWords || strayed.kept !== "" || (before ?? "") !== "" ? null : "";
    },
  };
}

const VIM = /"editorMode"\s*:\s*"vim"/;

/** Claude's own setting (2.1.329: in `.claude.json`, later also in its settings). */
export function hasVimKeys({ env, system: { files } }: Home): boolean {
  const paths = [join(env["CLAUDE_CONFIG_DIR"] || env["HOME"] || homedir(), ".claude.json"), join(configDir(env), "settings.json")];
  return paths.some((path) => VIM.test(attempt(() => files.text(path), "not every home has it") ?? ""));
}
