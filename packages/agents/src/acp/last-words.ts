/** What an agent's process said last on stderr: only of interest once it has ended. */
import { RingGapError, type HostProcess } from "@hapi/host";
import { ignore } from "@hapi/platform/lean";

const MAX_LAST_WORDS = 4096;

export type LastWords = () => string;

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
  ignore(listen(), "stderr is only for last words; its end is the end of the process");
  return () => words;
}
