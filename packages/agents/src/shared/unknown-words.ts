/** Words of an agent's that no table names: counted by `place/word`. Bounded, so that a new word can't flood a history. */
import { cutText } from "@hapi/core";

/** Rows of one word; of more, only the number is kept. */
export const MAX_RAW_ROWS = 20;
const MAX_WORDS = 200;
const MAX_RAW_CHARS = 8_000;

/** How often each was met, by `place/name`. JSON: it is part of what a driver remembers. */
export type UnknownWords = Record<string, number>;

/** Counts one more; true while it is to be shown. */
export function countUnknown(words: UnknownWords, place: string, name: unknown): boolean {
  const key = `${place}/${typeof name === "string" ? cutText(name, 80) : "?"}`;
  const before = Object.hasOwn(words, key) ? (words[key] ?? 0) : 0;
  if (before === 0 && Object.keys(words).length >= MAX_WORDS) return false;
  words[key] = before + 1;
  return before < MAX_RAW_ROWS;
}

/** What is kept of one that is long. */
export function boundedRaw(raw: unknown): unknown {
  const words = JSON.stringify(raw) ?? "null";
  return words.length <= MAX_RAW_CHARS ? raw : { cut: `${cutText(words, MAX_RAW_CHARS)}…`, characters: words.length };
}
