/**
 * What a host leaves on disk for others to find it: its facts in `host.json`, and its token. Both 0600 in the session's private folder, and written
 * by the host alone. A file that remains after the host's death means nothing: only an answered handshake does.
 */
import { existsSync, readFileSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { attempt, randomToken, systemClock, writeFileAtomic } from "@hapi/platform/lean";

export interface HostMark {
  pid: number;
  startTime: string | null;
  socket: string;
  version: number;
  startedAt: number;
}

/** What it takes to connect. */
export interface HostAddress {
  socket: string;
  token: string;
}

/** The host's own; `session.json` beside it is the session process's. */
export function hostFile(dir: string): string {
  return join(dir, "host.json");
}

export function tokenFile(dir: string): string {
  return join(dir, "host.token");
}

/** Names the mark's place to a host, so that it knows that its starter looks there. */
export const markFlag = { name: "--mark", value: "host.json" } as const;

export interface MarkOptions {
  /** Also under `host` in `session.json`, where hosts left it before they had a file of their own. */
  alsoOlder?: boolean;
}

/** The host's own facts, while it serves. Who looks for hosts that were killed sees by the folder around all sessions that one has come. */
export function leaveMark(dir: string, hostMark: HostMark, options: MarkOptions = {}): void {
  write(hostFile(dir), { host: hostMark });
  if (options.alsoOlder) write(olderFile(dir), { ...read(olderFile(dir)), host: hostMark });
  const now = systemClock.now() / 1000;
  attempt(() => utimesSync(dirname(dir), now, now), "then it is seen a little later");
}

/** It ended in good order, or others spoke for it. The file stays: it says that no older place counts any more. */
export function removeMark(dir: string, options: MarkOptions = {}): void {
  write(hostFile(dir), { host: null });
  const older = options.alsoOlder ? read(olderFile(dir)) : null;
  if (older && "host" in older) write(olderFile(dir), { ...older, host: undefined });
}

export function readHostMark(dir: string): HostMark | null {
  return hostMarkIn(read(existsSync(hostFile(dir)) ? hostFile(dir) : olderFile(dir)) ?? {});
}

/** Of a `host.json`, or of a `session.json` where there is none. */
export function hostMarkIn(file: Readonly<Record<string, unknown>>): HostMark | null {
  const host = file["host"];
  if (typeof host !== "object" || host === null) return null;
  const { pid, socket } = host as Partial<HostMark>;
  return typeof pid === "number" && typeof socket === "string" ? (host as HostMark) : null;
}

const olderFile = (dir: string): string => join(dir, "session.json");

function read(path: string): Record<string, unknown> | null {
  const value: unknown = attempt(() => JSON.parse(readFileSync(path, "utf8")), "no file, or half of one from a foreign hand");
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

const write = (path: string, value: object): void => writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);

/** Null when no host was ever started for this session. Says nothing about life. */
export function readHostAddress(dir: string): HostAddress | null {
  const hostMark = readHostMark(dir);
  const token = readToken(tokenFile(dir));
  return hostMark && token ? { socket: hostMark.socket, token } : null;
}

export function readToken(path: string): string | null {
  return attempt(() => readFileSync(path, "utf8").trim(), "no such file") || null;
}

export function makeToken(dir: string): string {
  const token = randomToken(32);
  // No host outlives a loss of power.
  writeFileAtomic(tokenFile(dir), `${token}\n`, { volatile: true });
  return token;
}

/** Names of the variables by which a session process finds its host. */
export const hostEnv = {
  socket: "HAPI_HOST_SOCKET",
  tokenFile: "HAPI_HOST_TOKEN_FILE",
  sessionDir: "HAPI_SESSION_DIR",
  sessionId: "HAPI_SESSION_ID",
} as const;

/** In a session process: where its host is. The token travels in a file, not in the environment. */
export function hostAddressFromEnv(env: Readonly<Record<string, string | undefined>>): HostAddress | null {
  const socket = env[hostEnv.socket];
  const file = env[hostEnv.tokenFile];
  const token = file ? readToken(file) : null;
  return socket && token ? { socket, token } : null;
}
