/** Single requests over a wire: delayed, lost, answered into nothing, or carried twice. */
import type { Fetch } from "@hapi/client";
import type { Endpoint } from "./network.ts";
import { hung, type Line } from "./wire-line.ts";
import { streamOver } from "./wire-stream.ts";

/** How often a single request is hit by a fault. */
export interface RequestFaults {
  lostRequest: number;
  lostAnswer: number;
  twice: number;
}

export function createFetch(line: Line, faults: RequestFaults): Fetch {
  const { time, luck, life, isBlocked, happens, latency, track } = line;
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const { signal } = init;
      if (signal?.aborted) return reject(signal.reason);
      time.touch();
      let isOver = false;
      const finish = (how: () => void): void => {
        if (isOver) return;
        isOver = true;
        untrack();
        if (life.alive) how();
      };
      let frozen = false;
      const fail = (ms: number): void => void time.after(ms, () => finish(() => reject(hung)));
      const untrack = track({
        cut: () => fail(luck.between(0, 20)),
        freeze: () => {
          frozen = true;
        },
        serverGone: (silent) => {
          if (silent) frozen = true;
          else fail(luck.between(0, 5));
        },
        clientGone: () => finish(() => undefined),
      });
      signal?.addEventListener("abort", () => finish(() => reject(signal.reason)), { once: true });
      if (isBlocked()) {
        frozen = true;
        return;
      }
      if (happens(faults.lostRequest)) return luck.is(0.5) ? fail(luck.between(1, 50)) : void (frozen = true);
      const deliver = (isFirst: boolean): void => {
        const { hub } = line;
        if (frozen && isFirst) return;
        if (!hub) return isFirst ? fail(luck.between(1, 5)) : undefined;
        line.carried();
        const headers = new Headers(init.headers);
        if (typeof init.body === "string") headers.set("content-length", String(Buffer.byteLength(init.body)));
        const request = inMemory(new Request(input, { method: init.method, headers, body: init.body }), init.body);
        void answer(hub, request, isFirst);
      };
      const answer = async (hub: Endpoint, request: Request, isFirst: boolean): Promise<void> => {
        const response = await hub.fetch(request);
        time.touch();
        if (!hub.life.alive || !isFirst) return void response.body?.cancel().catch(() => undefined);
        const { status, headers } = response;
        const isStream = headers.get("content-type")?.startsWith("text/event-stream") === true;
        if (isStream && response.body) {
          const body = streamOver(line, response.body, hub, signal ?? null);
          time.after(latency(), () => {
            if (!frozen) finish(() => resolve(new Response(body, { status, headers })));
          });
          return;
        }
        const text = await time.real(response.text());
        if (happens(faults.lostAnswer)) return luck.is(0.5) ? fail(luck.between(1, 50)) : void (frozen = true);
        time.after(latency(), () => {
          if (!frozen) finish(() => resolve(inMemory(new Response(text, { status, headers }), text)));
        });
      };
      time.after(latency(), () => deliver(true));
      if (happens(faults.twice)) time.after(luck.between(1, 300), () => deliver(false));
    });
}

/** The runtime reads bodies in its own time; ours are there already. */
function inMemory<T extends Request | Response>(message: T, body: unknown): T {
  if (typeof body !== "string") return message;
  const value = { text: () => Promise.resolve(body), json: () => Promise.resolve(body).then((text) => JSON.parse(text) as unknown) };
  return Object.assign(message, value);
}
