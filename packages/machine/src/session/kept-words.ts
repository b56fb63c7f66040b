/**
 * Words that a person typed and no agent has: what stood in the terminal's input line or its queue when it was left, and what was typed at the
 * remote screen. Kept through restarts, told in the history, and put back into the terminal's input line, never sent.
 */
import type { DriverEvent, DriverLog, DriverMemory } from "@hapi/agents";

const KEY = "hapi.keptWords";
const MAX_KEPT = 16_384;

export interface KeptWords {
  /** The agent's own screen was left. */
  left(event: Extract<DriverEvent, { type: "unsent" }>): void;
  /** Typed at the remote screen, which is being left. */
  typed(words: string): void;
  /** For the terminal's input line; undefined: none. */
  readonly text: string | undefined;
  /** They stand there now. */
  putBack(): void;
}

export interface KeptWordsDeps {
  memory: DriverMemory;
  agent: string;
  notice(text: string, level: "info" | "warning"): void;
  /** Whether there are any, for who begins the terminal before a session process is there. */
  changed(has: boolean): void;
  log: DriverLog;
}

const STAND_THERE = "These words stand in the input line when you take the terminal back.";
const TOO_LONG = "They are too long to be put back into the input line: copy them from here.";
const quoted = (words: readonly string[]): string => words.map((one) => `“${one}”`).join(", ");

export function createKeptWords(deps: KeptWordsDeps): KeptWords {
  let kept = deps.memory.get<string>(KEY) ?? "";

  /** Whether there was room for them: an input line takes no more. */
  function keep(words: readonly string[]): boolean {
    const all = [kept, ...words].filter((one) => one !== "").join("\n");
    if (all.length > MAX_KEPT) return false;
    kept = all;
    deps.changed(kept !== "");
    deps.memory.commit({ [KEY]: kept }).catch((cause: unknown) => deps.log.warn("session.words_not_kept", { cause }));
    return true;
  }

  return {
    left({ queued, entered, line }) {
      const unsent = [...queued, ...(entered == null ? [] : [entered])];
      const known = [...unsent, ...(line == null ? [] : [line])];
      const fits = known.length === 0 || keep(known);
      const sentences = [
        ...(unsent.length > 0
          ? [`${deps.agent} had not taken up what was entered in the terminal: ${quoted(unsent)}. It was not sent.`]
          : []),
        ...(line == null ? [] : [`Half-typed in the terminal: ${quoted([line])}.`]),
        ...(known.length > 0 ? [fits ? STAND_THERE : TOO_LONG] : []),
        ...(entered === null ? [`It is not certain that ${deps.agent} took up the line that was entered last in the terminal.`] : []),
        ...(line === null ? ["What stood half-typed in the terminal's input line could not be kept."] : []),
      ];
      const loud = !fits || line === null || unsent.length > 0 || entered === null;
      if (sentences.length > 0) deps.notice(sentences.join(" "), loud ? "warning" : "info");
    },
    typed(words) {
      if (words.trim() === "" || keep([words.trimEnd()])) return;
      deps.notice(`Typed at the remote screen, and not sent: ${quoted([words.trimEnd()])}. ${TOO_LONG}`, "warning");
    },
    get text() {
      return kept === "" ? undefined : kept;
    },
    putBack() {
      if (kept === "") return;
      kept = "";
      keep([]);
    },
  };
}
