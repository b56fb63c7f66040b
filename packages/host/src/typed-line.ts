/**
 * What was typed into a program since the last Enter, as far as the keys alone can tell: letters, pastes, Backspace at the end, Ctrl-U and Ctrl-C.
 * Any other key (arrows, Tab, Escape, …) may change an input line in ways that only the program knows, and so may letters where it has a menu
 * open: from then on the line is not known. Kept in memory alone, and bounded.
 */
import type { TypedLine } from "./port.ts";

const MAX_LINE = 16_384;
const MAX_PENDING = 64;
const PASTE_BEGIN = "\x1b[200~";
const PASTE_END = "\x1b[201~";
/** Enter and Shift-Enter of a kitty keyboard. */
const KITTY_ENTER = /^\x1b\[13(?:;1)?u/;
const SEQUENCE = /^\x1b(?:\[[0-9:;<=>?]*[ -/]*[@-~]|O[ -~]|[^[O])/;
/** What may still become one. */
const TORN = /^\x1b(?:\[[0-9:;<=>?]*[ -/]*|O)?$/;
/** A character that stands alone: taken away as a whole by one Backspace in every program. */
const ALONE = /[\p{L}\p{N}\p{P}\p{Zs}$+<=>^`|~]$/u;

export class TypedLineReader {
  readonly #decoder = new TextDecoder("utf-8");
  #pending = "";
  #pasting = false;
  #line: string | null = "";
  #hasWords = false;
  #isCleared = false;
  #entered: TypedLine["entered"] = null;

  get line(): TypedLine {
    return { line: this.#line, hasWords: this.#hasWords, isCleared: this.#isCleared, entered: this.#entered };
  }

  /** `onEntered`: at each Enter behind words, with the line as it is then. */
  read(bytes: Uint8Array, at: number, onEntered: (line: TypedLine) => void = () => undefined): void {
    let text = this.#pending + this.#decoder.decode(bytes, { stream: true });
    this.#pending = "";
    while (text !== "") {
      const before = this.#entered;
      const taken = this.#pasting ? this.#paste(text) : this.#key(text, at);
      if (this.#entered !== before) onEntered(this.line);
      if (taken === 0) {
        this.#pending = text.slice(0, MAX_PENDING);
        return;
      }
      text = text.slice(taken);
    }
  }

  /** Number of characters that were used; 0: the rest of the sequence has not come yet. */
  #key(text: string, at: number): number {
    if (text.startsWith(PASTE_BEGIN)) {
      this.#pasting = true;
      return PASTE_BEGIN.length;
    }
    const enter = text[0] === "\r" ? "\r" : KITTY_ENTER.exec(text)?.[0];
    if (enter !== undefined) {
      this.#enter(at);
      return enter.length;
    }
    if (text[0] === "\x1b") {
      // Alone in its piece it is the key itself.
      if (text.length > 1 && TORN.test(text)) return 0;
      this.#line = null;
      return SEQUENCE.exec(text)?.[0].length ?? 1;
    }
    return this.#plain(text);
  }

  #plain(text: string): number {
    const first = text[0] ?? "";
    if (first === "\x7f" || first === "\b") this.#backspace();
    else if (first === "\x15" || first === "\x03") this.#clear();
    else if (first < " ") this.#line = null;
    else {
      const run = /^[^\x00-\x1f\x7f]+/.exec(text)?.[0] ?? first;
      this.#add(run);
      return run.length;
    }
    return 1;
  }

  #paste(text: string): number {
    const end = text.indexOf(PASTE_END);
    if (end < 0) {
      // Its end mark may be torn.
      const keep = Math.max(0, text.length - PASTE_END.length);
      if (keep > 0) this.#add(text.slice(0, keep));
      return keep;
    }
    if (end > 0) this.#add(text.slice(0, end));
    this.#pasting = false;
    return end + PASTE_END.length;
  }

  #add(text: string): void {
    this.#hasWords = true;
    if (this.#line === null) return;
    const longer = this.#line + text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
    this.#line = longer.length > MAX_LINE ? null : longer;
  }

  #backspace(): void {
    const line = this.#line;
    // At the beginning it takes away what was there before, which nobody here knows.
    this.#line = line !== null && ALONE.test(line) ? [...line].slice(0, -1).join("") : null;
  }

  /** Of several lines Ctrl-U clears one. */
  #clear(): void {
    this.#line = this.#line?.includes("\n") ? null : "";
    this.#isCleared = this.#line !== null;
    this.#hasWords = this.#line === null && this.#hasWords;
  }

  /** Behind a backslash many programs take it as a new line. */
  #enter(at: number): void {
    // Known by its moment: no two have the same.
    const moment = Math.max(at, (this.#entered?.at ?? -1) + 1);
    if (this.#line === null ? this.#hasWords : this.#line.trim() !== "")
      this.#entered = { at: moment, text: this.#line?.endsWith("\\") ? null : this.#line };
    this.#line = "";
    this.#hasWords = false;
    this.#isCleared = false;
  }
}
