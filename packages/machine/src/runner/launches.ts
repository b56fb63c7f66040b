/**
 * Starting sessions on this machine, repeatably. A launch id names one wish: whoever asks twice, before or after a crash of the runner, gets
 * the same session. A session that already has a living host is joined, never started beside itself.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { AgentDriver } from "@hapi/agents";
import { type Clock, sessionsDir } from "@hapi/platform";
import { AppError, type SpawnParams } from "@hapi/protocol";
import { requireBoxOf } from "../session/boxed-host.ts";
import { boxFor, requireBoxWhileRunning, tighter } from "../session/box-wish.ts";
import { createSession, listSessionFiles, type CreateSessionOptions } from "../session/create-session.ts";
import { credentialFingerprint } from "../session/credentials.ts";
import { takeEnvironment, withKept } from "../session/environment.ts";
import type { SessionFile } from "../session/session-file.ts";
import { writtenFor } from "../session/written-folders.ts";
import { requireInside } from "./roots.ts";

export interface LaunchDeps {
  home: string;
  machineId: string;
  hubUrl: () => string;
  env: Readonly<Record<string, string | undefined>>;
  driverFor(flavor: string): AgentDriver | undefined;
  defaultFlavor: string;
  /** Start the host, or join the living one; resolves when it answers. */
  startHost(sessionFile: SessionFile): Promise<{ isNew: boolean }>;
  /** Whether its host answers. */
  isLiving(sessionId: string): Promise<boolean>;
  /** Make the row in the hub exist before anyone is told its id. */
  register(sessionFile: SessionFile): Promise<void>;
  clock: Clock;
}

export interface Launched {
  sessionId: string;
  isNew: boolean;
}

export interface Launches {
  /** `roots`: where whoever asks may start something; none: everywhere. */
  launch(params: SpawnParams, roots?: readonly string[]): Promise<Launched>;
}

export function createLaunches(deps: LaunchDeps): Launches {
  /** One start at a time per wish; a second call waits for the first. */
  const running = new Map<string, Promise<Launched>>();

  const launch: Launches["launch"] = (params, roots = []) => {
    const key = params.existingSessionId ?? params.sessionId ?? params.launchId ?? randomUUID();
    const joined = running.get(key);
    // The first one may not have asked for a sandbox: who did is told what became of that.
    if (joined) return params.sandbox ? joined.then(() => launch(params, roots)) : joined;
    const attempt = launchOnce(deps, params, roots).finally(() => running.delete(key));
    running.set(key, attempt);
    return attempt;
  };
  return { launch };
}

async function launchOnce(deps: LaunchDeps, params: SpawnParams, roots: readonly string[]): Promise<Launched> {
  const sessionFiles = listSessionFiles(deps.home);
  const known = findKnown(sessionFiles, params);
  const flavor = known?.flavor ?? params.agent ?? deps.defaultFlavor;
  const driver = deps.driverFor(flavor);
  if (!driver) throw new AppError("unsupported_flavor", `This machine has no driver for "${flavor}".`);
  const wanted = known?.cwd ?? fullPath(params.directory);
  await requireInside(wanted, roots);
  if (params.knownOnly === true && !known) requireThread(deps, driver, params);
  const origin = known ?? originOf(sessionFiles, flavor, params);
  const { environment: kept } = origin ?? {};
  const env = definedOnly(withKept(deps.env, kept));
  const detection = await driver.detect(env, kept?.program, writtenBy(deps, { params, known, origin, driver }, { cwd: wanted, env }));
  if (!detection.available) {
    throw new AppError("agent_not_installed", detection.hint ?? `${driver.displayName} is not installed on this machine.`);
  }
  // Never the folder itself instead of the copy that was asked for.
  if (!known && params["sessionType"] === "worktree")
    throw new AppError("not_supported", "Sessions in a worktree of their own are not available yet.");
  const directory = known ? known.cwd : prepareDirectory(wanted);
  // Before anything is written.
  const wish = await boxOf(deps, { params, known, origin, driver });
  const options: CreateSessionOptions = {
    home: deps.home,
    flavor,
    cwd: directory,
    machineId: deps.machineId,
    hubUrl: deps.hubUrl(),
    startedBy: "runner",
    startingMode: "remote",
    ...(known ? { sessionId: known.sessionId, tag: known.tag } : newIdentity(flavor, params)),
    ...wish,
    ...wishOf(params),
    environment: kept ?? takeEnvironment(driver.environment, deps.env, detection.program, credentialFingerprint(deps.home)),
    now: deps.clock.now(),
  };
  const { sessionId, sessionFile } = createSession(options);
  await deps.register(sessionFile);
  const { isNew } = await deps.startHost(sessionFile);
  return { sessionId, isNew };
}

/** A computer's name is no identity: what another one of that name has is not begun anew here. */
function requireThread(deps: LaunchDeps, driver: AgentDriver, { directory, resumeSessionId }: SpawnParams): void {
  const where = { env: definedOnly(deps.env), cwd: directory };
  if (resumeSessionId !== undefined && (driver.hasThread?.(where, resumeSessionId) ?? true)) return;
  throw new AppError(
    "resume_unavailable",
    "This session belongs to another computer of the same name, and its files are not on this one. It goes on when that computer is online",
  );
}

interface BoxAsked {
  params: SpawnParams;
  known: SessionFile | undefined;
  origin: SessionFile | undefined;
  driver: AgentDriver;
}

/** What the agent will be able to write where it gets a sandbox. */
function writtenBy(
  { home }: LaunchDeps,
  { params, known, origin, driver }: BoxAsked,
  place: { cwd: string; env: Record<string, string> },
): readonly string[] {
  const box = boxFor({ home, box: tighter(params.sandbox, origin?.box) }, known);
  return writtenFor({ home, box, sessionDir: sessionsDir(home), driver, ...place });
}

/** A branch of what was in a sandbox is in one, too; nobody is woken in a looser one than its own. @throws `sandbox_unavailable` */
async function boxOf(deps: LaunchDeps, { params, known, origin, driver }: BoxAsked): Promise<Pick<CreateSessionOptions, "box">> {
  const { sandbox } = params;
  if (known && sandbox && (await deps.isLiving(known.sessionId))) requireBoxWhileRunning(sandbox, known);
  const box = tighter(sandbox, origin?.box);
  await requireBoxOf({ box: boxFor({ home: deps.home, box }, known) }, driver);
  return box ? { box } : {};
}

function wishOf(params: SpawnParams): Partial<CreateSessionOptions> {
  const effort = params.effort ?? params.modelReasoningEffort;
  return {
    ...(params.yolo ? { permissionMode: "yolo" } : {}),
    ...(params.permissionMode ? { permissionMode: params.permissionMode } : {}),
    ...(params.model === undefined ? {} : { model: params.model }),
    ...(effort === undefined ? {} : { effort }),
    ...(params.resumeSessionId ? { threadId: params.resumeSessionId } : {}),
    ...(params.forkSession ? { fork: true } : {}),
    ...(params.history ? { history: params.history } : {}),
    ...(params.launchId ? { launchId: params.launchId } : {}),
  };
}

/** A session started for someone else gets a tag of its own: the folder's own session belongs to the terminal. */
function newIdentity(flavor: string, params: SpawnParams): Pick<CreateSessionOptions, "sessionId" | "tag"> {
  const sessionId = params.existingSessionId ?? params.sessionId ?? randomUUID();
  return { sessionId, tag: `${flavor}:spawn:${params.launchId ?? sessionId}` };
}

/** The session that the new one is a branch of. */
function originOf(sessionFiles: readonly SessionFile[], flavor: string, params: SpawnParams): SessionFile | undefined {
  const { originSessionId, resumeSessionId } = params;
  const named = sessionFiles.find((sessionFile) => sessionFile.sessionId === originSessionId);
  return (
    named ??
    sessionFiles.find(
      (sessionFile) => resumeSessionId !== undefined && sessionFile.flavor === flavor && sessionFile.threadId === resumeSessionId,
    )
  );
}

function findKnown(sessionFiles: readonly SessionFile[], params: SpawnParams): SessionFile | undefined {
  const wanted = params.existingSessionId ?? params.sessionId;
  if (wanted) return sessionFiles.find((sessionFile) => sessionFile.sessionId === wanted);
  return params.launchId ? sessionFiles.find((sessionFile) => sessionFile.launchId === params.launchId) : undefined;
}

function fullPath(path: string): string {
  const expanded = path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
  if (!isAbsolute(expanded)) throw new AppError("invalid_body", `The directory must be a full path, not "${path}".`);
  return expanded;
}

/** A new folder in one that is there is made; a path that leads nowhere (a slip of the pen), a file, or no right to make it, is said. */
function prepareDirectory(expanded: string): string {
  try {
    const found = statSync(expanded, { throwIfNoEntry: false });
    const parent = dirname(expanded);
    if (!found && !existsSync(parent)) {
      const words = `The directory ${expanded} does not exist, and neither does ${parent}. Check the path, or make the folder first.`;
      throw new AppError("spawn_failed", words);
    }
    if (!found) mkdirSync(expanded, { recursive: true });
    if (!found || found.isDirectory()) return expanded;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      "spawn_failed",
      `The directory ${expanded} can't be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  throw new AppError("spawn_failed", `${expanded} is not a directory.`);
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
