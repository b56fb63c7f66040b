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
  /** `status`: Claude's own. With `waiting` a dialog has the keys; without one it is not up yet, and nobody knows what has them. */
  typed(typed: TypedLine, status: string | undefined): void;
  /** The words that were entered last went to Claude. */
  proven(): void;
  /** Its own keys of a program are pressed: no longer known. */
  unknown(): void;
  /** Null: something may stand there, and nobody knows what. */
  readonly text: string | null;
  /** What the host's keys do not say of it, for a session process that comes after this one; null: they say it all. */
  readonly hidden: HiddenLine | null;
}

/** A host gathers keys for so long before it tells of them; with what the way takes. */
const TOLD_LATE_MS = 200;

/**
 * Claude's status when keys were pressed that are told of at `now` (Unix ms). Undefined: nobody knows. A dialog that came up only just before may
 * have got them, or the line.
 */
export function statusAtKeys({ status, statusSince }: { status?: string; statusSince?: number }, now: number): string | undefined {
  return status === "waiting" && statusSince !== undefined && now - statusSince < TOLD_LATE_MS ? undefined : status;
}

/** What stands in the line, or may, although a dialog took the Enter behind it, or keys among it. */
export interface HiddenLine {
  /** What stood there before the first key; null: not known. */
  before: string | null;
  /** Of the keys up to here a dialog got those that are not in `kept`. Null: not known which. */
  upTo: string | null;
  kept: string;
  isCleared: boolean;
  /** When the Enter was seen behind which all this is so. */
  enteredAt: number | null;
}

/** Up to where the keys of the host's line are accounted for, and which of them went to Claude; the others went to a dialog. Null: not known. */
interface Strayed {
  upTo: string | null;
  kept: string;
}

const NONE: Strayed = { upTo: "", kept: "" };
const UNKNOWN: Strayed = { upTo: null, kept: "" };

/** `stood`: what Claude had of the line before. An Enter that a dialog got leaves that in the line as well. Null: these went into the line. */
function strayedBy({ line, hasWords }: TypedLine, status: string | undefined, stood: string | null): Strayed | null {
  if (status === "waiting") return stood === null ? UNKNOWN : { upTo: line, kept: stood };
  return status === undefined && hasWords ? UNKNOWN : null;
}

/** The host's line then, as far as it matters: what is told of it next is compared with this. */
const asItWas = ({ upTo, isCleared, enteredAt }: HiddenLine): TypedLine => ({
  line: upTo,
  hasWords: false,
  isCleared,
  entered: enteredAt === null ? null : { at: enteredAt, text: null },
});

/** `letters`: false where letters may be commands (vim keys). */
/** `text`: null where nobody saw how it began. */
/** `hidden`: of the same line, by the session process before this one; goes before `text`. */
export function createInputLine(begin: { text: string | null; letters: boolean; hidden?: HiddenLine | null }): InputLine {
  const { hidden } = begin;
  /** What stood there before the first key of the host's line. */
  let before: string | null = begin.letters ? (hidden ? hidden.before : begin.text) : null;
  let last: TypedLine = hidden ? asItWas(hidden) : { line: "", hasWords: false, isCleared: false, entered: null };
  let strayed: Strayed = hidden ? { upTo: hidden.upTo, kept: hidden.kept } : NONE;

  /** What of the host's line went to Claude; null: not known. */
  function taken(line: string | null): string | null {
    const { upTo, kept } = strayed;
    return line !== null && upTo !== null && line.startsWith(upTo) ? kept + line.slice(upTo.length) : null;
  }

  return {
    typed(typed, status) {
      const stood = taken(last.line);
      const isNew = typed.entered !== null && typed.entered.at !== last.entered?.at;
      const isEmptied = typed.isCleared && !last.isCleared;
      if (isNew && status !== "waiting") {
        before = null;
        strayed = NONE;
      }
      if (typed.isCleared && begin.letters) before = "";
      if (isEmptied) strayed = NONE;
      last = typed;
      strayed = strayedBy(typed, status, isEmptied ? "" : stood) ?? strayed;
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
    get hidden() {
      const { upTo, kept } = strayed;
      if (kept === "" && upTo !== null) return null;
      return { before, upTo, kept, isCleared: last.isCleared, enteredAt: last.entered?.at ?? null };
    },
  };
}

const VIM = /"editorMode"\s*:\s*"vim"/;

/** Claude's own setting (2.1.329: in `.claude.json`, later also in its settings). */
export function hasVimKeys({ env, system: { files } }: Home): boolean {
  const paths = [join(env["CLAUDE_CONFIG_DIR"] || env["HOME"] || homedir(), ".claude.json"), join(configDir(env), "settings.json")];
  return paths.some((path) => VIM.test(attempt(() => files.text(path), "not every home has it") ?? ""));
}
