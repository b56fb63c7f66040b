/** `hapi stop`: ends a session's agent. The conversation stays and can be resumed. */
import { endSession } from "@hapi/machine";
import { hapiHome } from "@hapi/platform";
import { AppError, type SessionSummary } from "@hapi/protocol";
import { hubApi } from "../hub-api.ts";
import { isSet, requirePositional, type Command } from "../command.ts";
import { confirm } from "../tui/confirm.ts";
import { findSession } from "../which-session.ts";

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
    const api = hubApi(context.env);
    const session = await findSession(api, wanted, context);
    if (!session.row?.active) {
      context.terminal.out(`${session.id} is not running.`);
      return 0;
    }
    const isForced = isSet(words, "force");
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
