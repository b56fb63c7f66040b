/** `hapi hub restore FILE`: puts a backup in place, with the hub stopped or running; what was there is kept beside it. */
import { createHubApi } from "@hapi/client";
import { restoreHub, type Restored } from "@hapi/hub";
import { hapiHome, knownCliApiToken, runningHub } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { isSet, type CommandContext, type ParsedWords } from "../../command.ts";
import { confirm } from "../../tui/confirm.ts";
import { counted } from "../../tui/words.ts";
import { said } from "../../when.ts";

export async function restore(words: ParsedWords, context: CommandContext): Promise<number> {
  const file = words.positionals[1];
  if (file === undefined) throw new AppError("invalid_query", "hapi hub restore needs a FILE. See: hapi hub --help");
  const isYes = isSet(words, "yes");
  if (!isYes && (isSet(words, "json") || !context.terminal.isInteractive))
    throw new AppError("invalid_query", "hapi hub restore changes what the hub knows; without a person at the terminal it needs --yes.");
  const home = hapiHome(context.env);
  const restored = await restoreHub({
    home,
    file,
    async confirm({ staged, present, isRunning }) {
      const made = staged.createdAt === null ? "a copy of unknown age" : `from ${said(staged.createdAt)}`;
      if (!isSet(words, "json")) {
        context.terminal.note(`The backup is ${made}: ${holds(staged)}.`);
        if (present) context.terminal.note(`The hub has ${holds(present)} now; they are kept in a file.`);
        if (isRunning) context.terminal.note("The hub that runs here goes away for a moment; sessions go on and connect again.");
      }
      return isYes || (await confirm("Restore it?", context.terminal.isInteractive));
    },
    askHub: (id) => askHub(home, id, context),
  });
  if (!restored) context.terminal.note("Nothing was changed.");
  else if (isSet(words, "json")) context.terminal.json(restored);
  else for (const line of story(restored)) context.terminal.out(line);
  return restored ? 0 : 1;
}

const holds = ({ sessions, messages }: { sessions: number; messages: number }): string =>
  `${counted(sessions, "session")}, ${counted(messages, "message")}`;

function story(restored: Restored): string[] {
  const { keptAs, areSignInsKnown, isRunning } = restored;
  return [
    `Restored: ${holds(restored)}. ${isRunning ? "The hub runs on with it." : "Start the hub with: hapi hub"}`,
    "What was said after the backup is not in the hub any more, although agents and their own records still know it. Prompts that waited",
    "then are shown as unknown and are not run by themselves. What sessions have not delivered yet still comes.",
    ...(areSignInsKnown
      ? []
      : [
          "Who may come in could not be read from what was there, so it is as it was at the backup: who was revoked since may be in again.",
          "Look through: hapi auth devices, and revoke them once more.",
        ]),
    ...(keptAs === null ? [] : [`What the hub had before is in ${keptAs}; to undo: hapi hub restore ${keptAs}`]),
  ];
}

/** The hub of this very home, whatever hub this machine's sessions talk to. */
async function askHub(home: string, id: string, { env }: CommandContext): Promise<void> {
  const url = runningHub(home)?.url;
  const token = knownCliApiToken(env);
  if (url === undefined) throw new AppError("not_ready", "The hub on this home starts or stops at the moment. Try again.");
  if (!token) throw new AppError("missing_token", "The hub that runs here has a token this command does not know. Set CLI_API_TOKEN.");
  const api = createHubApi({ baseUrl: url, accessToken: () => token });
  await api.request("POST", "/api/storage/restore", { body: { id } });
}
