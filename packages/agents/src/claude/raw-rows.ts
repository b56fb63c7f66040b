/** Words of Claude's that no table names: kept as they are, behind a fold, and counted. Bounded, so that a new word can't flood a history. */
import { createHash } from "node:crypto";
import { cutText } from "@hapi/core";
import type { Json } from "./json.ts";
import { str } from "./json.ts";

/** Rows of one word; of more, only the number is kept. */
export const MAX_RAW_ROWS = 20;
const MAX_RAW_CHARS = 8_000;
const MAX_WORDS = 200;

/** How often each was met, by `place/name`. JSON: it is part of what a parser remembers. */
export type UnknownWords = Record<string, number>;

/** Counts one more; true while it is to be shown. */
export function countUnknown(words: UnknownWords, place: string, name: unknown): boolean {
  const key = `${place}/${typeof name === "string" ? cutText(name, 80) : "?"}`;
  const before = Object.hasOwn(words, key) ? (words[key] ?? 0) : 0;
  if (before === 0 && Object.keys(words).length >= MAX_WORDS) return false;
  words[key] = before + 1;
  return before < MAX_RAW_ROWS;
}

/** The same for the same line, also when it has no id. */
export function rawKey(line: Json): string {
  return `${str(line["uuid"]) ?? createHash("sha256").update(JSON.stringify(line)).digest("hex").slice(0, 32)}:raw`;
}

export function rawOf(line: Json): unknown {
  const text = JSON.stringify(line);
  return text.length <= MAX_RAW_CHARS ? line : { type: line["type"], cut: `${cutText(text, MAX_RAW_CHARS)}…`, characters: text.length };
}
