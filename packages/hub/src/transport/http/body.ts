/** Bodies and queries are parsed here and nowhere else; what does not fit is a 400 that says why. */
import { AppError, MAX_BODY_BYTES } from "@hapi/protocol";
import type { Context } from "hono";

interface Schema<T> {
  safeParse(input: unknown): { success: true; data: T } | { success: false; error: { issues: unknown } };
}

interface BodyOptions {
  /** No body at all reads as `{}`. */
  optional?: boolean;
  /** Less than the limit of all bodies, for who has not logged in yet. */
  maxBytes?: number;
}

export async function readBody<T>(c: Context, schema: Schema<T>, options: BodyOptions = {}): Promise<T> {
  const text = await readText(c, options.maxBytes ?? MAX_BODY_BYTES);
  const result = schema.safeParse(text === "" && options.optional ? {} : parseText(text));
  if (!result.success) throw new AppError("invalid_body", undefined, { details: { issues: result.error.issues } });
  return result.data;
}

/** Without a length the body is counted while it comes. */
async function readText(c: Context, maxBytes: number): Promise<string> {
  if (Number(c.req.header("content-length") ?? 0) > maxBytes) throw new AppError("body_too_large");
  if (c.req.header("content-length") !== undefined || c.req.raw.body === null) return c.req.text();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new AppError("body_too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AppError(text === "" ? "invalid_body" : "invalid_json", undefined, { cause });
  }
}
