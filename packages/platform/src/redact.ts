/** Takes secrets out of what is about to be logged. Pure; depth, width and string length are bounded. */
import { HIDDEN, isSecretName, withoutSecretsIn } from "./secret-detectors.ts";

const maxDepth = 6;
const maxEntries = 100;
const maxString = 8_192;

export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxDepth) return "[deep]";
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, maxEntries).map((item) => redact(item, depth + 1));
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value).slice(0, maxEntries)) {
    const isSecret = isSecretName(key) && item !== null && item !== undefined && typeof item !== "number" && typeof item !== "boolean";
    out[key] = isSecret ? HIDDEN : redact(item, depth + 1);
  }
  return out;
}

/** What looks like a secret inside a longer text. */
export function redactText(text: string): string {
  // For a log, not for a screen: JSON writes half a character as an escape.
  return withoutSecretsIn(text.length > maxString ? `${text.slice(0, maxString)}…` : text);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const code = "code" in error ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) };
  return { name: error.name, message: redactText(error.message), ...code, stack: redactText(error.stack ?? ""), ...cause };
}
