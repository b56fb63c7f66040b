/**
 * Going back in the terminal (Esc Esc, /rewind) leaves no line of its own: the next prompt simply has the parent that an earlier prompt had. So the
 * prompts said last are remembered with their parents.
 */
import { shortText } from "@hapi/core";
import { type Json, str } from "./json.ts";

export interface SaidPrompt {
  uuid: string;
  parent: string;
  words: string;
}

const MAX_SAID = 40;
const MAX_WORDS = 60;
/** The parent of the first line of a conversation. */
const ROOT = "root";

const firstWords = (text: string): string => shortText((text.split("\n").find((one) => one.trim() !== "") ?? "").trim(), MAX_WORDS);

/** What was said, with this prompt; and the prompt in whose place it stands, when the conversation went back to before that one. */
export function afterPrompt(
  said: readonly SaidPrompt[],
  line: Json,
  uuid: string,
  text: string,
): { said: SaidPrompt[]; instead: SaidPrompt | null } {
  if (said.some((one) => one.uuid === uuid)) return { said: [...said], instead: null };
  const mine = { uuid, parent: str(line["parentUuid"]) ?? str(line["logicalParentUuid"]) ?? ROOT, words: firstWords(text) };
  const at = said.findIndex((one) => one.parent === mine.parent);
  const instead = at < 0 ? null : (said[at] ?? null);
  // What came after that prompt is not on the branch any more.
  const kept = at < 0 ? said : said.slice(0, at);
  return { said: [...kept, mine].slice(-MAX_SAID), instead };
}
