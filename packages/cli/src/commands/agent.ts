/**
 * `hapi <agent> …`: continue or start the session of this directory and show it. This process is only a viewer; the session lives in its
 * host and goes on when the viewer is gone.
 */
import { allDrivers, type AgentDriver } from "@hapi/agents";
import { createHubApi } from "@hapi/client";
import { createCliRest } from "@hapi/client/link";
import { probeHost } from "@hapi/host";
import {
  boxFor,
  credentialFingerprint,
  firstRow,
  readSessionFile,
  requireBoxOf,
  requireBoxWhileRunning,
  rowAtHub,
  type SessionFile,
  startSession,
  takeEnvironment,
} from "@hapi/machine";
import { hapiHome, resolveMachineId, sessionDir, systemClock } from "@hapi/platform";
import { AppError, normalizePermissionMode } from "@hapi/protocol";
import { isatty } from "node:tty";
import { parseAgentFlags, type AgentFlags, withoutOwnFlags } from "../agent-flags.ts";
import { confirm } from "../tui/confirm.ts";
import type { CommandContext } from "../command.ts";
import {
  type DirectorySession,
  type DirectorySessionInput,
  findDirectorySession,
  holderAtHub,
  prepareSession,
  sessionTagOf,
} from "../directory-session.ts";
import { environmentWord } from "../environment-word.ts";
import { heedHub } from "../hub-word.ts";
import { ensureHub, type HubChoice } from "../local-hub.ts";
import { sendAlong } from "../outbox.ts";
import { needsTerminal, passThrough } from "../pass-through.ts";
import { introduce, watchSession } from "../session-view.ts";
import { whileStarting } from "../start-lock.ts";
import { writtenHere } from "../written-here.ts";

export async function runAgent(words: string[], context: CommandContext): Promise<number> {
  const home = hapiHome(context.env);
  const { driver, line } = whichAgent(words, home);
  const flags = parseAgentFlags(line);
  const { commandLine } = driver;
  if (!commandLine && flags.isHelp) return printAgentHelp(driver, context);
  const theirs = withoutOwnFlags(line, commandLine?.yolo ?? []);
  const own = commandLine?.ownBusiness(theirs) ?? null;
  const isConversation = flags.isBackground || (isatty(0) && isatty(1));
  if (commandLine && (own !== null || !isConversation)) return passThrough({ driver, commandLine, line, theirs, flags, own }, context);
  checkMode(driver, flags);
  if (!isConversation) throw needsTerminal(driver);

  const env = definedOnly(context.env);
  const written = writtenHere({ home, driver, flags, env, cwd: context.cwd });
  const detection = await driver.detect(env, keptProgram(home, flags), written);
  if (!detection.available) throw new AppError("agent_not_installed", detection.hint ?? `${driver.displayName} is not installed.`);
  const hub = await ensureHub(context.env, home);
  const { hint: warning, program } = detection;
  return openSession({ home, driver, flags, theirs, hub, context, program, ...(warning ? { warning } : {}) });
}

/** A session that is named was begun with a program that this terminal may not have on its PATH. */
function keptProgram(home: string, { existingSessionId, isThisEnvironment }: AgentFlags): string | undefined {
  if (existingSessionId === null || isThisEnvironment) return undefined;
  return readSessionFile(sessionDir(home, existingSessionId))?.environment?.program;
}

/** The agent that is named, or the one that needs no name; and the words behind its name. */
function whichAgent(words: string[], home: string): { driver: AgentDriver; line: string[] } {
  const drivers = allDrivers(home);
  const named = drivers.find(({ flavor }) => flavor === words[0]);
  const driver = named ?? drivers[0];
  if (!driver) throw new AppError("internal", "No agent is known");
  if (!named) refuseUnknownWord(driver, words[0]);
  return { driver, line: named ? words.slice(1) : words };
}

/** One bare word is more often a command that was misspelt than a prompt; more words, or anything else, are a prompt. */
function refuseUnknownWord(driver: AgentDriver, word: string | undefined): void {
  if (word === undefined || !/^[\p{L}\d-]+$/u.test(word) || word.startsWith("-") || driver.commandLine?.isCommand(word)) return;
  const asPrompt = driver.commandLine ? ` To give ${driver.displayName} just this word: hapi ${driver.flavor} ${word}` : "";
  throw new AppError("invalid_query", `hapi has no command or agent "${word}". See: hapi --help.${asPrompt}`);
}

/** Said before anything is started. */
function checkMode({ flavor }: AgentDriver, { isYolo, permissionMode }: AgentFlags): void {
  const wanted = isYolo ? "yolo" : permissionMode;
  if (wanted === null || normalizePermissionMode(flavor, wanted)) return;
  throw new AppError("invalid_mode", `This agent has no permission mode "${wanted}". See: hapi ${flavor} --help`);
}

interface OpenInput {
  home: string;
  driver: AgentDriver;
  flags: AgentFlags;
  /** The line without what only HAPI understands. */
  theirs: readonly string[];
  hub: HubChoice;
  context: CommandContext;
  warning?: string;
  /** Of the agent, as this terminal has it. */
  program?: string | undefined;
}

async function openSession(input: OpenInput): Promise<number> {
  const { home, driver, flags, hub, context } = input;
  const machineId = await resolveMachineId(context.env);
  const asked = driver.commandLine?.threadAsked(input.theirs, { env: definedOnly(context.env), cwd: context.cwd }) ?? null;
  const request = { home, flavor: driver.flavor, cwd: context.cwd, machineId, hubUrl: hub.url, flags, asked, now: systemClock.now() };
  let found = findDirectorySession(request);
  const joined = found.kind === "existing" && found.joined === true;
  if (found.kind === "existing" && (await runs(home, found.sessionFile))) {
    requireBoxWhileRunning(flags.box, found.sessionFile);
    noteUnused(input);
    const state = joined
      ? "has this conversation and runs; this is one more screen of it"
      : "already running; this is one more screen of it";
    return view(found.sessionFile, input, { state, mustBeRead: joined });
  }
  if (hub.isReachable) {
    const rest = createCliRest({ hubUrl: hub.url, token: hub.token, clock: systemClock });
    found = await heedHub(found, {
      request,
      row: (sessionFile) =>
        rowAtHub({ session: (id) => rest.session(id), register: (row) => rest.createSession(row) }, sessionFile, systemClock.now()),
      confirm: (question) => confirm(question, context.terminal.isInteractive),
      note: (line) => context.terminal.note(context.paint.waiting(line)),
    });
  }
  if (found.kind === "new" && hub.isReachable) await sayHolderAtHub(request, hub, context);
  if (found.kind === "existing" && !flags.isThisEnvironment) {
    const word = environmentWord(found.sessionFile, driver.environment, home, context.env);
    if (word !== null) context.terminal.note(context.paint.waiting(word));
  }
  const sessionFile = await whileStarting(home, context.cwd, () => prepareAndStart(request, found, input));
  // Before the screen is the agent's.
  if (hub.isReachable) await sendAlong(context);
  const state = joined ? "has this conversation; continued" : found.kind === "existing" ? "continued" : "new";
  return view(sessionFile, input, { state, mustBeRead: joined });
}

const runs = async (home: string, { sessionId }: SessionFile): Promise<boolean> => (await probeHost(sessionDir(home, sessionId))) !== null;

const boxOf = ({ flags: { box } }: DirectorySessionInput) => (box ? { box } : {});

async function prepareAndStart(
  request: DirectorySessionInput,
  found: DirectorySession,
  { home, driver, hub, context, program }: OpenInput,
): Promise<SessionFile> {
  // Another terminal may have been faster: its session is this folder's.
  const isFirst = found.kind === "new" && !request.flags.isNew && request.asked === null && found.tag === sessionTagOf(request);
  const latest = isFirst ? findDirectorySession(request) : found;
  const kept = latest.kind === "existing" ? latest.sessionFile : null;
  // Before anything is written.
  if (kept && request.flags.box && (await runs(home, kept))) requireBoxWhileRunning(request.flags.box, kept);
  await requireBoxOf({ box: boxFor({ home, ...boxOf(request) }, kept) }, driver);
  const { sessionFile } = prepareSession(
    request,
    latest,
    takeEnvironment(driver.environment, context.env, program, credentialFingerprint(request.home)),
  );
  await registerIfReachable(sessionFile, hub, context);
  await startSession(sessionFile, { home, env: { ...context.env, CLI_API_TOKEN: hub.token } });
  return sessionFile;
}

/** A session whose files this machine has lost can't be joined, and must not be passed over in silence. */
async function sayHolderAtHub(request: DirectorySessionInput, hub: HubChoice, { terminal, paint }: CommandContext): Promise<void> {
  if (!request.asked?.threadId || request.asked.fork) return;
  const api = createHubApi({ baseUrl: hub.url, accessToken: () => hub.token });
  const holder = holderAtHub(await api.sessions.list(), request);
  if (!holder) return;
  const short = holder.id.slice(0, 8);
  terminal.note(
    paint.waiting(
      `Session ${short} had this conversation, but its files are gone from this machine: this is a new session on it. Archive the old one in the web app.`,
    ),
  );
}

/** What only a start can take. */
function noteUnused({ flags, context }: OpenInput): void {
  const given = [
    flags.isYolo && "--yolo",
    flags.permissionMode && "--permission-mode",
    flags.model && "--model",
    flags.effort && "--effort",
    flags.isThisEnvironment && "--this-environment",
    ...flags.rest,
  ].filter(Boolean);
  if (given.length === 0) return;
  context.terminal.note(
    context.paint.waiting(`It runs already, so ${given.join(" ")} changes nothing. Change it in the web app, or start another with --new.`),
  );
}

/** The row exists before the screen opens, so that the phone sees it at once; without a hub the session process does it later. */
async function registerIfReachable(sessionFile: SessionFile, hub: HubChoice, context: CommandContext): Promise<void> {
  if (!hub.isReachable) {
    context.terminal.note(
      context.paint.waiting(`The hub at ${hub.url} can't be reached. The session starts anyway and appears there when it is back.`),
    );
    return;
  }
  const rest = createCliRest({ hubUrl: hub.url, token: hub.token, clock: systemClock });
  await rest.createSession(firstRow(sessionFile, systemClock.now()));
}

async function view(sessionFile: SessionFile, input: OpenInput, how: { state: string; mustBeRead: boolean }): Promise<number> {
  const { context, hub, home, warning } = input;
  const line = hub.isReachable ? { hub: `${context.paint.good("✓")} Connected to hub ${context.paint.dim(hub.url)}` } : {};
  await introduce({ home, sessionFile, ...how, ...line, ...(warning ? { warning } : {}) }, context);
  if (isatty(0) && context.terminal.isInteractive) return watchSession(home, sessionFile, context);
  context.terminal.out(sessionFile.sessionId);
  return 0;
}

function printAgentHelp(driver: AgentDriver, context: CommandContext): number {
  const modes = driver.capabilities.permissionModes.join(", ");
  context.terminal.out(
    [
      `${driver.displayName} in this directory: continues the directory's session, or starts it.`,
      "",
      `Usage: ${context.paint.bold(`hapi ${driver.flavor}`)} [flags …]`,
      "",
      "  --new                        another session instead of this directory's",
      "  --model NAME                 model to start with",
      "  --effort LEVEL               how hard its model thinks, in the agent's own word",
      `  --permission-mode MODE       ${modes || "none for this agent"}`,
      "  --yolo                       approve everything",
      "  --hapi-starting-mode MODE    local or remote",
      "  --sandbox                    in a sandbox: only this directory and the agent's own settings can be written, and HAPI's",
      "                               files and the rest of your home are not there (Linux, bubblewrap)",
      "  --sandbox-network on|off     the same, with the network or without",
      "  --started-by WHO             terminal or runner",
      "  --existing-session-id ID     continue exactly this session",
      "  --this-environment           continue it with this terminal's account, configuration, provider and program,",
      "                               instead of those it was begun with",
      "",
      `Every other flag goes to ${driver.displayName} as it is; what stands after -- is never read by HAPI.`,
      "",
      "Examples:",
      `  hapi ${driver.flavor}`,
      `  hapi ${driver.flavor} --new --yolo`,
      `  hapi ${driver.flavor} --hapi-starting-mode remote`,
    ].join("\n"),
  );
  return 0;
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
