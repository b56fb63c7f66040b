/**
 * A scanner for terminal output that knows just enough grammar to find whole escape sequences, split anywhere. It interprets nothing; the
 * mode tracker and the replay filter do. Unending strings (OSC, DCS) are followed but only their first bytes are kept.
 */

export type Sequence =
  | { kind: "csi"; params: string; final: string }
  | { kind: "string"; intro: string; text: string }
  | { kind: "escape"; final: string };

const maxCsiBytes = 128;
const maxStringBytes = 256;

type State = "ground" | "escape" | "csi" | "string" | "stringEscape";

export class AnsiScanner {
  #state: State = "ground";
  #intro = "";
  #text = "";

  /** Between sequences, and thus a place where a stream can be cut. */
  get isGround(): boolean {
    return this.#state === "ground";
  }

  /** Calls `found(sequence, end)` for each sequence that ends within `bytes`; `end` is the index behind it. */
  feed(bytes: Uint8Array, found: (sequence: Sequence, end: number) => void, started?: (at: number) => void): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#state === "ground") {
        // Almost everything is text: let the runtime skip it.
        at = bytes.indexOf(0x1b, at);
        if (at < 0) return;
        started?.(at);
        this.#state = "escape";
        at++;
        continue;
      }
      const byte = bytes[at] as number;
      const sequence = this.#step(byte);
      at++;
      if (byte === 0x1b && this.#state === "escape") started?.(at - 1);
      if (sequence) found(sequence, at);
    }
  }

  #step(byte: number): Sequence | null {
    if (byte === 0x18 || byte === 0x1a) return this.#ground(null);
    switch (this.#state) {
      case "escape":
        return this.#escape(byte);
      case "csi":
        if (byte === 0x1b) return this.#begin("escape");
        if (byte >= 0x40 && byte <= 0x7e) return this.#ground({ kind: "csi", params: this.#text, final: String.fromCharCode(byte) });
        if (this.#text.length < maxCsiBytes) this.#text += String.fromCharCode(byte);
        return null;
      case "string":
        if (byte === 0x07) return this.#ground({ kind: "string", intro: this.#intro, text: this.#text });
        if (byte === 0x1b) this.#state = "stringEscape";
        else if (this.#text.length < maxStringBytes) this.#text += String.fromCharCode(byte);
        return null;
      default: {
        // `ESC \` ends a string; any other escape in a string breaks it off and begins anew.
        if (byte === 0x5c) return this.#ground({ kind: "string", intro: this.#intro, text: this.#text });
        this.#state = "escape";
        return this.#escape(byte);
      }
    }
  }

  #escape(byte: number): Sequence | null {
    const char = String.fromCharCode(byte);
    if (char === "[") return this.#begin("csi");
    if ("]P_^X".includes(char)) {
      this.#intro = char;
      return this.#begin("string");
    }
    if (byte === 0x1b || (byte >= 0x20 && byte <= 0x2f)) return null;
    return this.#ground({ kind: "escape", final: char });
  }

  #begin(state: State): null {
    this.#state = state;
    this.#text = "";
    return null;
  }

  #ground(sequence: Sequence | null): Sequence | null {
    this.#state = "ground";
    return sequence;
  }
}
