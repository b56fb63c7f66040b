/** Starting OpenCode: its server under the host, then the conversation on it. Either it stands, or nothing is left running. */
import type { HostProcess } from "@hapi/host";
import { AppError, toAppError } from "@hapi/protocol";
import type { DriverContext, StartOptions } from "../driver.ts";
import { fields, filled, list } from "../shared/read.ts";
import { type Api, ApiFailure, createApi } from "./api.ts";
import { readLine } from "./argv.ts";
import { AGENT_NAME } from "./name.ts";
import { endServer, listeningAt, passwordOf, spawnServer } from "./server.ts";
import { type Launch, LAUNCH_KEY, newState, type OpenCodeState, STATE_KEY } from "./state.ts";

export interface Opened {
  process: HostProcess;
  api: Api;
  attached: { url: string; password: string; directory: string; threadId: string };
  state: OpenCodeState;
  version: string | undefined;
}

export async function startServer(context: DriverContext, options: StartOptions): Promise<Opened> {
  const { memory, clock } = context;
  const count = (memory.get<Launch>(LAUNCH_KEY)?.count ?? 0) + 1;
  const launch: Launch = { id: `opencode-${count}-${clock.now().toString(36)}`, count, url: null };
  await memory.commit({ [LAUNCH_KEY]: launch });
  const flags = readLine(options.args)
    .of("server")
    .flatMap(({ words }) => words);
  const { process, password } = await spawnServer(context, launch, flags);
  try {
    const url = await listeningAt(context, process);
    const thread = await openThread(context, { url, password, options });
    const attached = { url, password, directory: thread.directory, threadId: thread.id };
    const api = createApi({ ...attached, clock });
    const state = await stateOf(context, { api, threadId: thread.id, isNew: options.threadId === undefined });
    const opened = { process, api, attached, state, version: await versionOf(api) };
    await memory.commit({ [LAUNCH_KEY]: { ...launch, url, directory: thread.directory }, [STATE_KEY]: state });
    return opened;
  } catch (cause) {
    await endServer(context, process, 0);
    throw cause instanceof ApiFailure ? new AppError("spawn_failed", `${AGENT_NAME} refused: ${cause.message}`, { cause }) : cause;
  }
}

/** The server that the host still runs. Null: it can't be asked any more, or has no such conversation. That it does not answer now is no reason. */
export async function findServer(context: DriverContext, process: HostProcess, url: string): Promise<Opened | null> {
  const { clock, cwd, memory, log } = context;
  const password = passwordOf(context, process.launchId);
  const state = memory.get<OpenCodeState>(STATE_KEY);
  if (password === undefined || !state) return null;
  const known: Thread = { id: state.threadId, directory: memory.get<Launch>(LAUNCH_KEY)?.directory ?? cwd };
  const thread = await findThread(createApi({ url, password, directory: cwd, clock }), state.threadId).catch((cause: unknown) => {
    log.warn("opencode.server_silent", { cause });
    return toAppError(cause).code === "resume_unavailable" ? null : known;
  });
  if (!thread) return null;
  const attached = { url, password, directory: thread.directory, threadId: thread.id };
  const api = createApi({ ...attached, clock });
  const version = await versionOf(api).catch(() => undefined);
  return { process, api, attached, state: structuredClone(state), version };
}

interface Thread {
  id: string;
  /** Of its project; OpenCode runs its turns there. */
  directory: string;
}

async function openThread(
  { cwd, clock }: DriverContext,
  { url, password, options }: { url: string; password: string; options: StartOptions },
): Promise<Thread> {
  const api = createApi({ url, password, directory: cwd, clock });
  if (options.threadId === undefined) return readThread(await api.post("/session"), cwd);
  const thread = await findThread(api, options.threadId);
  if (!options.fork) return thread;
  const beside = createApi({ url, password, directory: thread.directory, clock });
  return readThread(await beside.post(`/session/${thread.id}/fork`), thread.directory);
}

async function findThread(api: Api, threadId: string): Promise<Thread> {
  const words = "OpenCode has no such conversation on this machine";
  // It answers 500 to an id that is none of its own.
  if (!threadId.startsWith("ses")) throw new AppError("resume_unavailable", words);
  try {
    return readThread(await api.get(`/session/${encodeURIComponent(threadId)}`), "");
  } catch (cause) {
    if (cause instanceof ApiFailure && cause.status === 404) throw new AppError("resume_unavailable", words, { cause });
    throw new AppError("resume_failed", `OpenCode did not open the conversation: ${toAppError(cause).message}`, { cause });
  }
}

function readThread(session: unknown, directory: string): Thread {
  const id = filled(fields(session)["id"]);
  if (id === undefined) throw new AppError("spawn_failed", "OpenCode opened a conversation without an id");
  return { id, directory: filled(fields(session)["directory"]) ?? directory };
}

interface Found {
  api: Api;
  threadId: string;
  isNew: boolean;
}

/** What was there before this session took the conversation up is its history, and not told as new. */
async function stateOf(context: DriverContext, { api, threadId, isNew }: Found): Promise<OpenCodeState> {
  const known = context.memory.get<OpenCodeState>(STATE_KEY);
  if (known?.threadId === threadId) return structuredClone(known);
  if (isNew) return newState(threadId, null);
  const last = list(await api.get(`/session/${threadId}/message?limit=1`)).at(-1);
  return newState(threadId, filled(fields(fields(last)["info"])["id"]) ?? null);
}

const versionOf = async (api: Api): Promise<string | undefined> => filled(fields(await api.get("/global/health"))["version"]);
