/** `hapi sessions`: what the hub knows, with what waits for a person first. */
import { rankOf, sessionStatus } from "@hapi/core";
import { hubApi } from "../hub-api.ts";
import { systemClock } from "@hapi/platform";
import type { SessionSummary } from "@hapi/protocol";
import { isSet, type Command, type CommandContext } from "../command.ts";
import { table } from "../tui/terminal.ts";
import { stateCell, whatCell } from "../tui/session-words.ts";
import { age } from "../tui/words.ts";

export const sessionsCommand: Command = {
  name: "sessions",
  reachesHub: true,
  aliases: ["list"],
  summary: "List sessions: waiting for you, failed, done, working, idle, ended",
  usage: "[--all] [--json]",
  options: {
    all: { type: "boolean", short: "a", help: "archived ones too" },
    json: { type: "boolean", help: "print JSON" },
  },
  takes: {},
  examples: ["hapi sessions", "hapi sessions --all", "hapi sessions --json | jq '.sessions[].id'"],
  async run(words, context) {
    const all = await hubApi(context.env).sessions.list();
    const sessions = isSet(words, "all") ? all : all.filter((session) => session.metadata?.lifecycleState !== "archived");
    if (isSet(words, "json")) context.terminal.json({ sessions });
    else if (sessions.length === 0 && all.length > 0) context.terminal.out("Only archived sessions. See: hapi sessions --all");
    else if (sessions.length === 0) context.terminal.out("No sessions yet. Start one in a directory with: hapi, or try: hapi demo");
    else context.terminal.out(render(sessions, context));
    return 0;
  },
};

/** What waits for a person first, what is over last; the newest of a kind above. */
function byImportance(a: SessionSummary, b: SessionSummary): number {
  return rankOf(sessionStatus(a)) - rankOf(sessionStatus(b)) || b.updatedAt - a.updatedAt;
}

function render(sessions: readonly SessionSummary[], context: CommandContext): string {
  const now = systemClock.now();
  const head = ["SESSION", "STATE", "AGENT", "CHANGED", "WHAT"].map(context.paint.dim);
  const rows = sessions
    .toSorted(byImportance)
    .map((session) => [
      session.id.slice(0, 8),
      stateCell(session, context.paint),
      session.metadata?.flavor ?? "?",
      age(session.updatedAt, now),
      whatCell(session, context.paint),
    ]);
  return table([head, ...rows], context.terminal.columns);
}
