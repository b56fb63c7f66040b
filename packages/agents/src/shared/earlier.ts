/**
 * The text of an earlier conversation, given to an agent whose own thread of it is gone. It goes in front of a prompt as a block of its own, under
 * a mark by which it is known again in the agent's record: it is not what the person said.
 */
import { readFile } from "node:fs/promises";
import { AppError } from "@hapi/protocol";

const OPEN = "<earlier-conversation>";
const CLOSE = "</earlier-conversation>";

const INTRODUCTION =
  "The conversation so far, from an earlier session whose own record is gone. It was not said in this one: take it as what you and the " +
  "person know, and answer only what follows it.";

/** What is read there can't end the block before its end. */
export function earlierBlock(text: string): string {
  return `${OPEN}\n${INTRODUCTION}\n\n${text.replaceAll(CLOSE, "<\\/earlier-conversation>").trim()}\n${CLOSE}`;
}

export async function readEarlier(path: string): Promise<string> {
  try {
    return earlierBlock(await readFile(path, "utf8"));
  } catch (cause) {
    const words = "The text of the earlier conversation can't be read on this machine; start a new session to go on without it";
    throw new AppError("not_found", words, { cause });
  }
}

/** A prompt as it stands in a record, without that block: the person's words. */
export function withoutEarlier(text: string): string {
  // The mark alone could be anybody's words.
  if (!text.startsWith(`${OPEN}\n${INTRODUCTION}\n`)) return text;
  const end = text.indexOf(CLOSE);
  return end < 0 ? text : text.slice(end + CLOSE.length).replace(/^\n+/, "");
}
