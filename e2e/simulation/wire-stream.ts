/** A stream of events over a wire: chunk by chunk, in order, until one side is gone. */
import type { Endpoint } from "./network.ts";
import { hung, type Line, NOTICE_MS } from "./wire-line.ts";

export function streamOver(
  line: Line,
  from: ReadableStream<Uint8Array>,
  hub: Endpoint,
  signal: AbortSignal | null,
): ReadableStream<Uint8Array> {
  const { time, luck, life, channel, track } = line;
  const reader = from.getReader();
  const send = channel();
  let isOpen = true;
  let frozen = false;
  let sink: ReadableStreamDefaultController<Uint8Array> | null = null;
  const end = (how: (to: ReadableStreamDefaultController<Uint8Array>) => void): void => {
    if (!isOpen) return;
    isOpen = false;
    untrack();
    time.touch();
    if (sink && life.alive) how(sink);
  };
  const tellHub = (ms: number): void =>
    void time.after(ms, () => {
      if (hub.life.alive) reader.cancel().catch(() => undefined);
    });
  const untrack = track({
    cut() {
      tellHub(luck.between(0, 50));
      time.after(luck.between(0, 50), () => end((to) => to.error(hung)));
    },
    freeze() {
      frozen = true;
      tellHub(luck.between(...NOTICE_MS));
    },
    serverGone(silent) {
      if (silent) frozen = true;
      else time.after(luck.between(0, 5), () => end((to) => to.error(hung)));
    },
    clientGone() {
      end(() => undefined);
      tellHub(luck.between(0, 20));
    },
  });
  const pump = async (): Promise<void> => {
    for (let chunks = 0; ; chunks++) {
      await line.reads();
      const { done, value } = await reader.read();
      time.touch();
      if (done) return send(() => end((to) => to.close()));
      if (chunks > 0 && Buffer.from(value).includes('"resume":"gap"')) line.gap();
      send(() => {
        if (isOpen && !frozen && life.alive) sink?.enqueue(value);
        time.touch();
      });
    }
  };
  pump().catch(() => undefined);
  signal?.addEventListener("abort", () => end(() => tellHub(luck.between(0, 20))), { once: true });
  return new ReadableStream<Uint8Array>({
    start(controller) {
      sink = controller;
    },
    cancel() {
      end(() => undefined);
      tellHub(luck.between(0, 20));
    },
  });
}
