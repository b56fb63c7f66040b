/**
 * Wires between processes of one world, with what real wires do: delay, loss with the connection, answers that never come, a connection that
 * looks open and carries nothing, a request that arrives twice. On one connection order is kept, as TCP does; between connections there is none.
 */
import type { Dial } from "@hapi/client/link";
import type { Fetch } from "@hapi/client";
import type { Chance } from "./random.ts";
import type { Life, VirtualTime } from "./time.ts";
import { createFetch, type RequestFaults } from "./wire-fetch.ts";
import type { Line, Open } from "./wire-line.ts";
import { createDial } from "./wire-socket.ts";

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
  /** Streams are not read for so long; what the system keeps for them is nothing. */
  stall(ms: number): void;
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
  /** How often a stream said in its middle that something is missing. */
  readonly gaps: number;
}

export interface NetworkOptions {
  time: VirtualTime;
  chance: Chance;
  faults: RequestFaults;
}

export function createNetwork({ time, chance, faults }: NetworkOptions): Network {
  let isCalm = false;
  let carried = 0;
  let gaps = 0;
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
    get gaps() {
      return gaps;
    },
  };

  function wire(name: string, life: Life): Wire {
    const luck = chance.fork(name);
    const mine = new Set<Open>();
    let blockedUntil = 0;
    let stalledUntil = 0;
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

    const line: Line = {
      time,
      luck,
      life,
      get hub() {
        return network.hub;
      },
      isBlocked,
      happens,
      latency,
      async reads() {
        while (time.now < stalledUntil) await new Promise<void>((resolve) => void time.after(stalledUntil - time.now, resolve));
      },
      channel() {
        let last = 0;
        return (deliver) => {
          last = Math.max(last, time.now + latency());
          carried++;
          time.after(last - time.now, deliver);
        };
      },
      track,
      carried: () => void carried++,
      gap: () => void gaps++,
      nextSocket: () => `socket-${++sockets}`,
    };

    return {
      cut: () => [...mine].forEach((one) => one.cut()),
      freeze: () => [...mine].forEach((one) => one.freeze()),
      block(ms) {
        blockedUntil = Math.max(blockedUntil, time.now + ms);
      },
      stall(ms) {
        stalledUntil = Math.max(stalledUntil, time.now + ms);
      },
      drop: () => [...mine].forEach((one) => one.clientGone()),
      fetch: createFetch(line, faults),
      dial: createDial(line),
    };
  }

  return network;
}
