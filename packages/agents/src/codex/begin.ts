/** Starting the server and its thread: either both stand, or nothing is left running. */
import type { HostProcess } from "@hapi/host";
import { delay } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol";
import { basename } from "node:path";
import type { DriverContext, StartOptions } from "../driver.ts";
import { fields, filled, list, type Fields } from "../shared/read.ts";
import { beginHere, catchUp } from "./catch-up.ts";
import { type Heard, type LinkEvents, type OpenWire, reasonOf, type ServerLink, ServerRefusal } from "./link.ts";
import { modeOf, settingsOf, startPolicy } from "./modes.ts";
import { endProcess } from "../shared/process-end.ts";
import { connect, LAUNCH_KEY, type Launch, listenToStreams, nextLaunch, spawnServer, type LastWords } from "./server.ts";
import { nobodyWaits } from "./requests.ts";
import { type CodexState, newState, STATE_KEY } from "./state.ts";
import { Thread } from "./thread.ts";

const THREAD_MS = 180_000;
/** By then a server has noted that a turn runs. */
const NOTED_MS = 500;

/** A server that runs, and the session's thread on it. */
export interface Running {
  launch: Launch;
  process: HostProcess;
  words: LastWords;
  thread: Thread;
  version: string | undefined;
}

export interface Beginning {
  context: DriverContext;
  open: OpenWire;
  unknown(place: string, word: string): void;
  /** The connection ended; the server may live. */
  lost(): void;
  /** The thread is behind; before it is taken up, it only says so itself (`isBehind`). */
  missed(thread: Thread): void;
}

export async function begin(at: Beginning, options: StartOptions): Promise<Running> {
  const { context } = at;
  const launch = nextLaunch(context, options.args);
  await context.memory.commit({ [LAUNCH_KEY]: launch });
  const process = await spawnServer(context, launch);
  const words = listenToStreams(process);
  try {
    const running = await openThread(at, { launch, process, words }, options);
    await running.thread.commit({ [LAUNCH_KEY]: { ...launch, ready: true } satisfies Launch });
    return running;
  } catch (cause) {
    words.stop();
    await endProcess(process, context.clock, 0);
    throw cause;
  }
}

type Spawned = Pick<Running, "launch" | "process" | "words">;

async function openThread(at: Beginning, spawned: Spawned, options: StartOptions): Promise<Running> {
  const { context } = at;
  const early: { message: Heard; chars: number }[] = [];
  let heard: LinkEvents["heard"] = (message, chars) => void early.push({ message, chars });
  const { link, version } = await connect({
    clock: context.clock,
    open: at.open,
    process: spawned.process,
    socket: spawned.launch.socket,
    words: spawned.words,
    events: {
      heard: (message, chars) => heard(message, chars),
      garbage: (sample) => at.unknown("garbage", sample.slice(0, 40)),
      closed: at.lost,
    },
  });
  const opened = await askForThread(link, context, options).finally(() => refuseFallback(early.map(({ message }) => message)));
  const thread = new Thread({
    context,
    state: stateOf(context, { launch: spawned.launch, opened, options }),
    unknown: at.unknown,
    missed: at.missed,
  });
  thread.link = link;
  await thread.holding(async () => {
    for (const { message, chars } of early) thread.events.heard(message, chars);
    heard = thread.events.heard;
    if (options.threadId === undefined || options.fork) return keepOnDisk(link, thread.state, context);
    if (knows(context, options.threadId)) await catchUp({ thread, link, isActive: isActive(opened), room: async () => context.room?.() });
    else await beginHere(thread, link);
  });
  return { ...spawned, thread, version };
}

const knows = ({ memory }: DriverContext, threadId: string) => memory.get<CodexState>(STATE_KEY)?.threadId === threadId;
const isActive = (opened: Fields) => fields(fields(opened["thread"])["status"])["type"] === "active";

const isWaiting = (opened: Fields) =>
  list(fields(fields(opened["thread"])["status"])["activeFlags"]).some((flag) => String(flag).startsWith("waitingOn"));

/**
 * A configuration that can't be read is no error for Codex: it says so and goes on with its defaults (0.171.0), which ask the vendor's own service with
 * whatever key is there. That is never what the person set up.
 */
function refuseFallback(early: readonly Heard[]): void {
  const warning = early.find(
    ({ method, params }) => method === "configWarning" && /using defaults/i.test(String(fields(params)["summary"])),
  );
  if (!warning) return;
  const { path, details } = fields(warning.params);
  const where = filled(path) ?? "its config.toml";
  throw new AppError(
    "spawn_failed",
    `Codex could not read ${where} and would work with its defaults, on the vendor's own service. Nothing was started. Correct the file: ${filled(details) ?? "it is not valid"}`,
  );
}

async function askForThread(link: ServerLink, context: DriverContext, options: StartOptions): Promise<Fields> {
  const { threadId, fork, permissionMode, model, effort } = options;
  const wanted = {
    ...startPolicy(permissionMode),
    ...(model ? { model } : {}),
    ...(effort ? { config: { model_reasoning_effort: effort } } : {}),
  };
  try {
    if (threadId === undefined) return fields(await link.request("thread/start", { cwd: context.cwd, ...wanted }, THREAD_MS));
    const method = fork ? "thread/fork" : "thread/resume";
    return fields(await link.request(method, { threadId, excludeTurns: true, ...wanted }, THREAD_MS));
  } catch (cause) {
    const isGone = cause instanceof ServerRefusal && /no rollout found|not found/i.test(cause.message);
    const code = threadId === undefined ? "spawn_failed" : isGone ? "resume_unavailable" : "resume_failed";
    const what = threadId === undefined ? "open a conversation" : "continue its conversation";
    throw new AppError(code, `Codex could not ${what}: ${reasonOf(cause)}`, { cause });
  }
}

interface Opened {
  launch: Launch;
  opened: Fields;
  options: StartOptions;
}

/** What is known of a thread stays with it; of another one nothing does. */
function stateOf(context: DriverContext, { launch, opened, options }: Opened): CodexState {
  const said = fields(opened["thread"]);
  const threadId = String(said["id"]);
  const before = knownState(context, threadId, options);
  const settings = settingsOf(opened, before?.settings ?? null);
  const base = before ?? newState(launch.id, threadId, settings);
  return {
    ...base,
    launchId: launch.id,
    settings,
    requests: {},
    path: filled(said["path"]) ?? base.path,
    title: filled(said["name"]) ?? base.title,
    mode: modeOf(settings) ?? base.mode,
  };
}

function knownState({ memory }: DriverContext, threadId: string, options: StartOptions): CodexState | null {
  const before = memory.get<CodexState>(STATE_KEY);
  const isSame = before?.threadId === threadId && options.threadId !== undefined && !options.fork;
  return isSame ? structuredClone(before) : null;
}

/**
 * A thread without a turn is only in its server's memory: nobody else, the terminal or this session after a crash, could open it (0.171.0: "no rollout
 * found"). A name makes it one that can be found; a fork has its file already, and has a name of its own.
 */
async function keepOnDisk(link: ServerLink, state: CodexState, { cwd }: DriverContext): Promise<void> {
  if (state.title !== null) return;
  const name = basename(cwd) || cwd;
  state.title = name;
  await link.request("thread/name/set", { threadId: state.threadId, name }, THREAD_MS);
}

/** The session process is another one: the server lives, and so does its thread. */
export async function rejoin(at: Beginning, spawned: Spawned, state: CodexState): Promise<Running> {
  const { context } = at;
  const thread = new Thread({ context, state, unknown: at.unknown, missed: at.missed });
  const version = await thread.holding(async () => {
    const connected = await connect({
      clock: context.clock,
      open: at.open,
      process: spawned.process,
      socket: spawned.launch.socket,
      words: spawned.words,
      events: { ...thread.events, closed: at.lost },
    });
    const { link } = connected;
    thread.link = link;
    const join = async () => fields(await link.request("thread/resume", { threadId: state.threadId, excludeTurns: true }, THREAD_MS));
    const opened = await join();
    state.settings = settingsOf(opened, state.settings);
    state.path = filled(fields(opened["thread"])["path"]) ?? state.path;
    const isActiveAfterAll = async () => {
      await delay(NOTED_MS, { clock: context.clock });
      return isActive(await join());
    };
    await catchUp({ thread, link, isActive: isActive(opened), isActiveAfterAll, room: async () => context.room?.() });
    // What is still open is asked again by the server itself; the rest was answered elsewhere.
    if (!isWaiting(opened)) thread.change(nobodyWaits);
    return connected.version;
  });
  return { ...spawned, thread, version };
}
