/** Bodies and queries are parsed here and nowhere else; what does not fit is a 400 that says why. */
import { AppError } from "@hapi/protocol";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";

interface Schema<T> {
  safeParse(input: unknown): { success: true; data: T } | { success: false; error: { issues: unknown } };
}

interface BodyOptions {
  /** No body at all reads as `{}`. */
  optional?: boolean;
}

/** Stands behind the login, where there is one: a body without a length is read before its route is asked. */
export const limitBody = (maxSize: number): MiddlewareHandler =>
  bodyLimit({
    maxSize,
    onError() {
      throw new AppError("body_too_large");
    },
  });

export async function readBody<T>(c: Context, schema: Schema<T>, options: BodyOptions = {}): Promise<T> {
  const text = await c.req.text();
  const result = schema.safeParse(text === "" && options.optional ? {} : parseText(text));
  if (!result.success) throw new AppError("invalid_body", undefined, { details: { issues: result.error.issues } });
  return result.data;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AppError(text === "" ? "invalid_body" : "invalid_json", undefined, { cause });
  }
}
