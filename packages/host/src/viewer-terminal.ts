/**
 * The user's own terminal while a session is on it: raw while we look, put back on every way out. What a program left behind is undone by
 * one fixed text, whoever left it; only the alternate screen is left where it is on, because leaving it moves the cursor.
 */
import { writeSync } from "node:fs";
import { attempt, type Clock, within } from "@hapi/platform/lean";
import { ModeTracker } from "./modes.ts";

/**
 * Kitty keys, modifyOtherKeys, mouse (1000–1006, 1015, 1016), focus, paste brackets, colour-scheme reports, synchronized output, application
 * keys, wrap, cursor, colours.
 */
const plainReset = [
  "\x18\x1b\\",
  "\x1b[?2026l",
  "\x1b[<99u",
  "\x1b[>4m",
  ...[1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2031].map((mode) => `\x1b[?${mode}l`),
  "\x1b[?1l\x1b>\x1b[?7h\x1b[0 q\x1b[?25h\x1b[0m",
].join("");

export interface ViewerInput {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  on(event: "end" | "error", listener: () => void): unknown;
  off(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  off(event: "end" | "error", listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

export interface ViewerOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly fd?: number;
  /** `done` is called when the terminal has taken the bytes. */
  write(bytes: Uint8Array, done: () => void): unknown;
  on(event: "resize" | "error", listener: () => void): unknown;
  off(event: "resize" | "error", listener: () => void): unknown;
}

/** Bytes the terminal has not taken yet; above it the source is asked to wait. */
const maxPendingBytes = 256 << 10;
const lastWordsMs = 500;

export class ViewerTerminal {
  readonly input: ViewerInput;
  readonly output: ViewerOutput;
  readonly #clock: Clock;
  /** Of what was shown since the terminal was last in order. */
  #modes = new ModeTracker();
  #isRaw = false;
  #pendingBytes = 0;
  #onTaken: (() => void) | null = null;

  constructor(input: ViewerInput, output: ViewerOutput, clock: Clock) {
    this.input = input;
    this.output = output;
    this.#clock = clock;
  }

  get size(): { cols: number; rows: number } {
    return { cols: this.output.columns || 80, rows: this.output.rows || 24 };
  }

  enter(): void {
    if (this.#isRaw) return;
    this.#isRaw = true;
    if (this.input.isTTY) this.input.setRawMode?.(true);
  }

  /** True: the terminal is behind; go on when `onRoom` is called. */
  show(bytes: Uint8Array, onRoom: () => void): boolean {
    const { length } = bytes;
    this.#modes.feed(bytes);
    this.#pendingBytes += length;
    const wasFull = this.#pendingBytes > maxPendingBytes;
    this.output.write(bytes, () => {
      this.#pendingBytes -= length;
      if (wasFull && this.#pendingBytes <= maxPendingBytes / 2) onRoom();
      if (this.#pendingBytes === 0) this.#onTaken?.();
    });
    return wasFull;
  }

  /** What was shown is on the screen, or the terminal has had its time. */
  async flushed(): Promise<void> {
    if (this.#pendingBytes === 0) return;
    const taken = new Promise<void>((resolve) => (this.#onTaken = resolve));
    await within(this.#clock, lastWordsMs, taken);
  }

  /** Safe to call at any time, also when the terminal is gone. */
  leave(): void {
    if (!this.#isRaw) return;
    this.#isRaw = false;
    const reset = `${this.#modes.isAltScreen ? "\x1b[?1049l" : ""}${plainReset}`;
    this.#modes = new ModeTracker();
    attempt(() => this.#say(reset), "the terminal may be gone");
    if (this.input.isTTY) attempt(() => this.input.setRawMode?.(false), "the terminal may be gone");
  }

  /** Past the stream's queue: at the end there is no later. */
  #say(text: string): void {
    if (!this.output.isTTY) return;
    writeSync(this.output.fd ?? 1, text);
  }
}
