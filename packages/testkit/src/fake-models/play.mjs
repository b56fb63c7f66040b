// Plays the steps of an answer as neutral events, which a dialect writes as it speaks.
import { setTimeout as sleep } from "node:timers/promises";

/** The connection ends here, in the middle of the answer. */
export class CutConnection extends Error {}

/** A stream of steps, with text cut into chunks and delays kept; stops when the client goes away. */
export async function* play(steps, options, signal) {
  for (const s of steps) {
    if (signal.aborted) return;
    if (s.delayMs) await sleep(s.delayMs, undefined, { signal }).catch(() => {});
    if (s.hang) {
      await sleep(2 ** 31 - 1, undefined, { signal }).catch(() => {});
      return;
    }
    if (s.cut) {
      // What was said before goes out first: it stands in the runtime's own buffer for some turns of its loop.
      await sleep(50);
      throw new CutConnection();
    }
    const said = s.text ?? s.think;
    if (said != null) {
      const chunks = Array.isArray(said) ? said : (said.match(/[\s\S]{1,24}/g) ?? [""]);
      yield { type: "open", kind: s.think != null ? "think" : "text" };
      for (const chunk of chunks) {
        if (signal.aborted) return;
        await sleep(s.chunkMs ?? options.chunkMs, undefined, { signal }).catch(() => {});
        yield { type: "chunk", chunk };
      }
      yield { type: "close", kind: s.think != null ? "think" : "text", full: chunks.join("") };
    } else if (s.tool) yield { type: "tool", id: s.id, name: s.tool, args: s.args ?? {}, form: s.form };
    else if (s.error) {
      yield { type: "error", ...s.error };
      return;
    }
  }
}
