/**
 * `hapi` on a terminal, the short way: the agent's own screen first, through a host that begins the agent at once; session process, hub and
 * registration come up beside it. Loads only what the screen needs. Null where something has to be asked or said before: then `agent.ts` does it.
 */
import { type FirstLaunch, quickAgent } from "@hapi/agents/first";
import { probeHost } from "@hapi/host/start";
import { credentialFingerprint, type SessionFile, startSession, takeEnvironment } from "@hapi/machine/first";
import {
  attempt,
  hapiHome,
  isTerminal,
  knownCliApiToken,
  resolveHubToken,
  resolveMachineId,
  runningHub,
  sessionDir,
  systemClock,
  terminalSize,
  type WaitingProcess,
} from "@hapi/platform/lean";
import { normalizePermissionMode } from "@hapi/protocol/flavors";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type AgentFlags, parseAgentFlags, withoutOwnFlags } from "../agent-flags.ts";
import type { CommandContext } from "../command.ts";
import { type DirectorySession, type DirectorySessionInput, findDirectorySession, prepareSession } from "../directory-session.ts";
import { environmentWord } from "../environment-word.ts";
import { hubAddress } from "../hub-address.ts";
import { startInBackground } from "../local-hub.ts";
import { passThrough } from "../pass-through.ts";
import { canBegin, definedOnly, planLaunch } from "../quick-launch.ts";
import type { SessionView } from "../session-view.ts";
import { whileStarting } from "../start-lock.ts";

interface Line {
  words: string[];
  theirs: string[];
  flags: AgentFlags;
}

/** `waiting`: a host that loads meanwhile. */
export async function quickStart(words: string[], context: CommandContext, waiting: WaitingProcess | null = null): Promise<number | null> {
  const line = readLine(words);
  if (line === null) return null;
  const own = quickAgent.commandLine.ownBusiness(line.theirs);
  const hasTerminal = isTerminal(0) && isTerminal(1);
  const isConversation = line.flags.isBackground || hasTerminal;
  if (own !== null || !isConversation)
    return passThrough(
      { driver: quickAgent, commandLine: quickAgent.commandLine, line: line.words, theirs: line.theirs, flags: line.flags, own },
      context,
    );
  if (!hasTerminal || line.flags.isBackground || line.flags.startingMode === "remote") return null;
  const request = await requestOf(line, context);
  if (request === null) return null;
  const begun = await whileStarting(request.home, request.cwd, () => begin(request, line, context, waiting));
  waiting?.dismiss();
  if (begun === null) return null;
  const { introduce, watchSession } = await loadView();
  await introduce(begun, context);
  const hub = hubBeside(context, request.home);
  const code = await watchSession(request.home, begun.sessionFile, context, hub.start);
  if (hub.problem !== null) context.terminal.note(context.paint.waiting(hub.problem));
  return code;
}

const loadView = () => import("../session-view.ts");

/** Of the agent that plain `hapi` starts, without words that could be a misspelt command. */
function readLine(words: string[]): Line | null {
  const isNamed = words[0] === quickAgent.flavor;
  if (!isNamed && words[0] !== undefined && !words[0].startsWith("-") && !quickAgent.commandLine.isCommand(words[0])) return null;
  const line = isNamed ? words.slice(1) : words;
  return { words: line, theirs: withoutOwnFlags(line, quickAgent.commandLine.yolo), flags: parseAgentFlags(line) };
}

/** Null: there is something to say or to ask first. On a home's first start its machine and its hub get their names here. */
async function requestOf({ theirs, flags }: Line, { env, cwd }: CommandContext): Promise<DirectorySessionInput | null> {
  const home = hapiHome(env);
  const wanted = flags.isYolo ? "yolo" : flags.permissionMode;
  if (wanted !== null && normalizePermissionMode(quickAgent.flavor, wanted) === null) return null;
  const hub = hubAddress(env);
  if (quickAgent.commandLine.locate(definedOnly(env)).command.length === 0) return null;
  if (knownCliApiToken(env) === null && hub.source !== "default") return null;
  // Prompts that wait for the hub are sent along before the screen is the agent's.
  if ((attempt(() => readdirSync(join(home, "outbox")), "none ever waited") ?? []).length > 0) return null;
  const asked = quickAgent.commandLine.threadAsked(theirs, { env: definedOnly(env), cwd });
  const machineId = await resolveMachineId(env);
  if (knownCliApiToken(env) === null) await resolveHubToken(env);
  return { home, flavor: quickAgent.flavor, cwd, machineId, hubUrl: hub.url, flags, asked, now: systemClock.now() };
}

const hasChoices = ({ isYolo, isThisEnvironment, permissionMode, model, effort, box, rest }: AgentFlags): boolean =>
  isYolo || box !== null || isThisEnvironment || permissionMode !== null || model !== null || effort !== null || rest.length > 0;

async function begin(
  request: DirectorySessionInput,
  line: Line,
  context: CommandContext,
  waiting: WaitingProcess | null,
): Promise<SessionView | null> {
  const { home } = request;
  const found = findDirectorySession(request);
  const hub = context.paint.dim(`  Hub: ${request.hubUrl}`);
  if (found.kind === "existing" && (await probeHost(sessionDir(home, found.sessionFile.sessionId)))) {
    // What a running session can't take any more is said the other way.
    if (hasChoices(line.flags)) return null;
    const runs = "runs; this is one more screen of it";
    return {
      home,
      sessionFile: found.sessionFile,
      hub,
      state: found.joined ? `has this conversation and ${runs}` : `already ${runs.replace("runs", "running")}`,
      mustBeRead: found.joined,
    };
  }
  if (!(await canBegin(found, request, line.flags, context.env))) return null;
  const begun = await startWithAgent(request, found, line.flags.rest, context, waiting);
  if (begun === null) return null;
  const word = found.kind === "existing" ? environmentWord(found.sessionFile, quickAgent.environment, home, context.env) : null;
  const warning = [begun.hint, word].filter((one) => one != null).join("\n");
  const state = found.kind === "new" ? "new" : found.joined ? "has this conversation; continued" : "continued";
  const mustBeRead = found.kind === "existing" && found.joined;
  return { home, sessionFile: begun.sessionFile, state, hub, mustBeRead, ...(warning ? { warning } : {}) };
}

/** The session's file with its agent's launch is on disk before its host hears of it. Null: the launch can't be made here after all. */
async function startWithAgent(
  request: DirectorySessionInput,
  found: DirectorySession,
  words: readonly string[],
  { env }: CommandContext,
  waiting: WaitingProcess | null,
): Promise<{ sessionFile: SessionFile; hint?: string | undefined } | null> {
  const { home } = request;
  const [program] = quickAgent.commandLine.locate(definedOnly(env)).command;
  let launch: FirstLaunch | null = null;
  const { sessionFile } = prepareSession(
    request,
    found,
    takeEnvironment(quickAgent.environment, env, program, credentialFingerprint(home)),
    (made) => {
      launch = planLaunch(made, home, words, env);
      return launch ? { launchId: launch.launchId, threadId: launch.threadId, how: launch.how } : undefined;
    },
  );
  const planned = launch as FirstLaunch | null;
  if (planned === null) return null;
  const { launchId, argv, env: agentEnv, hint } = planned;
  const first = { launchId, kind: "pty" as const, argv, cwd: sessionFile.cwd, env: agentEnv, ...terminalSize() };
  // What shows it is not needed before it runs.
  const starting = startSession(sessionFile, { home, env, first, waiting });
  await Promise.all([starting, loadView()]);
  return { sessionFile, hint };
}

/** Nobody configured a hub and none runs: one is started once the agent's screen is there. */
function hubBeside({ env }: CommandContext, home: string): { start(): void; problem: string | null } {
  const beside: { start(): void; problem: string | null } = {
    problem: null,
    start() {
      if (hubAddress(env).source !== "default" || runningHub(home)) return;
      startInBackground(env, home, []).failed.catch((cause: unknown) => {
        beside.problem = `${cause instanceof Error ? cause.message : String(cause)} The session is not on the web until a hub runs: hapi hub`;
      });
    },
  };
  return beside;
}
