/**
 * The background daemon of a machine: registers it, starts hosts for others, and finds living hosts again after its own end. It holds
 * nothing a session needs: killing it changes nothing but who can start the next one.
 */
import { rmSync } from "node:fs";
import { arch, cpus, freemem, homedir, hostname, loadavg, platform, totalmem, uptime } from "node:os";
import { join } from "node:path";
import type { AgentDriver } from "@hapi/agents";
import type { RpcHandler } from "@hapi/client/link";
import { endLeftBehind } from "@hapi/host";
import {
  AppError,
  CARRIES_HISTORY,
  MAKES_SANDBOXES,
  spawnParamsSchema,
  toAppError,
  type MachineMetadata,
  type RunnerState,
} from "@hapi/protocol";
import {
  ignore,
  isAlive,
  processStartTime,
  runnerDir,
  sessionDir,
  socketPath,
  writeFileAtomic,
  ensurePrivateDir,
  type Clock,
  type Logger,
} from "@hapi/platform";
import { createAvailability } from "./availability.ts";
import { openControlSocket } from "./control-socket.ts";
import { canBox } from "../session/boxed-host.ts";
import { createLaunches, type LaunchDeps } from "./launches.ts";
import { endSession, findLivingSessions, isLiving, type LivingSession } from "./living-sessions.ts";
import { type LostFate, type LostWatchDeps, watchLostSessions } from "./lost-watch.ts";
import { runnerRpcs } from "./rpc.ts";
import { readRunnerState, RUNNER_STATE_FILE, type RunnerStateFile } from "./state-file.ts";

/** What the runner needs of its connection to the hub; `client` implements it. */
export interface MachineLink {
  readonly line: { connected: boolean; since: number; refused: { code: string; message: string } | null };
  handle(method: string, handler: RpcHandler): void;
  setHealth(read: () => Record<string, unknown>): void;
  updateRunnerState(next: (current: RunnerState | null) => RunnerState): Promise<void>;
  close(): Promise<void>;
}

/** Between attempts to say that it runs; each also waits for the line itself. */
const TELL_AGAIN_MS = 1_000;

export interface RunnerOptions {
  home: string;
  version: string;
  machineId: string;
  /** Where the hub is now: one that moved is followed. */
  hubUrl: () => string;
  env: Readonly<Record<string, string | undefined>>;
  workspaceRoots: readonly string[];
  sessionPreservation: "adopt" | "resume";
  drivers: () => readonly AgentDriver[];
  /** Waits for a hub that is away, until `signal`. @throws what the hub refuses it for */
  connect(metadata: MachineMetadata, signal: AbortSignal): Promise<MachineLink>;
  /** The process is to end: also while the hub is waited for. */
  signal?: AbortSignal;
  startHost: LaunchDeps["startHost"];
  register: LaunchDeps["register"];
  settle: LostWatchDeps["settle"];
  log: Logger;
  clock: Clock;
}

export interface Runner {
  /** Resolves when someone asked the runner to stop. */
  readonly stopRequested: Promise<string>;
  living(): Promise<LivingSession[]>;
  close(): Promise<void>;
}

export function runnerPaths(home: string): { socket: string; tokenFile: string } {
  return { socket: socketPath(home, "runner"), tokenFile: join(runnerDir(home), "control.token") };
}

export function machineMetadata(options: Pick<RunnerOptions, "version" | "home" | "workspaceRoots">): MachineMetadata {
  return {
    host: hostname(),
    platform: platform(),
    arch: arch(),
    happyCliVersion: options.version,
    homeDir: homedir(),
    happyHomeDir: options.home,
    // A superset of what other clients require of a runner before they let it spawn (0.30.7).
    capabilities: [
      "agent-availability",
      "cursor-chat-store-status",
      "stop-runner",
      "launch-id",
      CARRIES_HISTORY,
      ...(canBox() ? [MAKES_SANDBOXES] : []),
    ],
    ...(options.workspaceRoots.length > 0 ? { workspaceRoots: [...options.workspaceRoots] } : {}),
  };
}

export async function startRunner(options: RunnerOptions): Promise<Runner> {
  ensurePrivateDir(runnerDir(options.home));
  refuseSecond(options.home);
  const stop = Promise.withResolvers<string>();
  const env = Object.fromEntries(Object.entries(options.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const availability = createAvailability(options.drivers, { home: options.home, env }, () => options.clock.now());
  const launches = createLaunches({
    ...options,
    driverFor: (flavor) => options.drivers().find((driver) => driver.flavor === flavor),
    defaultFlavor: options.drivers()[0]?.flavor ?? "",
    isLiving: (sessionId) => isLiving(options.home, sessionId),
  });
  const living = (): Promise<LivingSession[]> => findLivingSessions(options.home);

  const startedAt = options.clock.now();
  let link: MachineLink | null = null;
  let adopted: LivingSession[] = [];
  let fates: readonly LostFate[] = [];
  // Before the hub is there: whoever waits for one can be seen, and stopped.
  const control = await openControlSocket(runnerPaths(options.home), {
    status: async () => ({
      pid: process.pid,
      startedAt,
      version: options.version,
      hubUrl: options.hubUrl(),
      line: link?.line ?? { connected: false, since: startedAt, refused: null },
      machineId: options.machineId,
      sessionPreservation: options.sessionPreservation,
      adopted: adopted.map(({ sessionId }) => sessionId),
      lost: fates,
    }),
    list: async () => ({ sessions: await living() }),
    spawn: async (params) => launches.launch(spawnParamsSchema.parse({ type: "spawn-in-directory", ...params })),
    "stop-session": async (params) => ({ status: await endSession(options.home, idOf(params)) }),
    stop: async () => {
      stop.resolve("cli");
      return { stopping: true };
    },
  });
  const stateFile: RunnerStateFile = {
    pid: process.pid,
    startTime: processStartTime(process.pid),
    startedAt,
    version: options.version,
    hubUrl: options.hubUrl(),
  };
  writeFileAtomic(join(runnerDir(options.home), RUNNER_STATE_FILE), JSON.stringify(stateFile), { mode: 0o600 });
  // A successor may begin before this process is quite gone.
  const forgotten = (): void => rmSync(join(runnerDir(options.home), RUNNER_STATE_FILE), { force: true });
  const gone = async (): Promise<void> => {
    await control.close();
    forgotten();
  };
  const leaving = new AbortController();
  ignore(
    stop.promise.then(() => leaving.abort()),
    "nothing of it can fail",
  );
  if (options.signal?.aborted) stop.resolve("signal");
  options.signal?.addEventListener("abort", () => stop.resolve("signal"), { once: true });
  link = await options.connect(machineMetadata(options), leaving.signal).catch(async (cause: unknown) => {
    if (leaving.signal.aborted) return null;
    await gone();
    throw cause;
  });
  if (link === null) return { stopRequested: stop.promise, living, close: gone };
  const line = link;

  line.setHealth(() => health(options.clock.now()));
  const served = runnerRpcs({
    home: options.home,
    roots: options.workspaceRoots,
    launch: (params) => launches.launch(params, options.workspaceRoots),
    availability,
    stop: () => stop.resolve("hub"),
    log: options.log,
  });
  for (const [method, handler] of Object.entries(served)) line.handle(method, handler);
  let cancelTelling: () => void = () => undefined;
  /** Until the hub has it: a line that breaks now is no reason not to run. */
  async function tellRunning(): Promise<void> {
    try {
      await line.updateRunnerState((current) => ({ ...current, status: "running", pid: process.pid, startedAt }));
    } catch (cause) {
      const error = toAppError(cause);
      if (!error.retryable) throw error;
      options.log.warn("runner.state_not_sent", { reason: error.message });
      cancelTelling = options.clock.setTimer(TELL_AGAIN_MS, () =>
        ignore(tellRunning(), "what a better line would not change was said at first"),
      );
    }
  }
  try {
    await tellRunning();
  } catch (cause) {
    await gone();
    throw cause;
  }

  adopted = await living();
  // With "resume", sessions that were running when the machine went down start again on their own thread.
  const isResuming = options.sessionPreservation === "resume";
  const lost = watchLostSessions({
    home: options.home,
    endLeft: (sessionFile) => endLeftBehind(sessionDir(options.home, sessionFile.sessionId)),
    settle: options.settle,
    ...(isResuming
      ? { resume: ({ cwd, sessionId }) => launches.launch({ type: "spawn-in-directory", directory: cwd, existingSessionId: sessionId }) }
      : {}),
    clock: options.clock,
    log: options.log,
  });
  fates = lost.fates;
  options.log.info("runner.started", { sessionsFound: adopted.length, hubUrl: options.hubUrl() });
  if (isResuming) await lost.firstLook;

  return {
    stopRequested: stop.promise,
    living,
    async close() {
      lost.close();
      cancelTelling();
      await control.close();
      await line
        .updateRunnerState((current) => ({ ...current, status: "stopped" }))
        .catch((cause: unknown) => options.log.warn("runner.state_not_sent", { cause }));
      await line.close();
      forgotten();
    },
  };
}

function refuseSecond(home: string): void {
  const state = readRunnerState(home);
  if (state && state.pid !== process.pid && isAlive(state)) {
    throw new AppError("session_conflict", `A runner is already running (pid ${state.pid}). See: hapi runner status`);
  }
}

function idOf(raw: unknown): string {
  const id = (raw as { sessionId?: unknown } | null)?.sessionId;
  if (typeof id !== "string" || id === "") throw new AppError("invalid_body", "sessionId is missing");
  return id;
}

function health(now: number): Record<string, unknown> {
  return {
    collectedAt: now,
    cpuCount: cpus().length,
    load1m: loadavg()[0],
    memoryPercent: Math.round((1 - freemem() / totalmem()) * 100),
    uptimeSeconds: Math.round(uptime()),
  };
}
