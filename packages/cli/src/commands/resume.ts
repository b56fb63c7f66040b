/**
 * `hapi resume`: continue a session on its own thread, here when it belongs to this machine, through its runner when not. Without a session the
 * directory's own; where there is none, a choice of those that can be continued.
 */
import type { HubApi } from "@hapi/client";
import { listSessionFiles } from "@hapi/machine";
import { hapiHome, systemClock } from "@hapi/platform";
import { AppError, type SessionSummary, toAppError } from "@hapi/protocol";
import { hubApi } from "../hub-api.ts";
import { isSet, type Command, type CommandContext, type ParsedWords } from "../command.ts";
import { withNextStep } from "../resume-failure.ts";
import { choose } from "../tui/choose.ts";
import { stateCell, whatCell } from "../tui/session-words.ts";
import { table } from "../tui/terminal.ts";
import { age } from "../tui/words.ts";
import { findSession, findSessionAnyway, type WhichSession } from "../which-session.ts";

/** More than a screen is searched with `hapi sessions`. */
const MAX_CHOICES = 20;

export const resumeCommand: Command = {
  name: "resume",
  reachesHub: true,
  summary: "Continue a session: same id, same conversation",
  usage: "[session] [--remote] [--fork | --history] [--this-environment] [--json]",
  options: {
    remote: { type: "boolean", help: "only wake it; don't open it in this terminal" },
    fork: { type: "boolean", help: "in a new session, on a branch of its conversation; the old one stays as it is" },
    history: { type: "boolean", help: "in a new session whose agent is given the text of it, where its own conversation is gone" },
    "this-environment": {
      type: "boolean",
      help: "with this terminal's account, configuration, provider and program, instead of those it was begun with",
    },
    json: { type: "boolean", help: "only wake it, and print JSON" },
  },
  takes: { words: 1 },
  examples: [
    "hapi resume                      this directory's session, or a choice",
    "hapi resume 3f2a                 by the beginning of its id",
    'hapi resume "Fix the login"      by its name',
    "hapi resume 3f2a --remote        for the web app and the phone",
    "hapi resume 3f2a --fork          in a new session, from where this one is",
    "hapi resume 3f2a --history       in a new one that is told what was said",
  ],
  run: runResume,
};

async function runResume(words: ParsedWords, context: CommandContext): Promise<number> {
  const api = hubApi(context.env);
  const session = await wantedSession(api, words.positionals[0], context);
  if (!session) return 0;
  const isWakingOnly = isSet(words, "remote") || isSet(words, "json");
  if (isSet(words, "fork") && isSet(words, "history"))
    throw new AppError("invalid_query", "Say --fork (a branch of its own conversation) or --history (the text of it), not both");
  if (isSet(words, "history")) return tell(api, session, words, context);
  if (isSet(words, "fork")) return fork(api, session, words, context);
  const isThisEnvironment = isSet(words, "this-environment");
  if (session.sessionFile && !isWakingOnly) return openHere(session.sessionFile, context, isThisEnvironment);
  if (isThisEnvironment)
    throw new AppError("invalid_query", "--this-environment means this terminal, so it goes only with a session that is opened in it");
  const wasActive = session.row?.active ?? false;
  const id = await api.sessions.resume(session.id).catch((cause: unknown) => Promise.reject(withNextStep(cause, session.id)));
  if (isSet(words, "json")) context.terminal.json({ sessionId: id, resumed: !wasActive });
  else
    context.terminal.out(`${id} ${wasActive ? "is running already" : "is running again"}${session.sessionFile ? "" : " on its machine"}.`);
  return 0;
}

async function openHere(
  record: { flavor: string; sessionId: string; cwd: string },
  context: CommandContext,
  isThisEnvironment = false,
): Promise<number> {
  const { runAgent } = await import("./agent.ts");
  return runAgent([record.flavor, "--existing-session-id", record.sessionId, ...(isThisEnvironment ? ["--this-environment"] : [])], {
    ...context,
    cwd: record.cwd,
  });
}

async function fork(api: HubApi, session: WhichSession, words: ParsedWords, context: CommandContext): Promise<number> {
  const { terminal } = context;
  const id = await api.sessions.fork(session.id).catch((cause: unknown) => Promise.reject(withNextStep(cause, session.id)));
  if (isSet(words, "json")) terminal.json({ sessionId: id, forkedFrom: session.id });
  else terminal.out(`${id} is a new session with the history of ${session.id}.`);
  const sessionFile = listSessionFiles(hapiHome(context.env)).find(({ sessionId }) => sessionId === id);
  const isHere = sessionFile && terminal.isInteractive && !isSet(words, "remote") && !isSet(words, "json");
  return isHere ? openHere(sessionFile, context) : 0;
}

/** It begins remote: the text goes to the agent with the first prompt, which in its own terminal nobody could put it in front of. */
async function tell(api: HubApi, session: WhichSession, words: ParsedWords, { terminal }: CommandContext): Promise<number> {
  const asked = api.sessions.fork(session.id, { from: "history" });
  const id = await asked.catch((cause: unknown) => Promise.reject(withNextStep(cause, session.id)));
  if (isSet(words, "json")) terminal.json({ sessionId: id, forkedFrom: session.id });
  else {
    terminal.out(`${id} is a new session with the history of ${session.id}.`);
    terminal.note(`Its agent is given the text of it with your first prompt: hapi send ${id.slice(0, 8)} "…"`);
  }
  return 0;
}

/** Null: the person chose none. */
async function wantedSession(api: HubApi, wanted: string | undefined, context: CommandContext): Promise<WhichSession | null> {
  if (wanted !== undefined) return findWhole(api, wanted, context);
  try {
    return await findWhole(api, ".", context);
  } catch (cause) {
    if (toAppError(cause).code !== "session_not_found") throw cause;
  }
  if (!context.terminal.isInteractive || !process.stdin.isTTY)
    throw new AppError("invalid_query", "This directory has no session. Say which one: hapi resume <session>. See: hapi sessions");
  const rows = (await api.sessions.list()).filter((row) => row.metadata?.lifecycleState !== "archived").slice(0, MAX_CHOICES);
  if (rows.length === 0)
    throw new AppError("session_not_found", "There is no session to continue yet. Start one with: hapi, or try: hapi demo");
  context.terminal.note("This directory has no session. Continue another one?");
  const index = await choose(choices(rows, context), "Which one?");
  const row = index === null ? undefined : rows[index];
  return row ? findSession(api, row.id, context) : null;
}

/** A session of this machine can be continued while the hub is away, too. */
async function findWhole(api: HubApi, wanted: string, context: CommandContext): Promise<WhichSession> {
  const { session, away } = await findSessionAnyway(api, wanted, context);
  if (away && !session.sessionFile) throw away;
  return session;
}

function choices(rows: readonly SessionSummary[], { paint, terminal }: CommandContext): string[] {
  const now = systemClock.now();
  const cells = rows.map((row, index) => [
    `${index + 1}`.padStart(2),
    row.id.slice(0, 8),
    stateCell(row, paint),
    age(row.updatedAt, now),
    whatCell(row, paint),
  ]);
  return table(cells, terminal.columns).split("\n");
}
