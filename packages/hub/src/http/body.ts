/** Bodies and queries are parsed here and nowhere else; what does not fit is a 400 that says why. */
import { type Clock, LATE, within } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";

/** No program of ours nests deeper than a dozen; what reads it later may do so by calling itself. */
const MAX_DEPTH = 200;
/** For the first bytes of a body, and then no slower than a bad mobile connection. */
const bodyGraceMs = 20_000;
const minBytesPerMs = 8;
const unknownBodyMs = 120_000;

interface Schema<T> {
  safeParse(input: unknown): { success: true; data: T } | { success: false; error: { issues: unknown } };
}

interface BodyOptions {
  /** No body at all reads as `{}`. */
  optional?: boolean;
}

/**
 * Stands behind the login, where there is one, and reads the body for the route. Whoever sends one by drops keeps a connection and what came so far:
 * not for ever, also where no length is said and the limit itself has to read.
 */
export function limitBody(maxSize: number, clock: Clock): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize,
    onError() {
      throw new AppError("body_too_large");
    },
  });
  return async (c, next) => {
    if (c.req.raw.body !== null) {
      const bytes = Number(c.req.header("content-length") ?? Number.NaN);
      const deadlineMs = Number.isFinite(bytes) ? bodyGraceMs + bytes / minBytesPerMs : unknownBodyMs;
      const read = limit(c, async () => void (await c.req.text()));
      if ((await within(clock, deadlineMs, read)) === LATE) throw new AppError("body_too_slow");
    }
    await next();
  };
}

export async function readBody<T>(c: Context, schema: Schema<T>, options: BodyOptions = {}): Promise<T> {
  const text = await c.req.text();
  const result = schema.safeParse(text === "" && options.optional ? {} : parseText(text));
  if (!result.success) throw new AppError("invalid_body", undefined, { details: { issues: result.error.issues } });
  return result.data;
}

function parseText(text: string): unknown {
  if (isTooDeep(text)) throw new AppError("body_too_deep", `The body is nested deeper than ${MAX_DEPTH} levels`);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AppError(text === "" ? "invalid_body" : "invalid_json", undefined, { cause });
  }
}

const QUOTE = 34;
const OPENS = new Set([91, 123]);
const CLOSES = new Set([93, 125]);

/** Looked at before it is parsed, string by string: most of a large body is one. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (OPENS.has(code) && ++depth > MAX_DEPTH) return true;
    else if (CLOSES.has(code)) depth -= 1;
  }
  return false;
}

/** The place of the quote that ends it: one before which no odd number of backslashes stands. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text[before] === "\\") before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}
