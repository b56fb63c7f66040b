/** `hapi stop`: ends a session's agent. The conversation stays and can be resumed. */
import { endSession } from "@hapi/machine";
import { hapiHome } from "@hapi/platform";
import { AppError, type ErrorCode, type SessionSummary, toAppError } from "@hapi/protocol";
import { hubApi } from "../hub-api.ts";
import { isSet, requirePositional, type Command, type CommandContext } from "../command.ts";
import { confirm } from "../tui/confirm.ts";
import { sentenceOf } from "../tui/terminal.ts";
import { findSession, isAway, ofThisMachine } from "../which-session.ts";

export const stopCommand: Command = {
  name: "stop",
  reachesHub: true,
  summary: "End a session's agent; its history stays and it can be resumed",
  usage: "<session> [--force]",
  options: { force: { type: "boolean", short: "f", help: "don't ask, and don't wait for the agent" } },
  takes: { words: 1 },
  examples: ["hapi stop 3f2a", "hapi stop 3f2a --force"],
  async run(words, context) {
    const wanted = requirePositional(words, "session", "stop");
    const isForced = isSet(words, "force");
    const found = await ask(wanted, context).catch((cause: unknown) => toAppError(cause));
    if (found instanceof AppError) return endWithoutHub(wanted, found, isForced, context);
    const { api, session } = found;
    if (!session.row?.active) {
      context.terminal.out(`${session.id} is not running.`);
      return 0;
    }
    const running = whatRuns(session.row);
    if (running !== null && !isForced && !(await confirm(`${running} End it anyway?`, context.terminal.isInteractive))) {
      throw new AppError("session_active", `${running} Nothing was ended. Use --force to end it anyway.`);
    }
    // The processes first; the hub is told in any case, or it would show a session that works until its lease runs out.
    if (isForced) await endSession(hapiHome(context.env), session.id);
    await api.sessions.end(session.id);
    context.terminal.out(`${session.id} was ended. Continue it with: hapi resume ${session.id.slice(0, 8)}`);
    return 0;
  },
};

/** What the end of the agent would cut short; null: nothing. */
function whatRuns({ thinking, backgroundTaskCount }: SessionSummary): string | null {
  const beside = backgroundTaskCount > 0 ? `${backgroundTaskCount} running in the background` : null;
  if (thinking) return beside ? `It is working on something, with ${beside}.` : "It is working on something.";
  return beside ? `It has ${beside}, which would end with it.` : null;
}

async function ask(wanted: string, context: CommandContext) {
  const api = hubApi(context.env);
  return { api, session: await findSession(api, wanted, context) };
}

/** The hub says nothing about any session. */
const REFUSALS: readonly ErrorCode[] = ["missing_token", "invalid_token", "invalid_access_token"];

/** What runs here can be ended here: also where the hub is away, or does not take this machine any more. What it works on nobody can say then. */
async function endWithoutHub(wanted: string, why: AppError, isForced: boolean, context: CommandContext): Promise<number> {
  const id = isAway(why) || REFUSALS.includes(why.code) ? ofThisMachine(wanted, context) : null;
  if (id === null) throw why;
  const short = id.slice(0, 8);
  if (!isForced)
    throw new AppError(why.code, `${sentenceOf(why)}. Session ${short} can be ended here without it: hapi stop ${short} --force`);
  const outcome = await endSession(hapiHome(context.env), id);
  if (outcome === "still_alive") throw new AppError("timeout", `The processes of session ${short} do not end. See: hapi runner list`);
  const said = outcome === "stopped" ? "was ended here, without the hub. It hears of that when it is reached again" : "is not running";
  context.terminal.out(`${id} ${said}.`);
  return 0;
}
