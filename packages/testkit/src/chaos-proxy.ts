/**
 * A bad network on demand: stands between a client and a server on loopback. What it can do to a connection: delay, jitter, throttle, cut, go
 * silent (half-open: accepts, never answers), stop reading (slow reader), lose an answer whose request got through, and strand what was
 * sent: the caller's side is cut, and its last words arrive late, when a newer connection has already spoken.
 *
 * Twice and in another order: TCP does neither to bytes, so whole requests and whole WebSocket frames are repeated or overtaken (see
 * chaos-proxy-units.ts). A repeated request goes over a connection of its own and nobody hears its answer, as when a caller that heard none
 * asks again; a request that is overtaken waits until another one was answered.
 *
 * All chance comes from the seed, in the order in which connections and units come.
 */
import { connect, createServer, type Socket } from "node:net";
import { type Clock, systemClock } from "@hapi/platform/lean";
import { createLane, type Lane, type LaneWeather } from "./chaos-proxy-lane.ts";
import { createUnitSplitter, type Unit } from "./chaos-proxy-units.ts";
import { seededRandom } from "./seeded-random.ts";

/** Chances are 0 to 1, for each unit. */
export interface Weather {
  toServer?: LaneWeather;
  toClient?: LaneWeather;
  /** The connection breaks after this unit, whether the other side got it or not. */
  cut?: number;
  /** The unit arrives, the answer does not, and the connection breaks. Requests only. */
  loseAnswer?: number;
  /** The unit arrives twice. */
  duplicate?: number;
  /** The unit arrives after the next one. */
  reorder?: number;
  /**
   * Which units `duplicate`, `reorder` and `loseAnswer` may choose, by request line or frame text. Default: requests that change something, and
   * for lost answers every request.
   */
  plays?: RegExp;
}

export interface ChaosCounts {
  connections: number;
  cuts: number;
  lostAnswers: number;
  duplicates: number;
  reorders: number;
}

export interface ChaosProxy {
  readonly port: number;
  readonly url: string;
  readonly counts: Readonly<ChaosCounts>;
  /** From now on, for living connections too. */
  weather(weather: Weather): void;
  /** All chance begins anew from this seed: that of new connections, and apart from it, whatever still lives, that of living ones. */
  reseed(seed: number): void;
  /** Breaks every connection; new ones work. Answers how many. */
  cut(): number;
  /** Living connections go silent for ever, new ones are accepted and hear nothing, until `heal`. */
  halfOpen(): void;
  /** Nothing more is read from the server on the living connections, until `heal`: its buffers fill. */
  slowReader(): void;
  /** What callers send is kept back; after `holdMs` they are cut off, and what they had sent arrives `lateMs` later. */
  strand(times: { holdMs: number; lateMs: number }): Promise<void>;
  /** New connections are accepted normally again; slow readers read on. What went silent stays silent: `cut` ends it. */
  heal(): void;
  close(): Promise<void>;
}

export interface ChaosProxyOptions {
  seed: number;
  target: { port: number; host?: string };
  /** Default 0: the system chooses. */
  port?: number;
  clock?: Clock;
}

const CHANGES = /^(POST|PUT|PATCH|DELETE) /;
/** A unit that is to be overtaken is not kept longer than this. */
const OVERTAKEN_WITHIN_MS = 200;
/** A repeated request comes up to so much later. */
const REPEATED_WITHIN_MS = 60;

interface Connection {
  client: Socket;
  server: Socket;
  up: Lane;
  down: Lane;
  isSilent: boolean;
  reseed(place: number): void;
  end(): void;
}

export async function createChaosProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const { target, clock = systemClock } = options;
  const host = target.host ?? "127.0.0.1";
  const counts: ChaosCounts = { connections: 0, cuts: 0, lostAnswers: 0, duplicates: 0, reorders: 0 };
  const connections = new Set<Connection>();
  const repeats = new Set<Socket>();
  const timers = new Set<() => void>();
  const overtakable = new Set<() => void>();
  let weather: Weather = {};
  let { seed } = options;
  let dealt = 0;
  let isSilent = false;
  let isClosed = false;

  function later(ms: number, fn: () => void): () => void {
    const cancel = clock.setTimer(ms, () => {
      timers.delete(cancel);
      fn();
    });
    timers.add(cancel);
    return () => {
      timers.delete(cancel);
      cancel();
    };
  }

  const chanceOf = (place: number): (() => number) => seededRandom(seed + place * 7_919);

  function accept(client: Socket): void {
    counts.connections++;
    let chance = chanceOf(++dealt);
    const random = (): number => chance();
    const server = connect({ host, port: target.port, allowHalfOpen: true });
    const up = createLane({ to: server, weather: () => weather.toServer ?? {}, random, clock, hasRoom: () => client.resume() });
    const down = createLane({ to: client, weather: () => weather.toClient ?? {}, random, clock, hasRoom: () => server.resume() });
    const connection: Connection = {
      client,
      server,
      up,
      down,
      isSilent,
      reseed(place) {
        chance = chanceOf(place);
      },
      end() {
        connections.delete(connection);
        client.destroy();
        server.destroy();
      },
    };
    connections.add(connection);
    const units = createUnitSplitter();
    const play = createPlay(connection, random);
    client.on("data", (bytes: Buffer) => {
      if (connection.isSilent) return;
      for (const unit of units.push(bytes)) play.unit(unit);
      if (up.isFull) client.pause();
    });
    client.on("end", () => {
      if (connection.isSilent) return;
      up.push(units.rest());
      up.end();
    });
    server.on("data", (bytes: Buffer) => {
      if (connection.isSilent) return;
      if (play.answered()) return;
      down.push(bytes);
      if (down.isFull) server.pause();
    });
    server.on("end", () => {
      if (!connection.isSilent) down.end();
    });
    for (const socket of [client, server]) {
      // A broken side breaks the other; a side that was closed in good order still gets what is on its way.
      socket.on("error", () => {
        if (!connection.isSilent || socket === client) connection.end();
      });
      socket.on("close", () => {
        if (client.destroyed && server.destroyed) connections.delete(connection);
        else if (socket === client && connections.has(connection) && client.destroyed) connection.end();
      });
    }
  }

  /** What chance does to the units of one connection. */
  function createPlay({ up, end }: Connection, random: () => number): { unit(unit: Unit): void; answered(): boolean } {
    const hits = (chance: number | undefined): boolean => chance !== undefined && chance > 0 && random() < chance;
    let losesAnswer = false;
    let held: (() => void) | null = null;
    /** Requests of other connections that go on once this one's is answered. */
    let overtakes: (() => void)[] = [];

    function unit(unit: Unit): void {
      if (unit.kind === "bytes") {
        held?.();
        return up.push(unit.bytes);
      }
      const mayPlay = (weather.plays ?? CHANGES).test(unit.text);
      const overtaken = mayPlay && hits(weather.reorder);
      const repeated = mayPlay && hits(weather.duplicate);
      if (unit.kind === "request" && (weather.plays === undefined || mayPlay) && hits(weather.loseAnswer)) losesAnswer = true;
      const breaks = hits(weather.cut);
      const wasHeld = held;
      if (overtaken && !wasHeld) hold(unit);
      else {
        up.push(unit.bytes);
        if (unit.kind === "request") overtakes = [...overtakable];
        else wasHeld?.();
      }
      if (repeated) {
        counts.duplicates++;
        if (unit.kind === "frame") up.push(unit.bytes);
        else later(random() * REPEATED_WITHIN_MS, () => repeat(unit.bytes));
      }
      if (breaks) {
        counts.cuts++;
        later(0, end);
      }
    }

    function hold(unit: Unit): void {
      counts.reorders++;
      const release = (): void => {
        held = null;
        overtakable.delete(release);
        cancel();
        up.push(unit.bytes);
      };
      const cancel = later(OVERTAKEN_WITHIN_MS, release);
      held = release;
      if (unit.kind === "request") overtakable.add(release);
    }

    return {
      unit,
      /** The server speaks. True: its answer was to be lost, and is. */
      answered() {
        for (const release of overtakes.splice(0)) release();
        if (!losesAnswer) return false;
        counts.lostAnswers++;
        end();
        return true;
      },
    };
  }

  function repeat(bytes: Uint8Array): void {
    if (isClosed) return;
    const socket = connect({ host, port: target.port });
    repeats.add(socket);
    socket.on("data", () => undefined);
    for (const event of ["error", "end", "close"] as const)
      socket.on(event, () => {
        repeats.delete(socket);
        socket.destroy();
      });
    socket.write(closing(bytes));
  }

  const listener = createServer({ allowHalfOpen: true }, accept);
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");

  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    counts,
    weather(next) {
      weather = next;
    },
    reseed(next) {
      seed = next;
      dealt = 0;
      for (const [at, connection] of [...connections].entries()) connection.reseed(-1 - at);
    },
    cut() {
      const all = [...connections];
      for (const connection of all) connection.end();
      counts.cuts += all.length;
      return all.length;
    },
    halfOpen() {
      isSilent = true;
      for (const connection of connections) {
        connection.isSilent = true;
        connection.up.swallow();
        connection.down.swallow();
      }
    },
    slowReader() {
      for (const connection of connections) connection.down.hold();
    },
    async strand({ holdMs, lateMs }) {
      const stranded = [...connections];
      for (const { up } of stranded) up.hold();
      await new Promise<void>((resolve) => later(holdMs, resolve));
      for (const connection of stranded) {
        counts.cuts++;
        connections.delete(connection);
        // The server goes on talking to nobody.
        connection.down.swallow();
        connection.client.destroy();
      }
      await new Promise<void>((resolve) => later(lateMs, resolve));
      for (const { up } of stranded) {
        up.release();
        up.end();
      }
      await Promise.all(
        stranded.map(
          ({ server }) =>
            new Promise<void>((resolve) => {
              if (server.destroyed) return resolve();
              server.once("close", () => resolve());
              later(OVERTAKEN_WITHIN_MS, () => {
                server.destroy();
                resolve();
              });
            }),
        ),
      );
    },
    heal() {
      isSilent = false;
      for (const { down } of connections) down.release();
    },
    async close() {
      isClosed = true;
      for (const cancel of timers) cancel();
      for (const connection of [...connections]) connection.end();
      for (const socket of repeats) socket.destroy();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

/** The same request, for a connection that nobody uses again. */
function closing(request: Uint8Array): Buffer {
  const bytes = Buffer.from(request);
  const end = bytes.indexOf("\r\n\r\n");
  const [line = "", ...headers] = bytes.toString("latin1", 0, end).split("\r\n");
  const kept = headers.filter((header) => !header.toLowerCase().startsWith("connection:"));
  return Buffer.concat([Buffer.from([line, ...kept, "Connection: close"].join("\r\n"), "latin1"), bytes.subarray(end)]);
}
