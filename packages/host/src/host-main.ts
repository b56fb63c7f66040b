/**
 * `hapi __host`: the detached process of one session. Loads nothing but platform's lean part. A hang-up or a polite signal does not end it:
 * terminals close, people log out, and the agent goes on. Only a message on its socket ends it (or SIGKILL).
 */
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import {
  attempt,
  delay,
  ensurePrivateDir,
  every,
  listenUnix,
  processStartTime,
  randomToken,
  readyToBind,
  restoredEnv,
  sameProgram,
  socketPath,
  systemClock,
  type Clock,
  type ProcessId,
} from "@hapi/platform/lean";
import { join } from "node:path";
import type { AgentProcess } from "./agent-process.ts";
import { Door } from "./door.ts";
import { MARK_VARIABLE, removeFamily, writeFamily } from "./family-file.ts";
import { hasFirstProgram, takeFirstProgram } from "./first-program.ts";
import { Host } from "./host.ts";
import { hostEnv, leaveMark, makeToken, markFlag, removeMark, tokenFile, type HostMark, type MarkOptions } from "./host-files.ts";
import { hostLivesExit, Keeper, someLeftExit } from "./keeper.ts";
import { endAfterHost, type LeftBehind } from "./left-behind.ts";
import { protocolVersions } from "./messages.ts";
import { hostSocketName, readyLine } from "./names.ts";
import type { SpawnSpec } from "./port.ts";
import { paintMs, screenBytes } from "./painted.ts";
import { waitForAssignment, waitingFlag } from "./waiting.ts";

const tidyMs = 10_000;
const lookForPaintMs = 20;
const endLeftFlag = "--end-left";
/** What the keeper hears. "Nothing" is no success: the keeper has stopped agents that a lost family file does not name. */
const endLeftExit: Readonly<Record<LeftBehind, number>> = {
  ended: 0,
  "host-lives": hostLivesExit,
  nothing: someLeftExit,
  "some-left": someLeftExit,
};

export type HostEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Runs until the session is over. argv: `--session ID --dir DIR --home HOME --mark host.json -- <session process argv>`; the working folder and the
 * environment are handed to the session process. With `--waiting` it is told the same in a line (`waiting.ts`). With `--end-left DIR`
 * instead: ends what the killed host of that session has left running. Answers the exit code.
 */
export async function runHost(argv: readonly string[], env: HostEnvironment = process.env): Promise<number> {
  if (argv[0] === endLeftFlag && argv[1]) return endLeftExit[await endAfterHost(argv[1], systemClock)];
  if (argv[0] !== waitingFlag) return serve(argv, argv, env);
  const assignment = waitForAssignment();
  return assignment ? serve(assignment.words, argv, env, assignment.first) : 0;
}

/** `ownWords`: with which this process was started. `told`: the program to begin with, unless one was left in the session's folder. */
async function serve(words: readonly string[], ownWords: readonly string[], env: HostEnvironment, told?: SpawnSpec): Promise<number> {
  const { sessionId, dir, home, sessionArgv, mark } = readArguments(words);
  for (const name of ["SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT", "SIGPIPE"] as const) process.on(name, () => undefined);

  // Whatever goes wrong in here, the agent must not die of it.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) process.on(event, complain);

  const binding = hasFirstProgram(dir) ? readyToBind() : Promise.resolve();
  ensurePrivateDir(dir);
  const socket = socketPath(home, hostSocketName(sessionId));
  const token = makeToken(dir);
  const ended = Promise.withResolvers<void>();
  const startTime = processStartTime(process.pid);
  const kin = openKin(dir, { pid: process.pid, startTime }, sameProgram(ownWords, endLeftFlag, dir), env);
  const host = new Host({
    sessionId,
    startTime,
    mark: { [MARK_VARIABLE]: kin.mark },
    onAgents: kin.note,
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
  const stopTidying = every(host.clock, tidyMs, () => {
    host.tidy();
    if (existsSync(socket)) return;
    socketPath(home, hostSocketName(sessionId));
    listener.close();
    listener = listen();
  });
  const hostMark: HostMark = {
    pid: process.pid,
    startTime: host.facts.startTime,
    socket,
    version: protocolVersions[0],
    startedAt: host.facts.startedAt,
  };
  const first = await beginFirst(host, told ?? takeFirstProgram(dir), binding);
  kin.keeper.start();
  // Beside the agent's own start: the disk is waited for. Nobody looks for us before we are ready, and who comes too early finds the family.
  leaveMark(dir, hostMark, mark);
  announce();
  if (first) await untilPainted(first, host.clock);
  host.supervisor.start();
  await ended.promise;
  stopTidying();
  // First: what survives an end in good order is nobody's left-over.
  kin.leave();
  removeMark(dir, mark);
  listener.close();
  return 0;
}

/** Where it can't be started, the session process tries it and says why. */
async function beginFirst(host: Host, first: SpawnSpec | null, binding: Promise<void>): Promise<AgentProcess | null> {
  if (first === null) return null;
  try {
    await binding;
    const program = host.spawn(first);
    if (first.kind === "pty") host.show({ kind: "process", launchId: first.launchId });
    return program;
  } catch (cause) {
    complain(cause);
    return null;
  }
}

/** Whoever looks waits for its screen: the session process takes the processor only then. Its hooks wait for that one. */
async function untilPainted(program: AgentProcess, clock: Clock): Promise<void> {
  const deadline = clock.now() + paintMs;
  while (program.out.ring.end < screenBytes && !program.exit && clock.now() < deadline) await delay(lookForPaintMs, { clock });
}

interface Kin {
  readonly mark: string;
  readonly keeper: Keeper;
  note(running: readonly ProcessId[]): void;
  leave(): void;
}

/** What is known of this host's agents elsewhere: on disk and with its keeper. */
function openKin(dir: string, self: ProcessId, endLeft: readonly string[], env: HostEnvironment): Kin {
  const mark = randomToken(16);
  const keeper = new Keeper({ endLeft, logFile: join(dir, "host.log"), env, clock: systemClock });
  const write = (agents: readonly ProcessId[]): void => writeFamily(dir, { host: self, mark, agents });
  write([]);
  return {
    mark,
    keeper,
    note(running) {
      keeper.told(running);
      // A full disk: the mark on it and the keeper know them still.
      attempt(() => write(running), "an agent that started is not ended for it");
    },
    leave() {
      keeper.dismiss();
      attempt(() => removeFamily(dir, mark), "the folder may be gone");
    },
  };
}

const maxComplaints = 100;
let complaints = 0;

/** Into the host's log file, which is its stderr; bounded, in case it repeats. */
function complain(cause: unknown): void {
  if (complaints++ >= maxComplaints) return;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  attempt(() => writeSync(2, `${new Date(systemClock.now()).toISOString()} ${text}\n`), "there is nowhere else to say it");
}

interface HostArguments {
  sessionId: string;
  dir: string;
  home: string;
  sessionArgv: readonly string[];
  /** A starter of a version before `host.json` names no place, and looks in the older one. */
  mark: MarkOptions;
}

function readArguments(argv: readonly string[]): HostArguments {
  const end = argv.indexOf("--");
  const named = new Map<string, string>();
  for (let at = 0; at + 1 < end; at += 2) named.set(argv[at] ?? "", argv[at + 1] ?? "");
  const [sessionId, dir, home] = ["--session", "--dir", "--home"].map((name) => named.get(name));
  if (!sessionId || !dir || !home) throw new Error("usage: __host --session ID --dir DIR --home HOME [--mark FILE] -- COMMAND…");
  return { sessionId, dir, home, sessionArgv: argv.slice(end + 1), mark: { alsoOlder: named.get(markFlag.name) !== markFlag.value } };
}

/** Nothing is ever written to stdout after this: whoever started us may be gone. */
function announce(): void {
  attempt(() => writeSync(1, readyLine), "nobody may be listening");
  attempt(() => closeSync(1), "it may be closed already");
  // The number must not be given to the next file that is opened.
  attempt(() => openSync("/dev/null", "w"), "a system without it has no terminals either");
}
