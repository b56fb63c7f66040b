/** For tests that look into the hub's make-up: the routes it has, and its stores without a hub around them. */
import { openSqlite, silentLogger, type Clock, type Logger } from "@hapi/platform";
import { type DeclaredRoute, declaredRoutes } from "./http/needs.ts";
import { createTokens } from "./auth/tokens.ts";
import { migrate } from "./sqlite/migrate.ts";
import { createBus } from "./events/bus.ts";
import { createHub, type Hub } from "./hub.ts";
import { sqliteStores, type Stores } from "./stores.ts";
import { createSocketServer } from "./socket/socket-server.ts";

export interface OpenStores {
  stores: Stores;
  bus: ReturnType<typeof createBus>;
  close(): Promise<void>;
}

/** Stores on a file or in memory. */
export function openStores(options: { path?: string; now: () => number; log: Logger; epoch?: string }): OpenStores {
  const db = openSqlite(options.path ?? ":memory:");
  migrate(db);
  const bus = createBus(options.log);
  const stores = sqliteStores({ db, epoch: options.epoch ?? "00000001", bus, now: options.now, logger: options.log });
  const close = async (): Promise<void> => {
    await stores.close();
    await db.close();
  };
  return { stores, bus, close };
}

/** A hub without a port on whatever keeps its data; its access token is `x`. */
export function hubOn({ stores, bus }: Pick<OpenStores, "stores" | "bus">, options: { clock: Clock; log: Logger }): Hub {
  return createHub({
    stores,
    bus,
    sockets: createSocketServer({ corsOrigins: [], clock: options.clock }),
    tokens: createTokens({ jwtSecret: new Uint8Array(32), accessToken: "x" }, options.clock),
    secret: "x",
    ownerId: 1,
    corsOrigins: [],
    settings: {
      read: () => ({ sessionSummaryContract: false, sessionSummaryInChat: false }),
      write: () => Promise.reject(new Error("not here")),
    },
    restorer: { isStaged: () => false, restore: () => undefined },
    web: async () => null,
    callerOf: () => ({ key: "test", isLocal: true }),
    clock: options.clock,
    log: options.log,
  });
}

/** Every route with what it asks of its caller; `null`: it is open to everybody. */
export function routeNeeds(): DeclaredRoute[] {
  // Nothing ever falls due in it: whoever asks may end.
  const clock: Clock = { now: () => 0, setTimer: () => () => undefined };
  const hub = hubOn(openStores({ now: () => clock.now(), log: silentLogger }), { clock, log: silentLogger });
  const isPlane = (path: string): boolean => path === "/health" || /^\/(?:api|cli)\//.test(path);
  // What answers every path or method in front of or behind the routes is none.
  const isRoute = ({ method, path, need }: DeclaredRoute): boolean => isPlane(path) && (need !== null || method !== "ALL");
  return declaredRoutes(hub.app).filter(isRoute);
}

/** Every route with its method, as registered. */
export function listRoutes(options: { clock: Clock; log: Logger }): { method: string; path: string }[] {
  const hub = hubOn(openStores({ now: () => options.clock.now(), log: options.log }), options);
  const methods = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);
  const seen = new Map(
    hub.app.routes.filter((route) => methods.has(route.method)).map((route) => [`${route.method} ${route.path}`, route]),
  );
  return [...seen.values()].map(({ method, path }) => ({ method, path }));
}
