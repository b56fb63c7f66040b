/** Tolerant readers for JSON that others wrote: a value of the wanted type or nothing. None of them throws. */

export type JsonRecord = Record<string, unknown>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function record(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A string with something in it. */
export function name(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The first of the keys that holds a non-empty string. */
export function firstName(source: JsonRecord, ...keys: string[]): string | undefined {
  for (const key of keys) {
    const found = name(source[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function firstNumber(source: JsonRecord, ...keys: string[]): number | undefined {
  for (const key of keys) {
    const found = number(source[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Without the keys whose value is undefined, so that what is written equals what is read back. */
export function compact<T extends object>(value: T): T {
  const kept: JsonRecord = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) kept[key] = item;
  return kept as T;
}

/** Text for people from any JSON value. */
export function display(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  try {
    return JSON.stringify(value, null, 2);
  } catch {
    // Too deep or not JSON after all: a name is better than failing a whole row.
    return Object.prototype.toString.call(value);
  }
}

export function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    // Not JSON is an expected outcome here: the caller shows the text as it is.
    return undefined;
  }
}
