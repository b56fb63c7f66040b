/** What a program of the host says on one of its streams, to the end of it; a gap in the host's ring is passed over. */
import { type HostProcess, RingGapError } from "@hapi/host";

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
