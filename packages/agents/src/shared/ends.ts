/**
 * A screen that loses its server ends too, and the two ends are told in any order. Nobody may conclude from the order whether a person left the screen:
 * an answer of the server shows that it lives, its own end shows that it does not.
 */
import type { HostProcess } from "@hapi/host";
import { type Clock, LATE, within } from "@hapi/platform/lean";
import type { DriverContext } from "../driver.ts";

/** A server that neither answered nor ended by then is stopped or slow; nothing has ended it. */
const ASK_MS = 5_000;

export interface Asking {
  exited: Promise<unknown>;
  /** Anything that it answers; rejects where it can't be reached, which says nothing: the line may be broken and the server live. */
  ask(timeoutMs: number): Promise<unknown>;
}

/** Rejects where it can't be asked and its host is gone. */
async function hasServerEnded(clock: Clock, { exited, ask }: Asking): Promise<boolean> {
  const found = await within(clock, ASK_MS, Promise.any([exited.then(() => true), ask(ASK_MS).then(() => false)]));
  return found === LATE ? false : found;
}

export interface ScreenWatch {
  /** The screen that is open. */
  readonly process: HostProcess | null;
  /** Its end is told as `terminal-closed`. */
  watch(started: HostProcess): void;
  /** The end of the last one is told. */
  readonly told: Promise<void>;
  /** `end` ends it; waits until that is told. */
  close(end: (process: HostProcess) => Promise<void>): Promise<void>;
}

/** `server`: what it shows; null: known to have ended, or being ended. */
export function watchScreen({ clock, emit, log }: DriverContext, server: () => Asking | null): ScreenWatch {
  let process: HostProcess | null = null;
  let isClosing = false;
  let told: Promise<void> = Promise.resolve();

  async function tellEnd(started: HostProcess): Promise<void> {
    const { code, signal } = await started.exited;
    process = null;
    const from = isClosing ? null : server();
    emit({ type: "terminal-closed", code, signal, expected: from === null || (await hasServerEnded(clock, from)) });
  }

  return {
    get process() {
      return process;
    },
    get told() {
      return told;
    },
    watch(started) {
      process = started;
      isClosing = false;
      told = tellEnd(started).catch((cause: unknown) => log.warn("agent.screen_end_not_told", { cause }));
    },
    async close(end) {
      if (process) {
        isClosing = true;
        await end(process);
      }
      await told;
    },
  };
}
