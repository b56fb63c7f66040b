/**
 * How long a prompt may be. Every door asks before it accepts: what no agent takes must not wait in a queue. Measured on Claude Code 2.1.329:
 * it takes 1 MB and sends it to its model; from 3 MB on it refuses by itself ("Prompt is too long") whatever the model.
 */
import { AppError } from "@hapi/protocol";

/** In UTF-8. Attachments are files of their own, with limits of their own. */
export const MAX_PROMPT_BYTES = 1_000_000;

export function isPromptTooLong(text: string): boolean {
  if (text.length > MAX_PROMPT_BYTES) return true;
  // Three bytes are the most that one unit takes: the usual prompt is not even encoded.
  return text.length * 3 > MAX_PROMPT_BYTES && new TextEncoder().encode(text).length > MAX_PROMPT_BYTES;
}

/** Names the limit and the way out. */
export const PROMPT_TOO_LONG = "The prompt is longer than 1 MB. Attach the text as a file, or save it where the agent can read it";

/** @throws body_too_large */
export function checkPromptSize(text: string): void {
  if (isPromptTooLong(text)) throw new AppError("body_too_large", PROMPT_TOO_LONG);
}
