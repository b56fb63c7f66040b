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
  const heard = (bytes: Uint8Array) => {
    words = (words + decoder.decode(bytes, { stream: true })).slice(-MAX_LAST_WORDS);
  };
  const all = followOutput(process, "err", { signal, heard });
  ignore(all, "stderr is only for last words; its end is the end of the process");
  return { said: () => words, read: (clock) => within(clock, READ_MS, all) };
}

/** What it says on one of its streams, to the end of it; a gap in the host's ring is passed over. */
export async function followOutput(
  process: HostProcess,
  stream: "out" | "err",
  { signal, heard }: { signal: AbortSignal; heard(bytes: Uint8Array): void },
): Promise<void> {
  for (let from = 0; ;) {
    try {
      for await (const chunk of process.read(stream, from, signal)) {
        from = chunk.offset + chunk.bytes.length;
        heard(chunk.bytes);
        process.release(stream, from);
      }
      return;
    } catch (cause) {
      if (!(cause instanceof RingGapError)) throw cause;
      from = cause.oldest;
    }
  }
}
