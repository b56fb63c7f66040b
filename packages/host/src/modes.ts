/**
 * Follows the terminal modes a program has set (alternate screen, mouse, paste brackets, kitty keys, cursor, …), so that a viewer that
 * sees only the tail of its output gets them too, and so that they can be taken back when the program left them behind.
 */
import { AnsiScanner, type Sequence } from "./ansi.ts";

const maxModes = 64;
const maxKittyDepth = 16;
/** Private modes that are on from the start. */
const onByDefault = new Set([7, 25]);
/** The alternate screen in its three dialects: entered first, left last. */
const altScreen = new Set([47, 1047, 1049]);
/** Saving the cursor and a batch of drawing are moments, not modes. */
const ignored = new Set([1048, 2026]);

export class ModeTracker {
  readonly #scanner = new AnsiScanner();
  readonly #modes = new Map<number, boolean>();
  #kitty: number[] = [];
  #otherKeys = "";
  #cursorStyle = "";

  feed(bytes: Uint8Array): void {
    this.#scanner.feed(bytes, (sequence) => this.#apply(sequence));
  }

  get isAltScreen(): boolean {
    return [...altScreen].some((mode) => this.#modes.get(mode) === true);
  }

  /** Brings a fresh terminal into the modes of now. */
  restore(): string {
    const modes = [...this.#modes].sort(([a], [b]) => Number(altScreen.has(b)) - Number(altScreen.has(a)));
    const set = modes.filter(([mode, on]) => on !== onByDefault.has(mode)).map(([mode, on]) => `\x1b[?${mode}${on ? "h" : "l"}`);
    return set.join("") + this.#kitty.map((flags) => `\x1b[>${flags}u`).join("") + this.#otherKeys + this.#cursorStyle;
  }

  /** Takes back what is still set. */
  reset(): string {
    const modes = [...this.#modes].sort(([a], [b]) => Number(altScreen.has(a)) - Number(altScreen.has(b)));
    const undo = modes.filter(([mode, on]) => on !== onByDefault.has(mode)).map(([mode, on]) => `\x1b[?${mode}${on ? "l" : "h"}`);
    const keys = this.#kitty.length > 0 ? `\x1b[<${this.#kitty.length}u` : "";
    return keys + (this.#otherKeys && "\x1b[>4m") + (this.#cursorStyle && "\x1b[0 q") + undo.join("");
  }

  #apply(sequence: Sequence): void {
    if (sequence.kind === "escape") {
      if (sequence.final === "c") this.#clear();
      return;
    }
    if (sequence.kind !== "csi") return;
    const { params, final } = sequence;
    if ((final === "h" || final === "l") && params.startsWith("?")) this.#setPrivate(params.slice(1), final === "h");
    else if (final === "u") this.#kittyKeys(params);
    else if (final === "m" && params.startsWith(">4")) this.#otherKeys = /^>4;[1-9]/.test(params) ? `\x1b[${params}m` : "";
    else if (final === "q" && params.endsWith(" ")) this.#cursorStyle = /^0? $/.test(params) ? "" : `\x1b[${params}q`;
    else if (final === "p" && params === "!") this.#modes.delete(25);
  }

  #setPrivate(list: string, on: boolean): void {
    for (const mode of list.split(";").map(Number)) {
      if (!Number.isSafeInteger(mode) || ignored.has(mode)) continue;
      if (this.#modes.size >= maxModes && !this.#modes.has(mode)) continue;
      // The three dialects replace each other.
      if (altScreen.has(mode)) for (const other of altScreen) this.#modes.delete(other);
      if (on === onByDefault.has(mode)) this.#modes.delete(mode);
      else this.#modes.set(mode, on);
    }
  }

  #kittyKeys(params: string): void {
    const flags = Number(params.slice(1).split(";")[0] || (params.startsWith("<") ? 1 : 0));
    if (!Number.isSafeInteger(flags)) return;
    if (params.startsWith(">")) this.#kitty = [...this.#kitty, flags].slice(-maxKittyDepth);
    else if (params.startsWith("<")) this.#kitty = this.#kitty.slice(0, Math.max(0, this.#kitty.length - flags));
    else if (params.startsWith("=")) this.#kitty = [...this.#kitty.slice(0, -1), flags];
  }

  #clear(): void {
    this.#modes.clear();
    this.#kitty = [];
    this.#otherKeys = "";
    this.#cursorStyle = "";
  }
}
