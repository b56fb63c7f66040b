/**
 * What is on the viewers' screens: a program's terminal, or what the session process draws. Gives the bytes for a viewer that begins now or
 * has fallen behind, and what puts the terminal right between two displays. Knows no viewers.
 */
import type { AgentProcess } from "./agent-process.ts";
import { ModeTracker } from "./modes.ts";
import type { Display } from "./port.ts";
import { maxFullReplayBytes, safeStart, tailReplayBytes, withoutQuestions } from "./replay.ts";
import { ByteRing } from "./ring.ts";

const drawnBytes = 256 << 10;
const encoder = new TextEncoder();

/** Bytes that bring a screen up to `next`, from where it then goes on. */
export interface Beginning {
  bytes: Uint8Array;
  next: number;
  /** Not everything is there: the program should draw again. */
  isCut: boolean;
}

export class DisplaySource {
  readonly display: Display;
  readonly process: AgentProcess | null;
  readonly ring: ByteRing;
  readonly modes: ModeTracker;
  /** Before this offset nothing belongs to the display (drawings that were forgotten on purpose). */
  #from = 0;

  constructor(process: AgentProcess | null) {
    this.process = process;
    this.display = process ? { kind: "process", launchId: process.spec.launchId } : { kind: "controller" };
    this.ring = process?.out.ring ?? new ByteRing("forget", drawnBytes);
    this.modes = process?.modes ?? new ModeTracker();
  }

  draw(text: string, reset: boolean): void {
    if (reset) this.#from = this.ring.end;
    const bytes = encoder.encode(text);
    this.modes.feed(bytes);
    this.ring.append(bytes);
  }

  /** For a screen that has seen nothing of this display. */
  beginning(): Beginning {
    const { start, end } = this.ring;
    const from = Math.max(this.#from, start);
    // From the very start, or from what the controller calls the start: the modes are in there.
    if (from === this.#from && end - from <= maxFullReplayBytes) {
      const bytes = withoutQuestions(this.ring.copyFrom(from));
      return { bytes, next: end, isCut: this.process?.wasResized ?? false };
    }
    return this.#tail("");
  }

  /** For a screen that has seen bytes up to somewhere long ago: whatever it was in the middle of is broken off first. */
  skipAhead(): Beginning {
    return this.#tail(`\x18\x1b\\\x1b[0m${this.modes.reset()}`);
  }

  #tail(prefix: string): Beginning {
    const { start, end } = this.ring;
    const tail = this.ring.copyFrom(Math.max(this.#from, start, end - tailReplayBytes));
    const bytes = withoutQuestions(tail.subarray(safeStart(tail)));
    return { bytes: Buffer.concat([encoder.encode(prefix + this.modes.restore()), bytes]), next: end, isCut: true };
  }
}
