/** Reading JSON of unknown shape. Absent and wrongly typed are the same thing: undefined. */

export type Json = Record<string, unknown>;

export function isJson(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function parseJson(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : null;
  } catch {
    return null;
  }
}

/** Tries on one broken line. */
const MAX_SALVAGE = 20;

/**
 * A line of a transcript. A Claude that was killed while it wrote leaves half a line behind, and the next one appends to it: the whole line
 * that follows in the same row is found again.
 */
export function parseTranscriptLine(text: string): Json | null {
  const whole = parseJson(text);
  if (whole) return whole;
  const starts = [...text.matchAll(/\{"(?:parentUuid|type)":/g)].slice(1, MAX_SALVAGE).map((match) => match.index);
  for (const start of starts) {
    const rest = parseJson(text.slice(start));
    if (rest) return rest;
  }
  return null;
}

export function str(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function num(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function obj(value: unknown): Json {
  return isJson(value) ? value : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function strings(value: unknown): string[] {
  return list(value).filter((item): item is string => typeof item === "string");
}
