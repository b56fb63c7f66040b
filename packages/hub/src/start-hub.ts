/** Opens the home, the database and the port, and runs a hub on them until it is closed. */
import {
  createLogger,
  ensurePrivateDir,
  hapiHome,
  resolveHubToken,
  serveHttp,
  startCheckpointer,
  systemClock,
  type Clock,
  type Logger,
} from "@hapi/platform";
import { AppError, MAX_BODY_BYTES } from "@hapi/protocol";
import type { Context } from "hono";
import { callerOf } from "./auth/caller.ts";
import { loadJwtSecret, loadOwnerId } from "./auth/secrets.ts";
import { createTokens } from "./auth/tokens.ts";
import { durabilityOf } from "./sqlite/durability.ts";
import { lockHome, type HomeLock } from "./sqlite/home-lock.ts";
import { openHubDatabase, type HubDatabase } from "./sqlite/open.ts";
import { createBus } from "./events/bus.ts";
import { createHub, type Hub } from "./hub.ts";
import { fileRetention } from "./keeping/retention.ts";
import { isStaged } from "./backup/restore.ts";
import type { Restorer } from "./http/routes/keeping.ts";
import { swapDatabase } from "./backup/swap.ts";
import { fileHubSettings } from "./settings/hub-settings.ts";
import { sqliteStores } from "./stores.ts";
import { createGate, type Gate } from "./http/gate.ts";
import { createStaticFiles } from "./http/static-files.ts";
import { createSocketServer } from "./socket/socket-server.ts";

export interface HubOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 3006; 0 picks a free one. */
  port?: number;
  /** Default `HAPI_HOME` or `~/.hapi`. */
  home?: string;
  /** Where browsers reach the hub, when that is not `http://host:port`. Its origin may call the API. */
  publicUrl?: string;
  corsOrigins?: readonly string[];
  /** Names by which it is reached besides `publicUrl`, this computer's own and plain addresses; `*`: any. */
  allowedHosts?: readonly string[];
  /** The access token without namespace. Default: `CLI_API_TOKEN`, the stored one, or a new one. */
  token?: string;
  /** Folder of the built web app. Absent: the hub serves the API only. */
  webRoot?: string;
  clock?: Clock;
  log?: Logger;
  /** For tests of what happens after a loss of power. */
  bootId?: string;
  /** The hub could not be opened again after a restore; it is closed. */
  onFailed?: (cause: unknown) => void;
}

export interface RunningHub {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly home: string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const defaultPort = 3006;
const idleTimeoutSeconds = 240;

export async function startHub(options: HubOptions = {}): Promise<RunningHub> {
  const { host = "127.0.0.1", port = defaultPort, clock = systemClock } = options;
  const home = ensurePrivateDir(options.home ?? hapiHome());
  const log = options.log ?? createLogger({ name: "hub" });
  const token = checkToken(options.token ?? (await resolveHubToken({ ...process.env, HAPI_HOME: home })));
  const lock = await lockHome(home);
  try {
    const jwtSecret = loadJwtSecret(home);
    const ownerId = loadOwnerId(home);
    return await keepRunning(options, { host, port, home, log, clock, token, jwtSecret, ownerId, lock });
  } catch (cause) {
    await lock.release();
    throw cause;
  }
}

interface Opened {
  host: string;
  port: number;
  home: string;
  log: Logger;
  clock: Clock;
  token: string;
  jwtSecret: Uint8Array;
  ownerId: number;
  lock: HomeLock;
}

/** One hub on one database and one port, from its opening to its end. */
interface Instance {
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Time for an answer that was given to leave before the connection is closed. */
const answerMs = 50;

/** The home's lock and the port stay with this process while a restore changes the database under it. */
async function keepRunning(options: HubOptions, opened: Opened): Promise<RunningHub> {
  const { host, home, token, log, clock, lock } = opened;
  const onFailed = options.onFailed ?? ((cause) => log.error("hub.failed", { cause }));
  let changing: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | null = null;
  const restorer = {
    isStaged: (id: string) => isStaged(home, id),
    restore(id: string) {
      clock.setTimer(answerMs, () => {
        if (closing === null) changing = changing.then(() => swap(id)).catch(onFailed);
      });
    },
  };
  let instance = await openInstance(options, opened, restorer);
  const { url, port } = instance;
  const swap = async (id: string): Promise<void> => {
    const open = (): Promise<Instance> => openInstance(options, { ...opened, port }, restorer);
    instance = await swapDatabase({ home, id, now: clock.now(), log, close: () => instance.close(), open });
  };
  const shutdown = async (): Promise<void> => {
    await changing;
    await instance.close();
    await lock.release();
    log.info("hub.stopped");
  };
  const close = (): Promise<void> => (closing ??= shutdown());
  return { url, host, port, token, home, close, [Symbol.asyncDispose]: close };
}

async function openInstance(options: HubOptions, opened: Opened, restorer: Restorer): Promise<Instance> {
  const database = openHubDatabase(opened.home, options.bootId);
  opened.log.info("database.opened", { ...durabilityOf(database.db) });
  try {
    return await runHub(options, opened, database, restorer);
  } catch (cause) {
    // A taken port must not leave the database open behind.
    await database.db.close();
    throw cause;
  }
}

async function runHub(options: HubOptions, opened: Opened, database: HubDatabase, restorer: Restorer): Promise<Instance> {
  const { host, port, home, log, clock, token } = opened;
  const { db, epoch, markClean } = database;
  const bus = createBus(log);
  const stores = sqliteStores({ db, epoch, bus, now: () => clock.now(), logger: log });
  const corsOrigins = [...(options.corsOrigins ?? []), ...originOf(options.publicUrl)];
  const sockets = createSocketServer({ corsOrigins, clock });
  const hub = createHub({
    stores,
    bus,
    sockets,
    tokens: createTokens({ jwtSecret: opened.jwtSecret, accessToken: token }, clock),
    secret: token,
    ownerId: opened.ownerId,
    corsOrigins,
    settings: fileHubSettings(home),
    restorer,
    retention: fileRetention(home),
    web: options.webRoot === undefined ? async () => null : createStaticFiles(options.webRoot),
    callerOf: (c) => callerOf(c.req.raw.headers, addressOf(c)),
    clock,
    log,
  });
  const gate = createGate({ origins: corsOrigins, hosts: [host, ...(options.allowedHosts ?? [])] });
  await hub.start();
  // The first reader is told under which numbering it reads: a second loss of power must not take that back.
  await db.syncWal();
  const server = await serveOrStop(hub, () => serve({ host, port, hub: hub.app, sockets, gate }));
  const checkpointer = startCheckpointer({
    db,
    between: (work) => stores.between(work),
    onFailed: (reason) => log.warn("database.checkpoint_failed", { reason }),
  });
  const boundPort = server.port ?? port;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${boundPort}`;
  opened.lock.listensAt(url);
  log.info("hub.started", { host, port: boundPort });
  return {
    url,
    port: boundPort,
    async close() {
      // A full disk must not keep a hub from ending: what was acknowledged is safe, and the next start sees that this was no clean end.
      const isSaved = await saysWhy(log, () => hub.stop());
      await server.stop(true);
      checkpointer.close();
      if (isSaved) await saysWhy(log, markClean);
      await db.close();
    },
  };
}

async function saysWhy(log: Logger, work: () => Promise<void> | void): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (cause) {
    log.error("hub.not_ended_cleanly", { cause });
    return false;
  }
}

async function serveOrStop<T>(hub: Hub, listen: () => T): Promise<T> {
  try {
    return listen();
  } catch (cause) {
    await hub.stop();
    throw cause;
  }
}

interface ServeParts {
  host: string;
  port: number;
  hub: ReturnType<typeof createHub>["app"];
  sockets: ReturnType<typeof createSocketServer>;
  gate: Gate;
}

function serve({ host, port, hub, sockets, gate }: ServeParts) {
  return serveHttp<never>({
    hostname: host,
    port,
    idleTimeout: idleTimeoutSeconds,
    // Bun's own refusal has no body: what is above our limit is refused by us, before it is read.
    maxRequestBodySize: 4 * MAX_BODY_BYTES,
    websocket: sockets.websocket,
    fetch(request, server) {
      const isSocket = isSocketPath(request.url, sockets.path);
      return gate(request, isSocket) ?? (isSocket ? sockets.handle(request, server) : hub.fetch(request, { server }));
    },
  });
}

function isSocketPath(url: string, path: string): boolean {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  return url.startsWith(path, start) || url.startsWith(path.slice(0, -1) + "?", start);
}

function addressOf(c: Context): string {
  const { server } = c.env as { server?: Bun.Server<never> };
  return server?.requestIP(c.req.raw)?.address ?? "unknown";
}

/** The hub's own token names no namespace: clients append theirs. */
function checkToken(token: string): string {
  const trimmed = token.trim();
  if (trimmed === "" || trimmed.includes(":"))
    throw new AppError("settings_corrupt", "The hub's token must not be empty or contain a colon. Change CLI_API_TOKEN or settings.json.");
  return trimmed;
}

function originOf(publicUrl: string | undefined): string[] {
  const url = publicUrl === undefined ? null : URL.parse(publicUrl);
  return url ? [url.origin] : [];
}
