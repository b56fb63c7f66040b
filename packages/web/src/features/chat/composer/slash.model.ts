/** What a slash at the beginning of a prompt asks for, and the ids that tie the field to its list of commands. Pure. */
import type { SlashCommand } from "../../../sync/port.ts";
import { SLASH_LIST_ID } from "./slash-list-id.ts";

export const slashOptionId = (at: number): string => `${SLASH_LIST_ID}-${at}`;

/** The word after a slash at the very start, while the caret is still in it; null when no command is being typed. */
export function slashQuery(text: string, caret: number): string | null {
  const word = /^\/[^\s]*/.exec(text)?.[0];
  return word !== undefined && caret >= 1 && caret <= word.length ? word.slice(1).toLowerCase() : null;
}

const MAX_SUGGESTIONS = 8;

/** Names that begin with the query first, then those that only contain it. */
export function suggest(commands: readonly SlashCommand[], query: string): readonly SlashCommand[] {
  const named = commands
    .map((command) => ({ command, at: command.name.replace(/^\//, "").toLowerCase().indexOf(query) }))
    .filter(({ at }) => at >= 0);
  return named
    .sort((one, other) => Math.min(one.at, 1) - Math.min(other.at, 1) || one.command.name.localeCompare(other.command.name))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ command }) => command);
}

export function applyCommand(text: string, name: string): string {
  const rest = text.replace(/^\/[^\s]*/, "").trimStart();
  return `/${name.replace(/^\//, "")} ${rest}`;
}
