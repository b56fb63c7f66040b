/** Opens the home, the database and the port, and runs a hub on them until it is closed. */
import {
  createLogger,
  ensurePrivateDir,
  hapiHome,
  type HubListen,
  resolveHubToken,
  startCheckpointer,
  systemClock,
  type Clock,
  type Logger,
} from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { createProxies } from "./auth/proxies.ts";
import { loadJwtSecret, loadOwnerId } from "./auth/secrets.ts";
import { createTokens } from "./auth/tokens.ts";
import { durabilityOf } from "./sqlite/durability.ts";
import { lockHome, type HomeLock } from "./sqlite/home-lock.ts";
import { openHubDatabase, type HubDatabase } from "./sqlite/open.ts";
import { createBus } from "./events/bus.ts";
import { createHub, type Hub } from "./hub.ts";
import { keptInFiles } from "./kept-files.ts";
import { isStaged } from "./backup/restore.ts";
import type { Restorer } from "./http/routes/keeping.ts";
import { swapDatabase } from "./backup/swap.ts";
import type { HubParts } from "./services.ts";
import { sqliteStores } from "./stores.ts";
import { createEntrance, type EntranceParts, type RequestEnv } from "./entrance.ts";
import { createGate } from "./http/gate.ts";
import { createRateLimits } from "./http/limits.ts";
import { securityTxt } from "./http/security-txt.ts";
import { createStaticFiles } from "./http/static-files.ts";
import { type CertificateFiles, certificateOf } from "./listening/certificate.ts";
import { listen, type Listening, type ListenOptions } from "./listening/listen.ts";
import { type Plan, planListening } from "./listening/plan.ts";
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
  /** Own: a certificate that the hub makes itself. Without either it listens on this computer only, unless one of the next two says more. */
  tls?: "own" | CertificateFiles;
  /** Addresses and CIDR blocks of proxies with TLS, besides those on this computer: who they forward for is believed, and only they may come. */
  trustedProxies?: readonly string[];
  /** Plain HTTP for everybody, also beyond this computer. */
  insecureHttp?: boolean;
  /** The access token without namespace. Default: `CLI_API_TOKEN`, the stored one, or a new one. */
  token?: string;
  /** Whom to tell of a hole in this hub: a mailto: or https: address, given in `/.well-known/security.txt`. */
  securityContact?: string;
  /** Folder of the built web app. Absent: the hub serves the API only. */
  webRoot?: string;
  /** For a connection to say what it wants; default 30. */
  idleTimeoutSeconds?: number;
  clock?: Clock;
  log?: Logger;
  /** For tests of what happens after a loss of power. */
  bootId?: string;
  /** The hub could not be opened again after a restore; it is closed. */
  onFailed?: (cause: unknown) => void;
}

export interface RunningHub {
  /** For programs of this computer. */
  readonly url: string;
  /** For others, where that is another: over TLS. The fingerprint is that of the certificate, SHA-256. */
  readonly front: Listening["front"];
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly home: string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const defaultPort = 3006;

export async function startHub(options: HubOptions = {}): Promise<RunningHub> {
  const { host = "127.0.0.1", port = defaultPort, clock = systemClock } = options;
  const plan = planListening({
    host,
    port,
    tls: options.tls !== undefined,
    proxied: (options.trustedProxies ?? []).length > 0,
    insecure: options.insecureHttp ?? false,
  });
  const home = ensurePrivateDir(options.home ?? hapiHome());
  const log = options.log ?? createLogger({ name: "hub" });
  const token = checkToken(options.token ?? (await resolveHubToken({ ...process.env, HAPI_HOME: home })));
  const lock = await lockHome(home);
  try {
    const jwtSecret = loadJwtSecret(home);
    const ownerId = loadOwnerId(home);
    return await keepRunning(options, { host, plan, home, log, clock, token, jwtSecret, ownerId, lock });
  } catch (cause) {
    await lock.release();
    throw cause;
  }
}

interface Opened {
  host: string;
  plan: Plan;
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
  front: Listening["front"];
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
  const { url, front, port } = instance;
  const swap = async (id: string): Promise<void> => {
    const plan = { ...opened.plan, front: { ...opened.plan.front, port } };
    const open = (): Promise<Instance> => openInstance(options, { ...opened, plan }, restorer);
    instance = await swapDatabase({ home, id, now: clock.now(), log, close: () => instance.close(), open });
  };
  const shutdown = async (): Promise<void> => {
    await changing;
    await instance.close();
    await lock.release();
    log.info("hub.stopped");
  };
  const close = (): Promise<void> => (closing ??= shutdown());
  return { url, front, host, port, token, home, close, [Symbol.asyncDispose]: close };
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
  const { plan, home, log, clock, token } = opened;
  const { db, epoch, markClean } = database;
  const shown = await certificateOf(options.tls, opened);
  const bus = createBus(log);
  const stores = sqliteStores({ db, epoch, bus, now: () => clock.now(), logger: log });
  const corsOrigins = [...(options.corsOrigins ?? []), ...originOf(options.publicUrl)];
  const sockets = createSocketServer({ corsOrigins, clock });
  const limits = createRateLimits(clock);
  const hub = createHub({
    stores,
    bus,
    sockets,
    tokens: createTokens({ jwtSecret: opened.jwtSecret, accessToken: token }, clock),
    secret: token,
    ownerId: opened.ownerId,
    corsOrigins,
    ...keptInFiles(home),
    restorer,
    web: pagesOf(options, clock),
    callerOf: (c) => (c.env as RequestEnv).caller,
    limits,
    clock,
    log,
  });
  await hub.start();
  // The first reader is told under which numbering it reads: a second loss of power must not take that back.
  await db.syncWal();
  const fetch = entranceOf(options, opened, { app: hub.app, sockets, limits, corsOrigins });
  const { idleTimeoutSeconds } = options;
  const doors = { plan, ...shown, fetch, websocket: sockets.websocket, idleTimeoutSeconds, clock, log };
  const server = await serveOrStop(hub, () => openDoors(options, opened, doors));
  const checkpointer = startCheckpointer({
    db,
    between: (work) => stores.between(work),
    onFailed: (reason) => log.warn("database.checkpoint_failed", { reason }),
  });
  return {
    ...server,
    async close() {
      // A full disk must not keep a hub from ending: what was acknowledged is safe, and the next start sees that this was no clean end.
      const isSaved = await saysWhy(log, () => hub.stop());
      await server.close();
      checkpointer.close();
      if (isSaved) await saysWhy(log, markClean);
      await db.close();
    },
  };
}

function pagesOf({ webRoot, securityContact: contact, publicUrl }: HubOptions, clock: Clock): HubParts["web"] {
  const files = webRoot === undefined ? async () => null : createStaticFiles(webRoot);
  return async (request) => securityTxt(request, { contact, publicUrl, now: () => clock.now() }) ?? files(request);
}

function entranceOf({ allowedHosts = [], trustedProxies }: HubOptions, { host }: Opened, inside: Inside): ListenOptions["fetch"] {
  const gate = createGate({ origins: inside.corsOrigins, hosts: [host, ...allowedHosts] });
  return createEntrance({ ...inside, gate, proxies: createProxies(trustedProxies) });
}

type Inside = Pick<EntranceParts, "app" | "sockets" | "limits"> & { corsOrigins: readonly string[] };

/** For whoever looks for the hub of this home, and for its next start, which is to be the same one. */
function tellWhere({ tls, trustedProxies, insecureHttp }: HubOptions, { host, lock }: Opened, { url, front, port }: Listening): void {
  const listen: HubListen = { host, port };
  if (tls !== undefined) listen.tls = tls;
  if (trustedProxies && trustedProxies.length > 0) listen.trustedProxies = [...trustedProxies];
  if (insecureHttp) listen.insecureHttp = true;
  lock.listensAt({ url, listen, ...(front ? { front } : {}) });
}

function openDoors(options: HubOptions, opened: Opened, doors: Omit<ListenOptions, "onShown">): Listening {
  const { host, log } = opened;
  const tell = (fingerprint: string): void =>
    tellWhere(options, opened, { ...server, front: server.front && { ...server.front, fingerprint } });
  const server = listen({ ...doors, onShown: tell });
  const { url, front, port } = server;
  tellWhere(options, opened, server);
  log.info("hub.started", { host, port, ...(front ? { own: url, fingerprint: front.fingerprint } : {}) });
  if (options.insecureHttp) log.warn("hub.insecure_http", { host, port });
  return server;
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

/** The hub's own token names no namespace: clients append theirs. */
function checkToken(token: string): string {
  const trimmed = token.trim();
  if (trimmed === "" || trimmed.includes(":"))
    throw new AppError("settings_corrupt", "The hub's token must not be empty or contain a colon. Change CLI_API_TOKEN or settings.json.");
  if (isWeakToken(trimmed)) throw new AppError("weak_token", weakWords);
  return trimmed;
}

/** Whoever has it runs commands here, and guesses are limited by caller only: of letters and digits, these are more than anybody tries. */
const minTokenLength = 16;
const minTokenSigns = 6;
export const isWeakToken = (token: string): boolean => token.length < minTokenLength || new Set(token).size < minTokenSigns;
const weakWords =
  "The hub's token is too easy to guess: it needs 16 signs, 6 different ones. Unset CLI_API_TOKEN and the hub makes one, or set: CLI_API_TOKEN=$(openssl rand -base64 32)";

function originOf(publicUrl: string | undefined): string[] {
  const url = publicUrl === undefined ? null : URL.parse(publicUrl);
  return url ? [url.origin] : [];
}
