/** Words of Claude's that no table names: kept as they are, behind a fold, and counted. Bounded, so that a new word can't flood a history. */
import { createHash } from "node:crypto";
import { cutText } from "@hapi/core";
import type { Json } from "./json.ts";
import { str } from "./json.ts";

const MAX_RAW_CHARS = 8_000;

/** The same for the same line, also when it has no id. */
export function rawKey(line: Json): string {
  return `${str(line["uuid"]) ?? createHash("sha256").update(JSON.stringify(line)).digest("hex").slice(0, 32)}:raw`;
}

export function rawOf(line: Json): unknown {
  const text = JSON.stringify(line);
  return text.length <= MAX_RAW_CHARS ? line : { type: line["type"], cut: `${cutText(text, MAX_RAW_CHARS)}…`, characters: text.length };
}
