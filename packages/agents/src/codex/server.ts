/**
 * One `codex app-server` per session: a program of the session's host, on a unix socket that only this user reaches. It lives as long as its host, and
 * longer than any of its clients: a turn goes on, and an open approval waits, while nobody is connected.
 */
import { rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { HostProcess } from "@hapi/host";
import { type Clock, delay, ensurePrivateDir, ignore } from "@hapi/platform/lean";
import { AppError, toAppError } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { exitWords } from "../shared/process-end.ts";
import { fields, text } from "../shared/read.ts";
import { type LinkEvents, openLink, type OpenWire, type ServerLink } from "./link.ts";
import { argsFor } from "./line.ts";
import { locate } from "./program.ts";

export const LAUNCH_KEY = "codex.launch";
/** A slow machine is not a hang. */
const START_MS = 120_000;
const TRY_AGAIN_MS = 50;
const INITIALIZE_MS = 60_000;
/** The kernel takes 108 bytes, with the one behind them. */
const MAX_SOCKET_PATH = 100;
const LAST_WORDS = 4096;

export interface Launch {
  id: string;
  count: number;
  socket: string;
  /** The person's own flags: of the server, and of its screen. */
  args: readonly string[];
  ready: boolean;
}

/** The to-do list and questions are on for this process only; the person's own configuration is not touched. */
const SWITCHED_ON = [
  "tools.update_plan.enabled=true",
  "features.default_mode_request_user_input=true",
  "suppress_unstable_features_warning=true",
].flatMap((setting) => ["-c", setting]);

function socketPath({ sessionDir, sessionId }: DriverContext, count: number): string {
  const near = join(sessionDir, `agent-${count}.sock`);
  if (Buffer.byteLength(near) <= MAX_SOCKET_PATH) return near;
  const folder = join(tmpdir(), `hapi-agents-${userInfo().uid}`);
  ensurePrivateDir(folder);
  return join(folder, `${sessionId.slice(0, 36)}-${count}.sock`);
}

export const nextLaunch = (context: DriverContext, args: readonly string[]): Launch => {
  const count = (context.memory.get<Launch>(LAUNCH_KEY)?.count ?? 0) + 1;
  return { id: `codex-${count}-${context.clock.now().toString(36)}`, count, socket: socketPath(context, count), args, ready: false };
};

export function program(context: DriverContext): string {
  const { command, hint } = locate(context.env, context.program);
  const [word] = command;
  if (word === undefined) throw new AppError("agent_not_installed", hint);
  return word;
}

export async function spawnServer(context: DriverContext, launch: Launch): Promise<HostProcess> {
  const { cwd, env } = context;
  rmSync(launch.socket, { force: true });
  const argv = [program(context), "app-server", ...SWITCHED_ON, ...argsFor(launch.args).server, "--listen", `unix://${launch.socket}`];
  try {
    return await context.host.spawn({ launchId: launch.id, kind: "pipe", argv, cwd, env });
  } catch (cause) {
    throw new AppError("spawn_failed", `Codex could not be started: ${toAppError(cause).message}`, { cause });
  }
}

/** What it says outside its protocol: of use when it dies, and nowhere else. Its stdout must be read, or it would wait. */
export interface LastWords {
  readonly text: string;
  stop(): void;
}

export function listenToStreams(process: HostProcess): LastWords {
  const gone = new AbortController();
  let words = "";
  const read = async (stream: "out" | "err") => {
    const decoder = new TextDecoder();
    for await (const { offset, bytes } of process.read(stream, 0, gone.signal)) {
      words = (words + decoder.decode(bytes, { stream: true })).slice(-LAST_WORDS);
      process.release(stream, offset + bytes.length);
    }
  };
  for (const stream of ["out", "err"] as const) ignore(read(stream), "its end is the end of the process; older words are no loss");
  return {
    get text() {
      return words.trim().split("\n").at(-1)?.trim() ?? "";
    },
    stop: () => gone.abort(),
  };
}

export interface Connecting {
  clock: Clock;
  open: OpenWire;
  process: HostProcess;
  socket: string;
  words: LastWords;
  events: LinkEvents;
}

export interface Connected {
  link: ServerLink;
  version: string | undefined;
}

/** Waits until the server listens; ends with its end. */
export async function connect({ clock, open, process, socket, words, events }: Connecting): Promise<Connected> {
  const exited = process.exited.then((exit) => ({ exit }));
  const until = clock.now() + START_MS;
  for (;;) {
    const tried = await Promise.race([openLink(socket, { open, clock, events }).catch(() => null), exited]);
    if (tried !== null && "exit" in tried) throw new AppError("spawn_failed", exitWords("Codex", tried.exit, words.text));
    if (tried !== null) return { link: tried, version: await initialize(tried) };
    if (clock.now() >= until) throw new AppError("spawn_failed", `Codex did not open its socket within ${START_MS / 1000} s`);
    await Promise.race([delay(TRY_AGAIN_MS, { clock }), exited]);
  }
}

/** @returns the version, of its user agent (`hapi/0.171.0 (…)`) */
async function initialize(link: ServerLink): Promise<string | undefined> {
  const hello = await link.request(
    "initialize",
    { clientInfo: { name: "hapi", title: "HAPI", version: "1" }, capabilities: { experimentalApi: true, requestAttestation: false } },
    INITIALIZE_MS,
  );
  link.notify("initialized");
  return /^[^/]*\/(\S+)/.exec(text(fields(hello)["userAgent"]) ?? "")?.[1];
}
