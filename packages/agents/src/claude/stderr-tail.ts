/** The last words of a process on stderr: its reason when it ends. Everything older is released, so the ring never fills. */
import { type HostProcess, RingGapError } from "@hapi/host";

const MAX_CHARS = 4_000;

export interface StderrTail {
  readonly text: string;
}

export function createStderrTail(process: HostProcess, signal: AbortSignal): StderrTail {
  const decoder = new TextDecoder();
  let text = "";

  async function follow(from: number): Promise<void> {
    for await (const chunk of process.read("err", from, signal)) {
      text = (text + decoder.decode(chunk.bytes, { stream: true })).slice(-MAX_CHARS);
      process.release("err", chunk.offset + chunk.bytes.length);
    }
  }

  const start = follow(0).catch((cause: unknown) => {
    if (cause instanceof RingGapError) return follow(cause.oldest);
    throw cause;
  });
  start.catch((cause: unknown) => {
    // Without stderr only the reason of an exit is missing.
    if (!signal.aborted && text === "") text = `(stderr could not be read: ${String(cause)})`;
  });
  return {
    get text() {
      return text;
    },
  };
}
