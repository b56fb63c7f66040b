/**
 * `hapi <agent> …` is `<agent> …` but for a conversation on a terminal: everything else becomes the agent's own program, with its output, its
 * exit code and no session. What can't be both is refused in a sentence that says what to use instead.
 */
import type { AgentCommandLine, AgentDriver } from "@hapi/agents";
import { become } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import type { AgentFlags } from "./agent-flags.ts";
import type { CommandContext } from "./command.ts";

export interface ForeignLine {
  driver: Pick<AgentDriver, "flavor" | "displayName">;
  commandLine: AgentCommandLine;
  /** As it was typed, behind the agent's name. */
  line: readonly string[];
  /** The same without what only HAPI understands. */
  theirs: readonly string[];
  flags: AgentFlags;
  /** The word that makes it the agent's own business; null: there is no terminal to converse on. */
  own: string | null;
}

export async function passThrough(
  { driver, commandLine, line, theirs, flags, own }: ForeignLine,
  context: CommandContext,
): Promise<number> {
  const isCommand = own !== null && commandLine.isCommand(own);
  // Behind a command of the agent's every word is its own; before and without one, what only HAPI understands is left out. But not what keeps
  // the agent from something.
  const isVerbatim = isCommand && line[0] === own;
  if (!isVerbatim && (flags.isBackground || flags.box !== null || (own === null && flags.own.some((name) => name !== "--yolo"))))
    throw notBoth(driver, flags, own);
  const { command, hint } = commandLine.locate(definedOnly(context.env));
  if (command.length === 0) throw new AppError("agent_not_installed", hint ?? `${driver.displayName} is not installed.`);
  return become([...command, ...(isVerbatim ? line : theirs)], context.env);
}

function notBoth({ displayName, flavor }: ForeignLine["driver"], flags: AgentFlags, own: string | null): AppError {
  if (own === null) return needsTerminal({ displayName, flavor });
  const name = flags.own.find((one) => flags.box !== null && one.startsWith("--sandbox")) ?? flags.own[0] ?? "";
  return new AppError(
    "invalid_query",
    `${own} is ${displayName}'s own and makes no session, so ${name} means nothing with it. Leave one of them out; a session is asked with: hapi send <session> "…" --wait`,
  );
}

/** A conversation that nobody could see. */
export function needsTerminal({ displayName, flavor }: Pick<AgentDriver, "displayName" | "flavor">): AppError {
  const program = flavor === "demo" ? ", or as a program for an ACP client: hapi demo acp" : "";
  return new AppError(
    "invalid_query",
    `A conversation with ${displayName} needs a terminal. In the background, for the web app and the phone: hapi ${flavor} --hapi-starting-mode remote${program}`,
  );
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
