/**
 * `hapi` on a terminal, the short way: the agent's own screen first, through a host that begins the agent at once; session process, hub and
 * registration come up beside it. Loads only what the screen needs. Null where something has to be asked or said before: then `agent.ts` does it.
 */
import { isatty } from "node:tty";
import { type FirstLaunch, quickAgent } from "@hapi/agents/first";
import { hostSocketName, probeHost, startHost } from "@hapi/host";
import {
  buildAgentEnv,
  changedOf,
  credentialFingerprint,
  differencesOf,
  HOOK_TOKEN_ENV,
  hookSocketPath,
  hookToken,
  missingOf,
  openRecord,
  type SessionRecord,
  takeEnvironment,
} from "@hapi/machine/first";
import {
  attempt,
  hapiHome,
  knownCliApiToken,
  loadSettings,
  runningHub,
  selfCommand,
  sessionDir,
  socketPath,
  systemClock,
} from "@hapi/platform/lean";
import { normalizePermissionMode } from "@hapi/protocol/flavors";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type AgentFlags, parseAgentFlags, withoutOwnFlags } from "../agent-flags.ts";
import type { CommandContext } from "../command.ts";
import { type DirectorySession, type DirectorySessionInput, findDirectorySession, prepareSession } from "../directory-session.ts";
import { hubAddress } from "../hub-address.ts";
import { startInBackground } from "../local-hub.ts";
import { passThrough } from "../pass-through.ts";
import { introduce, type SessionView, watchSession } from "../session-view.ts";
import { whileStarting } from "../start-lock.ts";

/** A hub on this computer answers in a few milliseconds; one that does not is not waited for. */
const ROW_MS = 150;

interface Line {
  words: string[];
  theirs: string[];
  flags: AgentFlags;
}

export async function quickStart(words: string[], context: CommandContext): Promise<number | null> {
  const line = readLine(words);
  if (line === null) return null;
  const own = quickAgent.commandLine.ownBusiness(line.theirs);
  const isTerminal = isatty(0) && isatty(1);
  const isConversation = line.flags.isBackground || isTerminal;
  if (own !== null || !isConversation)
    return passThrough(
      { driver: quickAgent, commandLine: quickAgent.commandLine, line: line.words, theirs: line.theirs, flags: line.flags, own },
      context,
    );
  if (!isTerminal || line.flags.isBackground || line.flags.startingMode === "remote") return null;
  const request = requestOf(line, context);
  if (request === null) return null;
  const begun = await whileStarting(request.home, request.cwd, () => begin(request, line, context));
  if (begun === null) return null;
  await introduce(begun, context);
  const hub = hubBeside(context, request.home);
  const code = await watchSession(request.home, begun.record, context);
  if (hub.problem !== null) context.terminal.note(context.paint.waiting(hub.problem));
  return code;
}

/** Of the agent that plain `hapi` starts, without words that could be a misspelt command. */
function readLine(words: string[]): Line | null {
  const isNamed = words[0] === quickAgent.flavor;
  if (!isNamed && words[0] !== undefined && !words[0].startsWith("-") && !quickAgent.commandLine.isCommand(words[0])) return null;
  const line = isNamed ? words.slice(1) : words;
  return { words: line, theirs: withoutOwnFlags(line, quickAgent.commandLine.yolo), flags: parseAgentFlags(line) };
}

/** Null: a first start on this home, or one with something to say. */
function requestOf({ theirs, flags }: Line, { env, cwd }: CommandContext): DirectorySessionInput | null {
  const home = hapiHome(env);
  const { machineId } = loadSettings(home);
  const wanted = flags.isYolo ? "yolo" : flags.permissionMode;
  if (wanted !== null && normalizePermissionMode(quickAgent.flavor, wanted) === null) return null;
  if (typeof machineId !== "string" || machineId === "" || knownCliApiToken(env) === null) return null;
  // Prompts that wait for the hub are sent along before the screen is the agent's.
  if ((attempt(() => readdirSync(join(home, "outbox")), "none ever waited") ?? []).length > 0) return null;
  const asked = quickAgent.commandLine.threadAsked(theirs, { env: definedOnly(env), cwd });
  return { home, flavor: quickAgent.flavor, cwd, machineId, hubUrl: hubAddress(env).url, flags, asked, now: systemClock.now() };
}

const hasChoices = ({ isYolo, isThisEnvironment, permissionMode, model, rest }: AgentFlags): boolean =>
  isYolo || isThisEnvironment || permissionMode !== null || model !== null || rest.length > 0;

async function begin(request: DirectorySessionInput, line: Line, context: CommandContext): Promise<SessionView | null> {
  const { home } = request;
  const found = findDirectorySession(request);
  const hub = context.paint.dim(`  Hub: ${request.hubUrl}`);
  if (found.kind === "existing" && (await probeHost(sessionDir(home, found.record.sessionId)))) {
    // What a running session can't take any more is said the other way.
    if (hasChoices(line.flags)) return null;
    const runs = "runs; this is one more screen of it";
    return {
      home,
      record: found.record,
      hub,
      state: found.joined ? `has this conversation and ${runs}` : `already ${runs.replace("runs", "running")}`,
      mustBeRead: found.joined,
    };
  }
  if (!(await isQuick(found, request, line, context))) return null;
  const { sessionId, dir } = prepareSession(
    request,
    found,
    takeEnvironment(quickAgent.environment, context.env, programOf(context.env), credentialFingerprint(request.home)),
  );
  const file = openRecord(dir);
  const launch = plan(file.value, request, line, context);
  if (launch === null) return null;
  file.update({ firstLaunch: { launchId: launch.launchId, threadId: launch.threadId, how: launch.how } });
  const { launchId, argv, env } = launch;
  const { columns: cols, rows } = process.stdout;
  await startHost({
    home,
    sessionId,
    sessionArgv: selfCommand("__session"),
    env: context.env,
    cwd: file.value.cwd,
    first: { launchId, kind: "pty", argv, cwd: file.value.cwd, env, cols, rows },
  });
  const state = found.kind === "new" ? "new" : found.joined ? "has this conversation; continued" : "continued";
  const mustBeRead = found.kind === "existing" && found.joined;
  return { home, record: file.value, state, hub, mustBeRead, ...(launch.hint ? { warning: launch.hint } : {}) };
}

/** Nothing has to be asked: a new session of the folder's own, or one that goes on with its conversation and that the hub has no word against. */
async function isQuick(found: DirectorySession, request: DirectorySessionInput, line: Line, { env }: CommandContext): Promise<boolean> {
  const record = found.kind === "existing" ? found.record : null;
  if (line.flags.isThisEnvironment || (record ? !canGoOn(record, request.home, env) : request.asked !== null)) return false;
  const wanted = line.flags.isYolo ? "yolo" : (line.flags.permissionMode ?? record?.permissionMode);
  const canPlan = quickAgent.canPlan({
    env: definedOnly(env),
    cwd: record?.cwd ?? request.cwd,
    words: line.flags.rest,
    ...(record?.threadId === undefined ? {} : { threadId: record.threadId }),
    ...(wanted === undefined ? {} : { permissionMode: normalizePermissionMode(quickAgent.flavor, wanted) ?? wanted }),
  });
  return canPlan && (record === null || (await hasNoWord(record, request.home, env)));
}

/** Not with words to give back or a text to carry; and where this terminal differs from what the session was begun with, that is said first. */
const canGoOn = (record: SessionRecord, home: string, env: CommandContext["env"]): boolean =>
  record.threadId !== undefined && !record.fork && !record.earlier && !record.keptWords && !hasOtherEnvironment(record, home, env);

const programOf = (env: CommandContext["env"]): string | undefined => quickAgent.commandLine.locate(definedOnly(env)).command[0];

function hasOtherEnvironment({ environment }: SessionRecord, home: string, env: CommandContext["env"]): boolean {
  const isOther = environment?.program !== undefined && environment.program !== programOf(env);
  const isAnother = Object.keys(changedOf(environment, env, credentialFingerprint(home))).length > 0;
  return (
    isOther || isAnother || missingOf(environment, env).length > 0 || differencesOf(environment, quickAgent.environment, env).length > 0
  );
}

/** Deleted or archived at the hub is for the person to hear first. Only a hub on this home is asked: it answers at once. */
async function hasNoWord({ sessionId }: SessionRecord, home: string, env: CommandContext["env"]): Promise<boolean> {
  const url = hubAddress(env).source === "default" ? runningHub(home)?.url : undefined;
  const token = knownCliApiToken(env);
  if (url === undefined || token === null) return true;
  try {
    const response = await fetch(`${url}/cli/sessions/${sessionId}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ROW_MS),
    });
    if (!response.ok) return false;
    const { session } = (await response.json()) as { session?: { metadata?: { lifecycleState?: unknown } | null } };
    return session !== undefined && session.metadata?.lifecycleState !== "archived";
  } catch (cause) {
    // A hub that is busy or just gone: the session process hears its word and acts on it.
    if (cause instanceof Error) return true;
    throw cause;
  }
}

function plan(record: SessionRecord, { home }: DirectorySessionInput, line: Line, { env }: CommandContext): FirstLaunch | null {
  const { sessionId, cwd, threadId, permissionMode, model } = record;
  const dir = sessionDir(home, sessionId);
  const hostSocket = socketPath(home, hostSocketName(sessionId));
  const agentEnv = buildAgentEnv(env, sessionId);
  return quickAgent.plan({
    env: agentEnv,
    cwd,
    where: {
      env: agentEnv,
      cwd,
      sessionDir: dir,
      hookCommand: selfCommand("hook", hookSocketPath(home, sessionId), hostSocket),
      hookEnv: { [HOOK_TOKEN_ENV]: hookToken(dir) },
    },
    words: line.flags.rest,
    ...(threadId === undefined ? {} : { threadId }),
    ...(permissionMode === undefined ? {} : { permissionMode }),
    ...(model === undefined ? {} : { model }),
  });
}

/** Nobody configured a hub and none runs: one is started while the agent's screen is already there. */
function hubBeside({ env }: CommandContext, home: string): { problem: string | null } {
  const state: { problem: string | null } = { problem: null };
  if (hubAddress(env).source !== "default" || runningHub(home)) return state;
  startInBackground(env, home, []).failed.catch((cause: unknown) => {
    state.problem = `${cause instanceof Error ? cause.message : String(cause)} The session is not on the web until a hub runs: hapi hub`;
  });
  return state;
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
