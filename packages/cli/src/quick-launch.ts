/**
 * What `hapi` on a terminal may begin by itself, and with what: the agent's launch before there is a session process. Stands before the first
 * paint: loads little.
 */
import { type FirstLaunch, quickAgent } from "@hapi/agents/first";
import { hostSocketName } from "@hapi/host/start";
import {
  boxFor,
  buildAgentEnv,
  givenTools,
  HOOK_TOKEN_ENV,
  hookSocketPath,
  hookToken,
  missingOf,
  type SessionFile,
  withKept,
} from "@hapi/machine/first";
import { knownCliApiToken, LATE, runningHub, selfCommand, sessionDir, socketPath, systemClock, within } from "@hapi/platform/lean";
import { normalizePermissionMode } from "@hapi/protocol/flavors";
import type { AgentFlags } from "./agent-flags.ts";
import type { DirectorySession, DirectorySessionInput } from "./directory-session.ts";
import { hubAddress } from "./hub-address.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A hub on this computer answers in a few milliseconds; one that does not is not waited for. */
const ROW_MS = 150;

/** Nothing has to be asked: a new session of the folder's own, or one that goes on with its conversation and that the hub has no word against. */
export async function canBegin(found: DirectorySession, request: DirectorySessionInput, flags: AgentFlags, env: Env): Promise<boolean> {
  const sessionFile = found.kind === "existing" ? found.sessionFile : null;
  if (needsMore(sessionFile, flags, request.home) || (sessionFile ? !canGoOn(sessionFile, env) : request.asked !== null)) return false;
  // Asked first: it answers beside what is looked at here.
  const noWord = sessionFile ? hasNoWord(sessionFile, request.home, env) : true;
  const wanted = flags.isYolo ? "yolo" : (flags.permissionMode ?? sessionFile?.permissionMode);
  const canPlan = quickAgent.canPlan({
    env: definedOnly(withKept(env, sessionFile?.environment)),
    cwd: sessionFile?.cwd ?? request.cwd,
    words: flags.rest,
    program: sessionFile?.environment?.program,
    threadId: sessionFile?.threadId,
    permissionMode: wanted === undefined ? undefined : (normalizePermissionMode(quickAgent.flavor, wanted) ?? wanted),
  });
  return (await noWord) && canPlan;
}

/** Only a session process can change what it works with, or make its sandbox. */
const needsMore = (sessionFile: SessionFile | null, { isThisEnvironment, box }: AgentFlags, home: string): boolean =>
  isThisEnvironment || box !== null || boxFor({ home }, sessionFile) !== undefined;

/** Not with words to give back, a text to carry, or a credential that is missing here. */
const canGoOn = (sessionFile: SessionFile, env: Env): boolean =>
  sessionFile.threadId !== undefined &&
  !sessionFile.fork &&
  !sessionFile.earlier &&
  !sessionFile.keptWords &&
  missingOf(sessionFile.environment, env).length === 0;

/** Deleted or archived at the hub is for the person to hear first. Only a hub on this home is asked: it answers at once. */
async function hasNoWord({ sessionId }: SessionFile, home: string, env: Env): Promise<boolean> {
  const url = hubAddress(env).source === "default" ? runningHub(home)?.url : undefined;
  const token = knownCliApiToken(env);
  if (url === undefined || token === null) return true;
  try {
    const isOpen = await within(systemClock, ROW_MS, async (signal) => {
      const response = await fetch(`${url}/cli/sessions/${sessionId}`, { headers: { authorization: `Bearer ${token}` }, signal });
      if (!response.ok) return false;
      const { session } = (await response.json()) as { session?: { metadata?: { lifecycleState?: unknown } | null } };
      return session !== undefined && session.metadata?.lifecycleState !== "archived";
    });
    return isOpen === LATE || isOpen;
  } catch (cause) {
    // A hub that is busy or just gone: the session process hears its word and acts on it.
    if (cause instanceof Error) return true;
    throw cause;
  }
}

/** Writes what the agent needs into the session's folder. Null: only the session process can begin it. */
export function planLaunch(sessionFile: SessionFile, home: string, words: readonly string[], env: Env): FirstLaunch | null {
  const { sessionId, cwd, threadId, permissionMode, model, effort, environment, box } = sessionFile;
  // The session process makes the sandbox.
  if (box) return null;
  const dir = sessionDir(home, sessionId);
  const hostSocket = socketPath(home, hostSocketName(sessionId));
  const agentEnv = buildAgentEnv(withKept(env, environment), sessionId);
  const sockets = [hookSocketPath(home, sessionId), hostSocket];
  const token = hookToken(dir);
  return quickAgent.plan({
    env: agentEnv,
    cwd,
    where: {
      env: agentEnv,
      cwd,
      sessionDir: dir,
      hookCommand: selfCommand("hook", ...sockets),
      hookEnv: { [HOOK_TOKEN_ENV]: token },
      tools: givenTools({ sessionId, sockets, token }),
    },
    words,
    program: environment?.program,
    threadId,
    permissionMode,
    model,
    effort,
  });
}

export function definedOnly(env: Env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
