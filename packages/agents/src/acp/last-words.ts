/** What an agent's process said last on stderr: only of interest once it has ended. */
import { RingGapError, type HostProcess } from "@hapi/host";
import { type Clock, ignore, LATE, within } from "@hapi/platform/lean";

const MAX_LAST_WORDS = 4096;

/** Of a process that has ended, its last words are read within this. */
const READ_MS = 500;
/** A write fails a little before the end is known. */
const ENDS_MS = 2_000;

export interface LastWords {
  said(): string;
  /** All of it was read, or no more is waited for: what the agent started may hold its stderr open. */
  read(clock: Clock): Promise<unknown>;
}

/** Where a write failed because the process ends, its end is what is to be told: false. */
export async function failedOtherwise(process: HostProcess, clock: Clock): Promise<boolean> {
  return (await within(clock, ENDS_MS, process.exited)) === LATE;
}

export function followLastWords(process: HostProcess, signal: AbortSignal): LastWords {
  let words = "";
  // Chunks end where they end, also within a character.
  const decoder = new TextDecoder();
  async function listen(): Promise<void> {
    for (let from = 0; ;) {
      try {
        for await (const chunk of process.read("err", from, signal)) {
          from = chunk.offset + chunk.bytes.length;
          words = (words + decoder.decode(chunk.bytes, { stream: true })).slice(-MAX_LAST_WORDS);
          process.release("err", from);
        }
        return;
      } catch (cause) {
        if (!(cause instanceof RingGapError)) throw cause;
        from = cause.oldest;
      }
    }
  }
  const all = listen();
  ignore(all, "stderr is only for last words; its end is the end of the process");
  return { said: () => words, read: (clock) => within(clock, READ_MS, all) };
}
