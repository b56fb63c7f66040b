/**
 * Starting a session's host so that it outlives us, our terminal and (where there is systemd) the unit we run in. Repeatable: when the host
 * lives already, it is joined; what a killed one has left running is ended first. Resolves when it has answered its handshake.
 */
import { join } from "node:path";
import {
  ensurePrivateDir,
  isAlive,
  selfCommand,
  sessionDir,
  smallProcessEnv,
  spawnReady,
  type WaitingProcess,
  withDirLock,
} from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { dropFirstProgram, leaveFirstProgram } from "./first-program.ts";
import { markFlag, readHostAddress, readHostMark, type HostAddress } from "./host-files.ts";
import { endLeftBehind } from "./left-behind.ts";
import type { HostFacts } from "./messages.ts";
import type { SpawnSpec } from "./port.ts";
import { probeHost } from "./probe.ts";
import { readyLine } from "./names.ts";
import { scopePrefix } from "./scope.ts";
import type { Assignment } from "./waiting.ts";

const startMs = 10_000;
/** Longer than a start may take, so that a second starter joins the first. */
const lockRetries = 250;

export interface StartHostOptions {
  home: string;
  sessionId: string;
  /** Started, and started again, by the host; finds it by `hostAddressFromEnv`. */
  sessionArgv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Begun by the host at once, before the session process is there. Not where a host lives already. */
  first?: SpawnSpec | undefined;
  /** One that waits for its session (`startWaitingHost`); where it is gone, another one is started as ever. */
  waiting?: WaitingProcess | null | undefined;
  /** While no host lives and none can start, right before this one does. Not where a host lives already. */
  beforeLaunch?: () => void;
  /** argv of the host program; default: this HAPI's `__host`. */
  hostCommand?: readonly string[];
}

export interface StartedHost {
  facts: HostFacts;
  address: HostAddress;
  /** It was running already. */
  joined: boolean;
}

export async function startHost(options: StartHostOptions): Promise<StartedHost> {
  const dir = ensurePrivateDir(sessionDir(options.home, options.sessionId));
  return withDirLock(
    join(dir, "host.lock"),
    async () => {
      const living = await probeHost(dir);
      if (living) return found(dir, living, true);
      await clearWay(dir);
      // One that a killed starter left behind holds an environment, and would begin what nobody asked for.
      dropFirstProgram(dir);
      options.beforeLaunch?.();
      const { waiting, ...rest } = options;
      // What the one that waited may have begun is ended, and not begun again: the session process says what there is to say.
      if (!waiting) await launchNew(dir, rest);
      else if (!(await launchWaiting(dir, waiting, rest))) await launchNew(dir, { ...rest, first: undefined });
      const facts = await probeHost(dir);
      if (!facts) throw new AppError("spawn_failed", `The session's host has ended at once. See ${hostLog(dir)}`);
      return found(dir, facts, false);
    },
    { retries: lockRetries },
  );
}

/**
 * Work on a session's folder while no host lives and none can start, nor anything that a killed one left running; `ran` is false when one lives. Short work: a start waits for it.
 */
export async function whileHostless<T>(dir: string, work: () => Promise<T>): Promise<{ ran: true; value: T } | { ran: false }> {
  return withDirLock(
    join(dir, "host.lock"),
    async () => {
      if (await probeHost(dir)) return { ran: false };
      await clearWay(dir);
      return { ran: true, value: await work() };
    },
    { retries: lockRetries },
  );
}

function found(dir: string, facts: HostFacts, joined: boolean): StartedHost {
  const address = readHostAddress(dir);
  if (!address) throw new AppError("host_gone");
  return { facts, address, joined };
}

/** Nobody lives here when this has returned. */
async function clearWay(dir: string): Promise<void> {
  refuseSecond(dir);
  // It has begun its agent and not yet said where it is to be found.
  if ((await endLeftBehind(dir)) === "host-lives")
    throw new AppError("not_ready", "The session's host is just starting. Try again in a few seconds.");
}

/** A host that runs but can't be reached makes its socket again in a moment; a second one would be two masters of one session. */
function refuseSecond(dir: string): void {
  const hostMark = readHostMark(dir);
  if (!hostMark || hostMark.startTime === null || !isAlive(hostMark)) return;
  throw new AppError("not_ready", `The session's host (pid ${hostMark.pid}) runs but can't be reached. Try again in a few seconds.`);
}

function hostLog(dir: string): string {
  return join(dir, "host.log");
}

const wordsFor = (dir: string, { home, sessionId, sessionArgv }: StartHostOptions): string[] => [
  ...["--session", sessionId, "--dir", dir, "--home", home, markFlag.name, markFlag.value],
  ...["--", ...sessionArgv],
];

/** False: it came to nothing, and nothing of it is left. */
async function launchWaiting(dir: string, waiting: WaitingProcess, options: StartHostOptions): Promise<boolean> {
  const { first, cwd } = options;
  const assignment: Assignment = { words: wordsFor(dir, options), cwd, logFile: hostLog(dir), ...(first ? { first } : {}) };
  if (await waiting.begin(JSON.stringify(assignment), { readyLine, timeoutMs: startMs })) return true;
  await clearWay(dir);
  return false;
}

async function launchNew(dir: string, options: StartHostOptions): Promise<void> {
  if (options.first) leaveFirstProgram(dir, options.first);
  try {
    await launch(dir, options);
  } finally {
    dropFirstProgram(dir);
  }
}

async function launch(dir: string, options: StartHostOptions): Promise<void> {
  const { env, cwd } = options;
  const argv = [...(options.hostCommand ?? selfCommand("__host")), ...wordsFor(dir, options)];
  const start = (prefix: readonly string[]) =>
    spawnReady([...prefix, ...argv], { cwd, env: smallProcessEnv(env), logFile: hostLog(dir), readyLine, timeoutMs: startMs });
  const scope = scopePrefix(env);
  if (scope.length > 0 && (await start(scope))) return;
  if (await start([])) return;
  throw new AppError("spawn_failed", `The session's host could not be started. See ${hostLog(dir)}`);
}
