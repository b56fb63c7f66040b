/**
 * Starting a session's host so that it outlives us, our terminal and (where there is systemd) the unit we run in. Repeatable: when the host
 * lives already, it is joined; what a killed one has left running is ended first. Resolves when it has answered its handshake.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  ensurePrivateDir,
  findProgram,
  isAlive,
  selfCommand,
  sessionDir,
  smallProcessEnv,
  spawnReady,
  withDirLock,
} from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { dropFirstProgram, leaveFirstProgram } from "./first-program.ts";
import { readHostAddress, readHostRecord, type HostAddress } from "./host-files.ts";
import { readyLine } from "./host-main.ts";
import { endLeftBehind } from "./left-behind.ts";
import type { HostFacts } from "./messages.ts";
import type { SpawnSpec } from "./port.ts";
import { probeHost } from "./probe.ts";

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
  first?: SpawnSpec;
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
      refuseSecond(dir);
      await endLeftBehind(dir);
      // One that a killed starter left behind holds an environment, and would begin what nobody asked for.
      dropFirstProgram(dir);
      if (options.first) leaveFirstProgram(dir, options.first);
      try {
        await launch(dir, options);
      } finally {
        dropFirstProgram(dir);
      }
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
      refuseSecond(dir);
      await endLeftBehind(dir);
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

/** A host that runs but can't be reached makes its socket again in a moment; a second one would be two masters of one session. */
function refuseSecond(dir: string): void {
  const record = readHostRecord(dir);
  if (!record || record.startTime === null || !isAlive(record)) return;
  throw new AppError("not_ready", `The session's host (pid ${record.pid}) runs but can't be reached. Try again in a few seconds.`);
}

function hostLog(dir: string): string {
  return join(dir, "host.log");
}

async function launch(dir: string, options: StartHostOptions): Promise<void> {
  const { home, sessionId, sessionArgv, env, cwd } = options;
  const command = options.hostCommand ?? selfCommand("__host");
  const argv = [...command, "--session", sessionId, "--dir", dir, "--home", home, "--", ...sessionArgv];
  const start = (prefix: readonly string[]) =>
    spawnReady([...prefix, ...argv], { cwd, env: smallProcessEnv(env), logFile: hostLog(dir), readyLine, timeoutMs: startMs });
  const scope = scopePrefix(env);
  if (scope.length > 0 && (await start(scope))) return;
  if (await start([])) return;
  throw new AppError("spawn_failed", `The session's host could not be started. See ${hostLog(dir)}`);
}

/** In a scope of its own the host survives the stop of the unit that started it. Where that can't work, it is not tried. */
function scopePrefix(env: StartHostOptions["env"]): readonly string[] {
  const runtimeDir = env["XDG_RUNTIME_DIR"];
  if (process.platform !== "linux" || !runtimeDir || !existsSync(join(runtimeDir, "systemd", "private"))) return [];
  return findProgram("systemd-run", env) ? ["systemd-run", "--user", "--scope", "--quiet", "--collect", "--"] : [];
}
