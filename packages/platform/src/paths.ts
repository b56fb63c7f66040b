/**
 * Where HAPI keeps its things. Folders are private (0700). Socket paths stay under 100 bytes, because the kernel's limit is 104 (macOS)
 * or 108 (Linux): a longer one moves to a private folder under the system's temp dir, found again from the same home and name.
 */
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { AppError, isFullDisk, toAppError } from "@hapi/protocol/errors";
import { sha256Hex } from "./secrets.ts";

const maxSocketPathBytes = 99;

export type Env = Readonly<Record<string, string | undefined>>;

/** `HAPI_HOME`, or `~/.hapi`. Not created here. */
export function hapiHome(env: Env = process.env): string {
  const configured = env["HAPI_HOME"]?.trim();
  const home = env["HOME"] || homedir();
  if (!configured) return join(home, ".hapi");
  const expanded = configured === "~" || configured.startsWith("~/") ? join(home, configured.slice(1)) : configured;
  return isAbsolute(expanded) ? expanded : resolve(expanded);
}

/** Makes `path` exist as a folder only its owner can enter, and gives it back. */
export function ensurePrivateDir(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const stat = lstatSync(path);
    // A link may lead to a folder of the user's choice; its own mode means nothing.
    if (!stat.isSymbolicLink() && (stat.mode & 0o077) !== 0) chmodSync(path, 0o700);
  } catch (cause) {
    if (isFullDisk(cause)) throw toAppError(cause);
    throw new AppError("home_not_writable", `HAPI can't write to ${path}. Make it writable, or set HAPI_HOME to another folder.`, {
      cause,
      details: { path },
    });
  }
  return path;
}

/** Folder of one session: facts of its host, ledger, overlay files. Not created here. */
export function sessionDir(home: string, sessionId: string): string {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(sessionId)) throw new AppError("session_not_found", "This is not a session id");
  return join(home, "sessions", sessionId);
}

export function sessionsDir(home: string): string {
  return join(home, "sessions");
}

export function logDir(home: string): string {
  return join(home, "logs");
}

/** Says which hub runs on this home: `{pid, url?}`. Means nothing when that process is gone. */
export function hubOwnerPath(home: string): string {
  return join(home, "hub.json");
}

export function runnerDir(home: string): string {
  return join(home, "runner");
}

/** Path of a Unix socket of this home. Its folder is made, private. The same home and name always give the same path. */
export function socketPath(home: string, name: string): string {
  const plain = join(home, "run", `${name}.sock`);
  if (Buffer.byteLength(plain) <= maxSocketPathBytes) {
    ensurePrivateDir(join(home, "run"));
    return plain;
  }
  const short = Buffer.byteLength(name) <= 24 ? name : digest(name);
  const dirName = `hapi-${userInfo().uid}-${digest(resolve(home))}`;
  for (const base of [tmpdir(), "/tmp"]) {
    const path = join(base, dirName, `${short}.sock`);
    if (Buffer.byteLength(path) > maxSocketPathBytes) continue;
    ensureOwnTempDir(join(base, dirName));
    return path;
  }
  throw new AppError("home_not_writable", "No folder with a path short enough for a socket was found. Set HAPI_HOME to a shorter path.");
}

/** In a folder everyone may write to, the name may have been taken by someone else: then it must not be used. */
function ensureOwnTempDir(path: string): void {
  ensurePrivateDir(path);
  const stat = lstatSync(path);
  if (stat.isDirectory() && stat.uid === userInfo().uid && (stat.mode & 0o077) === 0) return;
  throw new AppError("home_not_writable", `${path} belongs to someone else. Set HAPI_HOME to a shorter path.`, { details: { path } });
}

function digest(text: string): string {
  return sha256Hex(text).slice(0, 12);
}
