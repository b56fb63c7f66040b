/** Socket connections over a wire: frames in order both ways, acknowledgements, reconnects with back-off. */
import type { Dial, LinkSocket } from "@hapi/client/link";
import type { Endpoint, ServerSocket } from "./network.ts";
import { type Line, NOTICE_MS } from "./wire-line.ts";

const RECONNECT_MS = [500, 5_000] as const;

export function createDial(line: Line): Dial {
  const { time, luck, life, isBlocked, latency, channel, track } = line;
  return (_url, { auth }) => {
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
        const { hub } = line;
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
        id: line.nextSocket(),
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
}

function overTheWire(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
