/**
 * What a host leaves on disk for others to find it: its facts under `host` in `session.json` (other keys are kept), and its token. Both 0600
 * in the session's private folder. A file that remains after the host's death means nothing: only an answered handshake does.
 */
import { readFileSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { attempt, randomToken, systemClock, writeFileAtomic } from "@hapi/platform/lean";

export interface HostRecord {
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

export function sessionFile(dir: string): string {
  return join(dir, "session.json");
}

export function tokenFile(dir: string): string {
  return join(dir, "host.token");
}

export function readSessionFile(dir: string): Record<string, unknown> {
  const value: unknown = attempt(() => JSON.parse(readFileSync(sessionFile(dir), "utf8")), "no file, or half of one from a foreign hand");
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** Changes keys of `session.json`, atomically; undefined removes one. `host` belongs to the host, the rest to the session process. */
export function updateSessionFile(dir: string, changes: Record<string, unknown>): void {
  writeFileAtomic(sessionFile(dir), `${JSON.stringify({ ...readSessionFile(dir), ...changes }, null, 2)}\n`);
}

/** The host's own facts, while it serves. Who looks for hosts that were killed sees by the folder around all sessions that one has come. */
export function leaveMark(dir: string, record: HostRecord): void {
  updateSessionFile(dir, { host: record });
  const now = systemClock.now() / 1000;
  attempt(() => utimesSync(dirname(dir), now, now), "then it is seen a little later");
}

export const readHostRecord = (dir: string): HostRecord | null => hostRecordIn(readSessionFile(dir));

/** Of a `session.json` that was read already. */
export function hostRecordIn(file: Readonly<Record<string, unknown>>): HostRecord | null {
  const host = file["host"];
  if (typeof host !== "object" || host === null) return null;
  const { pid, socket } = host as Partial<HostRecord>;
  return typeof pid === "number" && typeof socket === "string" ? (host as HostRecord) : null;
}

/** Null when no host was ever started for this session. Says nothing about life. */
export function readHostAddress(dir: string): HostAddress | null {
  const record = readHostRecord(dir);
  const token = readToken(tokenFile(dir));
  return record && token ? { socket: record.socket, token } : null;
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
