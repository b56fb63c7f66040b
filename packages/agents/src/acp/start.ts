/** Starting an ACP agent: spawn under the host, shake hands, open or load its conversation. Either it stands, or nothing is left running. */
import type { HostProcess } from "@hapi/host";
import { type Clock, ignore, LATE, within } from "@hapi/platform/lean";
import { AppError, toAppError } from "@hapi/protocol";
import type { DriverContext, StartOptions } from "../driver.ts";
import { AgentLink, STATE_KEY } from "./agent-link.ts";
import { factsOf, initialModeOf } from "./facts.ts";
import { failureOf, RpcFailure } from "./failure.ts";
import { hapiMode } from "./modes.ts";
import { endProcess } from "../shared/process-end.ts";
import { fields, list } from "../shared/read.ts";
import type { AcpProfile } from "./profile.ts";
import { programToRun } from "./program.ts";
import { newState, type AcpState, type AgentFacts } from "./state.ts";

export const LAUNCH_KEY = "acp.launch";
const INITIALIZE_MS = 60_000;
const OPEN_MS = 180_000;
/** Not every agent ends with its input; a handoff doesn't wait longer for that. */
const AFTER_INPUT_MS = 700;
/** ACP's code for a conversation that is not there. */
const RESOURCE_NOT_FOUND = -32002;

export interface Launch {
  id: string;
  count: number;
  ready: boolean;
}

export async function startAgent(context: DriverContext, profile: AcpProfile, options: StartOptions): Promise<AgentLink> {
  const previous = context.memory.get<Launch>(LAUNCH_KEY);
  const lastTurn = context.memory.get<AcpState>(STATE_KEY)?.lastTurn ?? null;
  const count = (previous?.count ?? 0) + 1;
  const launch: Launch = { id: `${profile.flavor}-${count}-${context.clock.now().toString(36)}`, count, ready: false };
  await context.memory.commit({ [LAUNCH_KEY]: launch });

  const { threadId } = options;
  const env = { ...context.env, ...profile.env?.(context.env) };
  const place = threadId === undefined ? null : { env, cwd: context.cwd, threadId, sessionDir: context.sessionDir, clock: context.clock };
  if (place) await profile.beforeResume?.(place);
  const process = await spawn(context, profile, launch.id, options.args);
  const state = newState(launch.id, "", factsOf({}, {}), { offset: 0, nextInput: 1 });
  const link = new AgentLink({ context, profile, process, state, durable: false });
  let opened: unknown;
  try {
    opened = await shakeHands(link, context, options);
    if (place) await profile.afterResume?.(place);
  } catch (cause) {
    link.expected = true;
    link.detach();
    await endAgent(process, context.clock, 0);
    throw cause;
  }
  state.mode = hapiMode(profile, initialModeOf(opened), state.facts.options);
  state.lastTurn = lastTurn;
  link.durable = true;
  await link.commit({ [LAUNCH_KEY]: { ...launch, ready: true } });
  return link;
}

async function spawn(context: DriverContext, profile: AcpProfile, launchId: string, args: readonly string[]): Promise<HostProcess> {
  const { env, cwd } = context;
  const argv = [...programToRun(profile, env, context.program), ...args];
  try {
    return await context.host.spawn({ launchId, kind: "pipe", argv, cwd, env: { ...env, ...profile.env?.(env) } });
  } catch (cause) {
    throw new AppError("spawn_failed", `${profile.displayName} could not be started: ${toAppError(cause).message}`, { cause });
  }
}

async function shakeHands(link: AgentLink, context: DriverContext, options: StartOptions): Promise<unknown> {
  const { state } = link;
  const clientCapabilities = {
    fs: { readTextFile: false, writeTextFile: false },
    terminal: false,
    session: { notices: {} },
    elicitation: { form: {}, url: {} },
  };
  const hello = await link
    .request(
      "initialize",
      { protocolVersion: 1, clientCapabilities, clientInfo: { name: "hapi", version: "1" } },
      { timeoutMs: INITIALIZE_MS },
    )
    .catch((cause: unknown) => refuse({ code: "spawn_failed", what: "The agent did not answer the handshake" }, cause));
  await logIn(link, hello);
  const { loginHint } = link.profile;
  const where = { cwd: context.cwd, mcpServers: serversOf(context.tools) };
  if (options.threadId === undefined) {
    const opened = await link
      .request("session/new", where, { timeoutMs: OPEN_MS })
      .catch((cause: unknown) => refuse({ code: "spawn_failed", what: "The agent did not open a conversation", loginHint }, cause));
    state.facts = factsOf(hello, opened);
    state.threadId = threadOf(opened);
    return opened;
  }
  const opened = await reopen(link, { ...where, sessionId: options.threadId }, factsOf(hello, {}));
  state.facts = factsOf(hello, opened);
  state.threadId = options.threadId;
  return opened;
}

/** ACP's own form of an MCP server on stdio, which every agent must take. */
const serversOf = (tools: DriverContext["tools"]): object[] => {
  if (!tools) return [];
  const {
    name,
    command: [command, ...args],
    env,
  } = tools;
  return [{ name, command, args, env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })) }];
};

/** As the person is logged in already; nothing is asked here, and no page opened. */
async function logIn(link: AgentLink, hello: unknown): Promise<void> {
  const { login } = link.profile;
  const isOffered = list(fields(hello)["authMethods"]).some((method) => fields(method)["id"] === login?.methodId);
  if (!login || !isOffered) return;
  await link
    .request("authenticate", { methodId: login.methodId }, { timeoutMs: OPEN_MS })
    .catch((cause: unknown) =>
      refuse({ code: "spawn_failed", what: "The agent is not logged in", loginHint: link.profile.loginHint }, cause),
    );
}

/** `session/resume` where there is one: `session/load` tells the whole conversation again. */
async function reopen(
  link: AgentLink,
  where: { cwd: string; mcpServers: object[]; sessionId: string },
  { canResume, canLoad }: AgentFacts,
): Promise<unknown> {
  if (!canResume && !canLoad) throw new AppError("resume_unavailable", "This agent can't continue an earlier conversation");
  const failed = (cause: unknown) =>
    refuse({ code: "resume_failed", what: "The agent could not continue its conversation", loginHint: link.profile.loginHint }, cause);
  const method = canResume ? "session/resume" : "session/load";
  const opened = await link.request(method, where, { timeoutMs: OPEN_MS, loading: true }).catch(failed);
  const modeId = initialModeOf(opened);
  if (link.profile.historyAfterLoad && !canResume && modeId !== undefined) {
    // The mode it has: nothing but an answer behind the history.
    await link.request("session/set_mode", { sessionId: where.sessionId, modeId }, { timeoutMs: OPEN_MS, loading: true }).catch(failed);
  }
  return opened;
}

function threadOf(opened: unknown): string {
  const id = opened !== null && typeof opened === "object" && "sessionId" in opened ? opened.sessionId : undefined;
  if (typeof id !== "string" || id === "") throw new AppError("spawn_failed", "The agent opened a conversation without an id");
  return id;
}

interface Refusal {
  code: "spawn_failed" | "resume_failed";
  what: string;
  loginHint?: string | undefined;
}

function refuse({ code, what, loginHint }: Refusal, cause: unknown): never {
  if (cause instanceof RpcFailure) {
    const failure = failureOf(cause.error);
    const isUnknown = code === "resume_failed" && cause.error.code === RESOURCE_NOT_FOUND;
    const step = failure.code === "auth" && loginHint ? `. ${loginHint}` : "";
    throw new AppError(isUnknown ? "resume_unavailable" : code, `${what}: ${failure.message}${step}`, { cause, details: { failure } });
  }
  throw new AppError(code, `${what}: ${toAppError(cause).message}`, { cause });
}

/** Graceful first: an ACP agent ends when its input does. */
export async function endAgent(process: HostProcess, clock: Clock, graceMs: number): Promise<void> {
  ignore(process.closeInput(), "a process that is gone has no input");
  if (graceMs > 0 && (await within(clock, Math.min(graceMs, AFTER_INPUT_MS), process.exited)) !== LATE) return;
  await endProcess(process, clock, graceMs);
}
