/**
 * Wires between processes of one world, with what real wires do: delay, loss with the connection, answers that never come, a connection that
 * looks open and carries nothing, a request that arrives twice. On one connection order is kept, as TCP does; between connections there is none.
 */
import type { Dial, LinkSocket } from "@hapi/client/link";
import type { Fetch } from "@hapi/client";
import type { Chance } from "./random.ts";
import type { Life, VirtualTime } from "./time.ts";

/** What a hub offers to the wire. */
export interface Endpoint {
  fetch(request: Request): Promise<Response>;
  /** Rejects with what the client sees. */
  accept(auth: Record<string, unknown>): Promise<(socket: ServerSocket) => void>;
  readonly life: Life;
}

/** The hub's end of a socket connection. */
export interface ServerSocket {
  readonly id: string;
  emit(event: string, payload: unknown): void;
  request(event: string, payload: unknown, answered: (value: unknown) => void): void;
  on(event: string, handler: (payload: unknown, ack: ((answer?: unknown) => void) | null) => void): void;
  onOther(handler: (event: string, payload: unknown) => void): void;
  onClose(handler: () => void): void;
  close(): void;
}

export interface Wire {
  /** Everything open on it breaks: what is under way may be lost. */
  cut(): void;
  /** Everything open on it stays open and carries nothing, until both sides give up. */
  freeze(): void;
  /** Nothing new gets through for so long. */
  block(ms: number): void;
  /** The process at this end is gone: the other side hears of it as the system closes its sockets. */
  drop(): void;
  fetch: Fetch;
  dial: Dial;
}

export interface Network {
  /** Null: nobody listens. */
  hub: Endpoint | null;
  wire(name: string, life: Life): Wire;
  /** The hub's process is gone. `silent`: with its machine, so nobody hears of it. */
  hubGone(silent: boolean): void;
  /** From now on nothing goes wrong by itself. */
  calm(): void;
  /** Requests and frames carried. */
  readonly carried: number;
}

export interface NetworkOptions {
  time: VirtualTime;
  chance: Chance;
  /** How often a single request is hit by a fault. */
  faults: { lostRequest: number; lostAnswer: number; twice: number };
}

interface Open {
  cut(): void;
  freeze(): void;
  serverGone(silent: boolean): void;
  clientGone(): void;
}

/** Both ends notice a dead connection by missing pings. */
const NOTICE_MS = [20_000, 45_000] as const;
const RECONNECT_MS = [500, 5_000] as const;
const hung = new TypeError("fetch failed");

export function createNetwork({ time, chance, faults }: NetworkOptions): Network {
  let isCalm = false;
  let carried = 0;
  let sockets = 0;
  const open = new Set<Open>();
  const network: Network = {
    hub: null,
    wire,
    hubGone(silent) {
      for (const one of [...open]) one.serverGone(silent);
    },
    calm() {
      isCalm = true;
    },
    get carried() {
      return carried;
    },
  };

  function wire(name: string, life: Life): Wire {
    const luck = chance.fork(name);
    const mine = new Set<Open>();
    let blockedUntil = 0;
    const isBlocked = (): boolean => !isCalm && time.now < blockedUntil;
    const happens = (probability: number): boolean => luck.is(probability) && !isCalm;
    const latency = (): number => (luck.is(0.03) && !isCalm ? luck.between(50, 400) : luck.between(1, 12));
    const track = (one: Open): (() => void) => {
      mine.add(one);
      open.add(one);
      return () => {
        mine.delete(one);
        open.delete(one);
      };
    };

    /** In order, however long each takes. */
    function channel(): (deliver: () => void) => void {
      let last = 0;
      return (deliver) => {
        last = Math.max(last, time.now + latency());
        carried++;
        time.after(last - time.now, deliver);
      };
    }

    const fetchOver: Fetch = (input, init = {}) =>
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
          const { hub } = network;
          if (frozen && isFirst) return;
          if (!hub) return isFirst ? fail(luck.between(1, 5)) : undefined;
          carried++;
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
            const body = stream(response.body, hub, signal ?? null);
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

    /** A stream of events: chunk by chunk, in order, until one side is gone. */
    function stream(from: ReadableStream<Uint8Array>, hub: Endpoint, signal: AbortSignal | null): ReadableStream<Uint8Array> {
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
        for (;;) {
          const { done, value } = await reader.read();
          time.touch();
          if (done) return send(() => end((to) => to.close()));
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

    const dial: Dial = (_url, { auth }) => {
      const listeners = new Map<string, ((...args: never[]) => void)[]>();
      let active = false;
      let connected: { send(event: string, args: unknown[]): void; end(): void } | null = null;
      let attempt = 0;
      let waits = 0;
      const fire = (event: string, ...args: unknown[]): void => {
        time.touch();
        for (const listener of listeners.get(event) ?? []) (listener as (...all: unknown[]) => void)(...args);
      };
      const again = (): void => {
        const wait = Math.min(RECONNECT_MS[0] * 2 ** waits++, RECONNECT_MS[1]);
        life.clock.setTimer(wait, () => {
          if (active && !connected) tryOnce();
        });
      };
      const failed = (): void => {
        if (!life.alive || !active) return;
        fire("connect_error", new Error("websocket error"));
        again();
      };
      function tryOnce(): void {
        const mine = ++attempt;
        time.after(latency(), () => {
          if (mine !== attempt || !life.alive || !active) return;
          const { hub } = network;
          if (!hub || isBlocked()) return void time.after(isBlocked() ? 10_000 : 1, failed);
          hub.accept(auth as unknown as Record<string, unknown>).then(
            (join) => {
              if (mine === attempt && life.alive && active && hub.life.alive) establish(hub, join);
              else if (mine === attempt) failed();
            },
            (cause: unknown) => {
              if (mine !== attempt || !life.alive) return;
              active = false;
              fire("connect_error", cause);
            },
          );
        });
      }

      function establish(hub: Endpoint, join: (socket: ServerSocket) => void): void {
        const toClient = channel();
        const toHub = channel();
        let clientOpen = true;
        let serverOpen = true;
        let frozen = false;
        const handlers = new Map<string, (payload: unknown, ack: ((answer?: unknown) => void) | null) => void>();
        const others: ((event: string, payload: unknown) => void)[] = [];
        const closers: (() => void)[] = [];
        const down = (deliver: () => void): void =>
          toClient(() => {
            if (clientOpen && !frozen && life.alive) deliver();
            time.touch();
          });
        const up = (deliver: () => void): void =>
          toHub(() => {
            if (serverOpen && !frozen && hub.life.alive) deliver();
            time.touch();
          });
        const closeServer = (ms: number): void =>
          void time.after(ms, () => {
            if (!serverOpen) return;
            serverOpen = false;
            if (hub.life.alive) for (const closer of closers) closer();
          });
        const closeClient = (ms: number, reason: string): void =>
          void time.after(ms, () => {
            if (!clientOpen) return;
            clientOpen = false;
            untrack();
            const was = connected;
            connected = null;
            if (!life.alive) return;
            // Broken before the client heard that it stands.
            if (!was) return failed();
            if (reason === "io server disconnect") active = false;
            fire("disconnect", reason);
            if (active) again();
          });
        const untrack = track({
          cut() {
            closeClient(luck.between(0, 100), "transport close");
            closeServer(luck.is(0.7) ? luck.between(0, 100) : luck.between(...NOTICE_MS));
          },
          freeze() {
            frozen = true;
            closeClient(luck.between(...NOTICE_MS), "ping timeout");
            closeServer(luck.between(...NOTICE_MS));
          },
          serverGone(silent) {
            serverOpen = false;
            if (silent) frozen = true;
            closeClient(silent ? luck.between(...NOTICE_MS) : luck.between(0, 5), "transport close");
          },
          clientGone() {
            clientOpen = false;
            untrack();
            closeServer(luck.between(0, 50));
          },
        });
        const server: ServerSocket = {
          id: `socket-${++sockets}`,
          emit: (event, payload) => {
            const value = overTheWire(payload);
            down(() => fire(event, value));
          },
          request(event, payload, answered) {
            const value = overTheWire(payload);
            down(() => {
              fire(event, value, (answer: unknown) => {
                const back = overTheWire(answer);
                up(() => answered(back));
              });
            });
          },
          on: (event, handler) => void handlers.set(event, handler),
          onOther: (handler) => void others.push(handler),
          onClose: (handler) => void closers.push(handler),
          close() {
            closeServer(0);
            down(() => closeClient(0, "io server disconnect"));
          },
        };
        join(server);
        down(() => {
          waits = 0;
          connected = {
            send(event, args) {
              const ack = typeof args.at(-1) === "function" ? (args.at(-1) as (answer: unknown) => void) : null;
              const payload = ack && args.length === 1 ? undefined : overTheWire(args[0]);
              up(() => {
                const handler = handlers.get(event);
                const reply =
                  ack &&
                  ((answer?: unknown): void => {
                    const value = overTheWire(answer);
                    down(() => ack(value));
                  });
                if (handler) handler(payload, reply);
                else for (const other of others) other(event, payload);
              });
            },
            end() {
              clientOpen = false;
              untrack();
              up(() => closeServer(0));
            },
          };
          fire("connect");
        });
      }

      const socket: LinkSocket = {
        get connected() {
          return connected !== null;
        },
        get active() {
          return active;
        },
        on(event, listener) {
          listeners.set(event, [...(listeners.get(event) ?? []), listener]);
        },
        emit(event, ...args) {
          time.touch();
          if (life.alive) connected?.send(event, args);
        },
        connect() {
          if (active) return;
          active = true;
          tryOnce();
        },
        disconnect() {
          if (!active) return;
          active = false;
          attempt++;
          const was = connected;
          connected = null;
          was?.end();
          if (was) fire("disconnect", "io client disconnect");
        },
      };
      return socket;
    };

    return {
      cut: () => [...mine].forEach((one) => one.cut()),
      freeze: () => [...mine].forEach((one) => one.freeze()),
      block(ms) {
        blockedUntil = Math.max(blockedUntil, time.now + ms);
      },
      drop: () => [...mine].forEach((one) => one.clientGone()),
      fetch: fetchOver,
      dial,
    };
  }

  return network;
}

function overTheWire(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** The runtime reads bodies in its own time; ours are there already. */
function inMemory<T extends Request | Response>(message: T, body: unknown): T {
  if (typeof body !== "string") return message;
  const value = { text: () => Promise.resolve(body), json: () => Promise.resolve(body).then((text) => JSON.parse(text) as unknown) };
  return Object.assign(message, value);
}
