/** `hapi requests`: what agents ask of a person, in full, each with the handle by which `hapi answer` answers it. */
import { isSet, type Command } from "../command.ts";
import { hubApi } from "../hub-api.ts";
import { openRequests } from "../requests/open-requests.ts";
import { requestBlock, requestJson } from "../requests/request-words.ts";
import { findSession } from "../which-session.ts";

export const requestsCommand: Command = {
  name: "requests",
  reachesHub: true,
  summary: "List what agents ask of you: permissions, questions, plans; in full",
  usage: "[session] [--json]",
  options: { json: { type: "boolean", help: "print JSON" } },
  takes: { words: 1 },
  examples: [
    "hapi requests                             of every session",
    "hapi requests .                           of this directory's",
    "hapi requests --json | jq -r '.requests[] | select(.tool == \"Bash\") | .request'",
  ],
  async run(words, context) {
    const api = hubApi(context.env);
    const [wanted] = words.positionals;
    const of = wanted === undefined ? null : await findSession(api, wanted, context);
    const rows = of === null ? await api.sessions.list() : of.row ? [of.row] : [];
    const open = await openRequests(api, rows);
    if (isSet(words, "json")) context.terminal.json({ requests: open.map(requestJson) });
    else if (open.length === 0) context.terminal.out("No agent asks anything.");
    else {
      context.terminal.out(open.map((one) => requestBlock(one, context)).join("\n\n"));
      context.terminal.note(context.paint.dim("Answer one with: hapi answer <request> allow, or: hapi answer <request> deny"));
    }
    return 0;
  },
};
