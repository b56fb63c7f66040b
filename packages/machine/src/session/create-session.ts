/**
 * Prepares a session's folder before its host starts. Repeatable: preparing the same id again keeps its conversation, thread and history and
 * only takes the new launch options.
 */
import { mkdirSync, readdirSync, realpathSync } from "node:fs";
import { ensurePrivateDir, sessionDir, sessionsDir, sha256Hex, systemClock } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { normalizePermissionMode } from "@hapi/protocol/flavors";
import type { Box } from "./box.ts";
import { boxFor } from "./box-wish.ts";
import { keepEarlier } from "./earlier.ts";
import type { KeptEnvironment } from "./environment.ts";
import { readSessionFile, type SessionFile, writeSessionFile } from "./session-file.ts";
import type { FirstLaunch } from "./session-file-shape.ts";

export interface CreateSessionOptions {
  home: string;
  flavor: string;
  cwd: string;
  machineId: string;
  hubUrl: string;
  startedBy: "terminal" | "runner";
  startingMode: "local" | "remote";
  args?: readonly string[];
  /** Continue this session instead of making one. */
  sessionId?: string;
  /** Default: `sessionTag`. `--new` gives a tag of its own. */
  tag?: string;
  permissionMode?: string;
  model?: string | null;
  effort?: string | null;
  /** Continue, or with `fork` branch off, this conversation of the agent. */
  threadId?: string;
  fork?: boolean;
  /** The text of an earlier conversation that its agent is given. Only a new session takes it. */
  history?: string;
  name?: string;
  worktree?: SessionFile["worktree"];
  launchId?: string;
  /** In a sandbox from now on. Absent: as the session was begun, or as this home's settings say for a new one. */
  box?: Box;
  /** Of whoever starts it. A session that has one already keeps it, and one of an older version takes only that of a person's terminal. */
  environment?: KeptEnvironment;
  /** From now on with this one. */
  replaceEnvironment?: boolean;
  now?: number;
  /**
   * What its agent is begun with before there is a session process; writes what that needs into the session's folder. In the session file with everything
   * else, so that the disk is waited for once. Undefined: the session process begins it.
   */
  begin?: (sessionFile: SessionFile, dir: string) => FirstLaunch | undefined;
}

/** The same machine, folder and agent are the same session. Opaque, bounded, the same on every call. */
export function sessionTag(machineId: string, realPath: string, flavor: string): string {
  const digest = sha256Hex(JSON.stringify([machineId, realPath, flavor]));
  return `${flavor}:${digest.slice(0, 32)}`;
}

function permissionModeOf(options: CreateSessionOptions): string | undefined {
  if (options.permissionMode === undefined) return undefined;
  const mode = normalizePermissionMode(options.flavor, options.permissionMode);
  if (!mode) throw new AppError("invalid_mode", `This agent has no permission mode "${options.permissionMode}"`);
  return mode;
}

export function createSession(options: CreateSessionOptions): { sessionId: string; dir: string; sessionFile: SessionFile } {
  const cwd = realPathOf(options.cwd);
  const sessionId = options.sessionId ?? crypto.randomUUID();
  const dir = sessionDir(options.home, sessionId);
  ensurePrivateDir(options.home);
  ensurePrivateDir(sessionsDir(options.home));
  ensurePrivateDir(dir);
  mkdirSync(`${dir}/uploads`, { recursive: true, mode: 0o700 });
  const existing = readSessionFile(dir);
  if (existing && existing.flavor !== options.flavor) throw new AppError("session_conflict", "This session belongs to another agent");
  const given: Partial<SessionFile> = {
    machineId: options.machineId,
    hubUrl: options.hubUrl,
    startedBy: options.startedBy,
    startingMode: options.startingMode,
    permissionMode: permissionModeOf(options),
    model: options.model,
    effort: options.effort,
    threadId: existing?.threadId ? undefined : options.threadId,
    fork: existing?.threadId ? undefined : options.fork,
    name: options.name,
    worktree: options.worktree,
    launchId: options.launchId,
    box: boxFor(options, existing),
    environment: environmentFor(options, existing),
    args: options.args ? [...options.args] : undefined,
  };
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const base: SessionFile = existing ?? {
    version: 1,
    sessionId,
    tag: options.tag ?? sessionTag(options.machineId, cwd, options.flavor),
    flavor: options.flavor,
    cwd,
    machineId: options.machineId,
    hubUrl: options.hubUrl,
    createdAt: options.now ?? systemClock.now(),
    startedBy: options.startedBy,
    startingMode: options.startingMode,
    args: [],
    ...(options.history === undefined ? {} : { earlier: true }),
  };
  if (!existing && options.history !== undefined) keepEarlier(dir, options.history);
  const sessionFile: SessionFile = { ...base, ...stated };
  const firstLaunch = options.begin?.(sessionFile, dir);
  if (firstLaunch) sessionFile.firstLaunch = firstLaunch;
  writeSessionFile(dir, sessionFile);
  return { sessionId, dir, sessionFile };
}

function environmentFor(options: CreateSessionOptions, existing: SessionFile | null): KeptEnvironment | undefined {
  if (existing?.environment && !options.replaceEnvironment) return existing.environment;
  const isPersons = existing === null || options.startedBy === "terminal" || options.replaceEnvironment;
  return isPersons ? options.environment : undefined;
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new AppError("not_found", `The folder ${path} does not exist`, { cause });
  }
}

/** The sessions of this machine, newest first; a damaged file is left out. */
export function listSessionFiles(home: string): SessionFile[] {
  let ids: string[];
  try {
    ids = readdirSync(sessionsDir(home));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw cause;
  }
  const found = ids.flatMap((id) => {
    try {
      const sessionFile = readSessionFile(sessionDir(home, id));
      return sessionFile ? [sessionFile] : [];
    } catch (cause) {
      if (cause instanceof AppError) return [];
      throw cause;
    }
  });
  return found.sort((a, b) => b.createdAt - a.createdAt);
}
