/**
 * The real hub on a real database file, without ports. It can be killed at any moment (what was committed is in the file) or lose power (what was
 * not synced may be gone, down to half a page), and starts again from what is left.
 */
import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, silentLogger, type Logger, type Sqlite } from "@hapi/platform";
import { AppError, toAppError } from "@hapi/protocol";
import type { Tokens } from "../../packages/hub/src/auth/tokens.ts";
import { databaseFile, openHubDatabase } from "../../packages/hub/src/sqlite/open.ts";
import { createBus } from "../../packages/hub/src/events/bus.ts";
import { createHub, type Hub } from "../../packages/hub/src/hub.ts";
import { sqliteStores, type Stores } from "../../packages/hub/src/stores.ts";
import type { ClientSocket, SocketNamespace } from "../../packages/hub/src/socket/client-socket.ts";
import type { SocketServer } from "../../packages/hub/src/socket/socket-server.ts";
import { changed } from "./changed.ts";
import type { Endpoint, Network, ServerSocket } from "./network.ts";
import type { Chance } from "./random.ts";
import type { Life, VirtualTime } from "./time.ts";

export const TOKEN = "simulated-secret-0123456789";

/** What a faulty hub does differently. Only tests of the checker plant anything. */
export interface HubPlants {
  stores?(stores: Stores): Stores;
  sqlite?(db: Sqlite, clock: Clock): Sqlite;
}

export interface HubProcess {
  readonly isUp: boolean;
  start(): Promise<void>;
  kill(how: "killed" | "power lost"): Promise<void>;
  stop(): Promise<void>;
}

export interface HubProcessOptions {
  home: string;
  time: VirtualTime;
  network: Network;
  chance: Chance;
  plants: HubPlants;
  /** A small hub: so far a reader may fall behind, and so many entries of the log are told again before it is a gap. Absent: the real ones. */
  patience?: { bytes: number; entries: number };
  log?: Logger;
}

export function createHubProcess({ home, time, network, chance, plants, patience, log = silentLogger }: HubProcessOptions): HubProcess {
  const path = join(home, databaseFile);
  let boot = 1;
  let running: { hub: Hub; disk: Disk; life: Life } | null = null;

  return {
    get isUp() {
      return running !== null;
    },
    async start() {
      const life = time.life();
      const database = openHubDatabase(home, `boot-${boot}`);
      const disk = createDisk(database.db, path, { time, life, chance });
      const db = plants.sqlite?.(disk.db, life.clock) ?? disk.db;
      const bus = createBus(log);
      const opened = sqliteStores({ db, epoch: database.epoch, bus, now: () => time.now, clock: life.clock, logger: log });
      const limited = patience ? impatient(opened, patience.entries) : opened;
      const stores = plants.stores?.(limited) ?? limited;
      const sockets = createSockets(life, time);
      const hub = createHub({
        stores,
        bus,
        sockets: sockets.server,
        tokens: plainTokens,
        secret: TOKEN,
        ownerId: 1,
        corsOrigins: [],
        settings: {
          read: () => ({ sessionSummaryContract: false, sessionSummaryInChat: false }),
          write: () => Promise.reject(new AppError("not_supported")),
        },
        maxBufferedBytes: patience?.bytes,
        restorer: { isStaged: () => false, restore: () => undefined },
        web: async () => null,
        callerOf: () => ({ key: "simulated", isLocal: true }),
        clock: life.clock,
        log,
      });
      running = { hub, disk, life };
      await time.real(hub.start());
      const endpoint: Endpoint = { fetch: async (request) => hub.app.fetch(request, {}), accept: sockets.accept, life };
      network.hub = endpoint;
    },
    async kill(how) {
      if (!running) return;
      const { disk, life } = running;
      running = null;
      network.hub = null;
      life.end();
      network.hubGone(how === "power lost");
      if (how === "power lost") boot++;
      await time.real(disk.abandon(how));
    },
    async stop() {
      if (!running) return;
      const { hub, disk, life } = running;
      running = null;
      network.hub = null;
      await hub.stop();
      life.end();
      await disk.close();
    },
  };
}

/** Whoever missed more than this reads afresh. */
function impatient(stores: Stores, entries: number): Stores {
  const { log } = stores;
  const after = (namespace: string, seq: number, limit: number) => log.after(namespace, seq, Math.min(limit, entries));
  return { ...stores, log: changed(log, { after }) };
}

/** Who is signed in is no subject here, and real signatures would take real time. */
const plainTokens: Tokens = {
  issue: ({ userId, namespace }) => Promise.resolve(`${userId}.${namespace}`),
  verify(token) {
    const [userId, namespace] = token.split(".");
    if (!userId || !namespace) return Promise.resolve(null);
    return Promise.resolve({ userId: Number(userId), namespace, credentialId: "legacy", expiresAt: Number.MAX_SAFE_INTEGER });
  },
};

interface Disk {
  readonly db: Sqlite;
  abandon(how: "killed" | "power lost"): Promise<void>;
  close(): Promise<void>;
}

/** The file is real; how long a sync takes, and what a loss of power leaves of the write-ahead log, is up to the world. */
function createDisk(real: Sqlite, path: string, world: { time: VirtualTime; life: Life; chance: Chance }): Disk {
  const { time, life, chance } = world;
  const wal = `${path}-wal`;
  const walBytes = (): number => statSync(wal, { throwIfNoEntry: false })?.size ?? 0;
  let syncedBytes = walBytes();
  /** Its process is dead: what still runs of it must not reach the file, and hears nothing from it. */
  const use = <F extends (...args: never[]) => unknown>(work: F, whenDead?: () => ReturnType<F>): F =>
    ((...args: never[]) => {
      time.touch();
      if (life.alive) return work(...args);
      if (whenDead) return whenDead();
      throw new AppError("not_ready", "This hub was killed");
    }) as F;
  const db: Sqlite = {
    path,
    get: use(real.get, () => undefined),
    all: use(real.all, () => []),
    iterate: use(real.iterate),
    run: use(real.run),
    exec: use(real.exec),
    transaction: use(real.transaction),
    walState: use(real.walState),
    foldWal: use(real.foldWal),
    reserveWal: async () => false,
    get inTransaction() {
      return life.alive && real.inTransaction;
    },
    async syncWal() {
      const upTo = walBytes();
      await life.wait(chance.is(0.05) ? chance.between(5, 80) : chance.between(0, 4));
      syncedBytes = Math.max(syncedBytes, upTo);
    },
    close: () => Promise.reject(new AppError("internal", "The world closes the database")),
  };
  return {
    db,
    async abandon(how) {
      // Closing would fold the log into the file, which a killed process does not do.
      const kept = readFileSync(wal);
      copyFileSync(path, `${path}.kept`);
      if (real.inTransaction) real.exec("ROLLBACK");
      await real.close();
      const length = how === "killed" ? kept.length : chance.between(syncedBytes, kept.length);
      copyFileSync(`${path}.kept`, path);
      rmSync(`${path}-shm`, { force: true });
      writeFileSync(wal, kept.subarray(0, length));
    },
    close: () => real.close(),
  };
}

/** The hub's socket server over the world's wires. */
function createSockets(life: Life, time: VirtualTime): { server: SocketServer; accept: Endpoint["accept"] } {
  const namespaces = new Map<string, SocketNamespace<unknown>>();
  const server: SocketServer = {
    path: "/socket.io/",
    websocket: {} as SocketServer["websocket"],
    handle: () => Promise.reject(new AppError("not_found")),
    namespace: (name, namespace) => void namespaces.set(name, namespace as SocketNamespace<unknown>),
    close: () => undefined,
  };
  return {
    server: server as SocketServer,
    async accept(auth) {
      const namespace = namespaces.get("/cli");
      if (!namespace) throw new Error("Invalid namespace");
      const identity = await namespace.authenticate(auth, { key: "simulated", isLocal: true }).catch((cause: unknown) => {
        throw new Error(toAppError(cause).message);
      });
      return (socket) => namespace.connected(wrap(socket, life, time), identity);
    },
  };
}

function wrap(socket: ServerSocket, life: Life, time: VirtualTime): ClientSocket {
  return {
    id: socket.id,
    emit: (event, payload) => {
      time.touch();
      if (life.alive) socket.emit(event, payload);
    },
    request: (event, payload, timeoutMs) =>
      new Promise((resolve, reject) => {
        time.touch();
        if (!life.alive) return;
        const cancel = life.clock.setTimer(timeoutMs, () => reject(new AppError("rpc_timeout")));
        socket.onClose(() => {
          cancel();
          reject(new AppError("agent_away", "The connection was lost before the answer came"));
        });
        socket.request(event, payload, (value) => {
          cancel();
          resolve(value);
        });
      }),
    on: (event, handler) =>
      socket.on(event, (payload, ack) => {
        time.touch();
        handler(
          payload,
          ack &&
            ((answer) => {
              time.touch();
              if (life.alive) ack(answer);
            }),
        );
      }),
    onOther: (handler) => socket.onOther(handler),
    onClose: (handler) => socket.onClose(handler),
    close: () => socket.close(),
  };
}
