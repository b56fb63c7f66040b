/** Takes secrets out of what is about to be logged. Pure; depth, width and string length are bounded. */

const secretName = /token$|^authorization$|secret|password|passphrase|cookie|api[_-]?key|private[_-]?key|^jwt$|credential/i;
const maxDepth = 6;
const maxEntries = 100;
const maxString = 8_192;
const hidden = "[redacted]";

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
    const isSecret = secretName.test(key) && item !== null && item !== undefined && typeof item !== "number" && typeof item !== "boolean";
    out[key] = isSecret ? hidden : redact(item, depth + 1);
  }
  return out;
}

/** `?token=…`, `Bearer …` and JWTs inside a longer text. */
export function redactText(text: string): string {
  // For a log, not for a screen: JSON writes half a character as an escape.
  const short = text.length > maxString ? `${text.slice(0, maxString)}…` : text;
  return short
    .replace(/((?:^|[?&#\s"'])(?:access_?)?token=)[^&\s"'#]+/gi, `$1${hidden}`)
    .replace(/\b(bearer|basic)\s+[A-Za-z0-9._~+/=:-]{8,}/gi, `$1 ${hidden}`)
    .replace(/\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, hidden);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const code = "code" in error ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) };
  return { name: error.name, message: redactText(error.message), ...code, stack: redactText(error.stack ?? ""), ...cause };
}
