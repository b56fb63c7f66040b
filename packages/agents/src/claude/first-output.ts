/** The first bytes that a program puts on its screen, or its end: by then a terminal has something to show. */
import { type HostProcess, RingGapError } from "@hapi/host";

export async function firstOutput(process: HostProcess, signal: AbortSignal): Promise<string> {
  let text = "";
  try {
    for await (const chunk of process.read("out", 0, signal)) {
      text += Buffer.from(chunk.bytes).toString("utf8");
      if (text.length > 0) return text;
    }
  } catch (cause) {
    if (!signal.aborted && !(cause instanceof RingGapError)) throw cause;
  }
  return text;
}
