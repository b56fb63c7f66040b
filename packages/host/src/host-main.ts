/**
 * `hapi __host`: the detached process of one session. Loads nothing but platform's lean part. A hang-up or a polite signal does not end it:
 * terminals close, people log out, and the agent goes on. Only a message on its socket ends it (or SIGKILL).
 */
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { attempt, ensurePrivateDir, listenUnix, processStartTime, restoredEnv, sha256Hex, socketPath } from "@hapi/platform/lean";
import { join } from "node:path";
import { Door } from "./door.ts";
import { Host } from "./host.ts";
import { hostEnv, makeToken, tokenFile, updateSessionFile, type HostRecord } from "./host-files.ts";
import { protocolVersions } from "./messages.ts";

const tidyMs = 10_000;

export type HostEnvironment = Readonly<Record<string, string | undefined>>;

/** Written to stdout once the door is open; then stdout is closed. */
export const readyLine = "hapi-host-ready\n";

/**
 * Runs until the session is over. argv: `--session ID --dir DIR --home HOME -- <session process argv>`; the working folder and the
 * environment are handed to the session process.
 */
export async function runHost(argv: readonly string[], env: HostEnvironment = process.env): Promise<void> {
  const { sessionId, dir, home, sessionArgv } = readArguments(argv);
  for (const name of ["SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT", "SIGPIPE"] as const) process.on(name, () => undefined);

  // Whatever goes wrong in here, the agent must not die of it.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) process.on(event, complain);

  ensurePrivateDir(dir);
  const socket = socketPath(home, hostSocketName(sessionId));
  const token = makeToken(dir);
  const ended = Promise.withResolvers<void>();
  const host = new Host({
    sessionId,
    startTime: processStartTime(process.pid),
    cwd: process.cwd(),
    sessionArgv,
    sessionEnv: {
      ...restoredEnv(env),
      HAPI_HOME: home,
      [hostEnv.socket]: socket,
      [hostEnv.tokenFile]: tokenFile(dir),
      [hostEnv.sessionDir]: dir,
      [hostEnv.sessionId]: sessionId,
    },
    logFile: join(dir, "session-process.log"),
    onEnd: () => ended.resolve(),
  });
  const door = new Door(host, token);
  const listen = () => listenUnix(socket, (connection) => door.accept(connection));
  let listener = listen();
  // Temp folders are swept by the system; a host nobody can find would be started a second time.
  const watch = setInterval(() => {
    host.tidy();
    if (existsSync(socket)) return;
    socketPath(home, hostSocketName(sessionId));
    listener.close();
    listener = listen();
  }, tidyMs);
  const record: HostRecord = {
    pid: process.pid,
    startTime: host.facts.startTime,
    socket,
    version: protocolVersions[0],
    startedAt: host.facts.startedAt,
  };
  updateSessionFile(dir, { host: record });
  announce();
  host.supervisor.start();
  await ended.promise;
  clearInterval(watch);
  updateSessionFile(dir, { host: undefined });
  listener.close();
}

const maxComplaints = 100;
let complaints = 0;

/** Into the host's log file, which is its stderr; bounded, in case it repeats. */
function complain(cause: unknown): void {
  if (complaints++ >= maxComplaints) return;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  attempt(() => writeSync(2, `${new Date().toISOString()} ${text}\n`), "there is nowhere else to say it");
}

function readArguments(argv: readonly string[]): { sessionId: string; dir: string; home: string; sessionArgv: readonly string[] } {
  const [sessionFlag, sessionId, dirFlag, dir, homeFlag, home, dashes, ...sessionArgv] = argv;
  if (sessionFlag === "--session" && sessionId && dirFlag === "--dir" && dir && homeFlag === "--home" && home && dashes === "--")
    return { sessionId, dir, home, sessionArgv };
  throw new Error("usage: __host --session ID --dir DIR --home HOME -- COMMAND…");
}

export function hostSocketName(sessionId: string): string {
  return `host-${sha256Hex(sessionId).slice(0, 16)}`;
}

/** Nothing is ever written to stdout after this: whoever started us may be gone. */
function announce(): void {
  attempt(() => writeSync(1, readyLine), "nobody may be listening");
  attempt(() => closeSync(1), "it may be closed already");
  // The number must not be given to the next file that is opened.
  attempt(() => openSync("/dev/null", "w"), "a system without it has no terminals either");
}
