/**
 * Words that a person typed and no agent has: what stood in the terminal's input line or its queue when it was left, and what was typed at the
 * remote screen. Kept through restarts, told in the history, and put back into the terminal's input line, never sent.
 */
import type { DriverEvent, DriverLog, DriverMemory } from "@hapi/agents";
import { noticeWords, type NoticeWords } from "@hapi/protocol";

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
  notice(words: NoticeWords, level: "info" | "warning"): void;
  /** Whether there are any, for who begins the terminal before a session process is there. */
  changed(has: boolean): void;
  log: DriverLog;
}

const quoted = (one: string): string => `“${one}”`;

/** `fits`: they stand in the input line. Null: there are none. */
function saying(agent: string, unsent: readonly string[], line: string | null | undefined, fits: boolean): NoticeWords | null {
  const entered = unsent.map(quoted);
  if (line == null)
    return entered.length === 0 ? null : noticeWords(fits ? "words_unsent" : "words_unsent_long", { agent, unsent: entered });
  const typed = quoted(line);
  if (entered.length === 0) return noticeWords(fits ? "words_half_typed" : "words_half_typed_long", { typed });
  return noticeWords(fits ? "words_both" : "words_both_long", { agent, unsent: entered, typed });
}

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
      const said = saying(deps.agent, unsent, line, fits);
      if (said) deps.notice(said, !fits || unsent.length > 0 ? "warning" : "info");
      if (entered === null) deps.notice(noticeWords("entered_uncertain", { agent: deps.agent }), "warning");
      if (line === null) deps.notice(noticeWords("half_typed_lost"), "warning");
    },
    typed(words) {
      if (words.trim() === "" || keep([words.trimEnd()])) return;
      deps.notice(noticeWords("words_remote_long", { typed: quoted(words.trimEnd()) }), "warning");
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
