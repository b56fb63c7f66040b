/** Small shapes used everywhere on the wire. */
import * as z from "zod/mini";

/** Milliseconds since the epoch. */
export const timestamp = z.number();
export const sessionId = z.string().check(z.minLength(1), z.maxLength(128));
export const looseRecord = z.record(z.string(), z.unknown());

/**
 * Compiles a schema for hot paths. `z.compile` can't model every schema (async, some transforms); those are used as they are.
 * @returns a function that gives the parsed value, or null when the input does not fit
 */
export function parser<S extends z.ZodMiniType>(schema: S): (input: unknown) => z.output<S> | null {
  return (input) => {
    const result = schema.safeParse(input);
    return result.success ? result.data : null;
  };
}
