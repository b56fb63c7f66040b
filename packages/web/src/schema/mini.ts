/**
 * The part of `zod/mini` that the wire schemas use, in 1 KB instead of 12: the browser build puts it in zod's place (`vite.config.ts`), so the
 * same schemas check what comes from the hub. It says only whether a value fits, not why. `mini.test.ts` holds it against zod itself; a
 * function the schemas begin to use and that is missing here stops the build. Each is marked as free of side effects for the bundler, so that a
 * schema nobody reads is left out of a file whose other schemas are read.
 */

const MISFIT = Symbol("misfit");
type Result = unknown;
type Check = (value: unknown) => Result;

export interface Schema {
  readonly run: Check;
  /** May be absent from an object. */
  readonly isOptional: boolean;
  /** Of objects: the schema of each key. */
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly rest?: Rest;
  /** Of literals and enums. */
  readonly values?: readonly unknown[];
  safeParse(input: unknown): { success: true; data: unknown } | { success: false };
  check(...checks: Check[]): Schema;
}

interface Extras {
  isOptional?: boolean;
  shape?: Readonly<Record<string, Schema>>;
  rest?: Rest;
  values?: readonly unknown[];
}

function schema(run: Check, { isOptional = false, ...rest }: Extras = {}): Schema {
  return {
    run,
    isOptional,
    ...rest,
    safeParse(input) {
      const data = run(input);
      return data === MISFIT ? { success: false } : { success: true, data };
    },
    check: (...checks) =>
      schema((value) => checks.reduce<Result>((now, check) => (now === MISFIT ? MISFIT : check(now)), run(value)), { isOptional, ...rest }),
  };
}

const only =
  (fits: (value: unknown) => boolean): Check =>
  (value) =>
    fits(value) ? value : MISFIT;
const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/* @__NO_SIDE_EFFECTS__ */
export const string = (): Schema => schema(only((value) => typeof value === "string"));
/* @__NO_SIDE_EFFECTS__ */
export const number = (): Schema => schema(only((value) => typeof value === "number" && Number.isFinite(value)));
/* @__NO_SIDE_EFFECTS__ */
export const boolean = (): Schema => schema(only((value) => typeof value === "boolean"));
/* @__NO_SIDE_EFFECTS__ */
export const unknown = (): Schema => schema((value) => value);
/* @__NO_SIDE_EFFECTS__ */
export const uuid = (): Schema =>
  schema(
    only((value) => typeof value === "string" && /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(value)),
  );

function oneOf(values: readonly unknown[]): Schema {
  return schema(
    only((value) => values.includes(value)),
    { values },
  );
}
/* @__NO_SIDE_EFFECTS__ */
export const literal = (value: unknown): Schema => oneOf(Array.isArray(value) ? value : [value]);
/* @__NO_SIDE_EFFECTS__ */
const enumOf = (values: readonly string[]): Schema => oneOf(values);
export { enumOf as enum };

/* @__NO_SIDE_EFFECTS__ */
export const optional = (inner: Schema): Schema =>
  schema((value) => (value === undefined ? undefined : inner.run(value)), { isOptional: true });
/* @__NO_SIDE_EFFECTS__ */
export const nullable = (inner: Schema): Schema =>
  schema((value) => (value === null ? null : inner.run(value)), { isOptional: inner.isOptional });

/* @__NO_SIDE_EFFECTS__ */
export function array(item: Schema): Schema {
  return schema((value) => {
    if (!Array.isArray(value)) return MISFIT;
    const read = value.map((entry) => item.run(entry));
    return read.includes(MISFIT) ? MISFIT : read;
  });
}

/* @__NO_SIDE_EFFECTS__ */
export function union(options: readonly Schema[]): Schema {
  const run: Check = (value) => {
    for (const option of options) {
      const read = option.run(value);
      if (read !== MISFIT) return read;
    }
    return MISFIT;
  };
  return schema(run, { isOptional: options.some((option) => option.isOptional) });
}

/* @__NO_SIDE_EFFECTS__ */
export function record(_keys: Schema, values: Schema): Schema {
  return schema((value) => {
    if (!isPlain(value)) return MISFIT;
    const read = Object.entries(value).map(([key, entry]) => [key, values.run(entry)] as const);
    return read.some(([, entry]) => entry === MISFIT) ? MISFIT : Object.fromEntries(read);
  });
}

type Rest = "keep" | "drop" | "refuse";

function objectOf(shape: Readonly<Record<string, Schema>>, rest: Rest): Schema {
  const keys = Object.keys(shape);
  return schema(
    (value) => {
      if (!isPlain(value)) return MISFIT;
      if (rest === "refuse" && Object.keys(value).some((key) => !Object.hasOwn(shape, key))) return MISFIT;
      const read: Record<string, unknown> = rest === "keep" ? { ...value } : {};
      for (const key of keys) {
        const expected = shape[key];
        if (!expected) continue;
        const isThere = key in value;
        if (!isThere && expected.isOptional) continue;
        const entry = isThere ? expected.run(value[key]) : MISFIT;
        if (entry === MISFIT) return MISFIT;
        read[key] = entry;
      }
      return read;
    },
    { shape, rest },
  );
}
/* @__NO_SIDE_EFFECTS__ */
export const object = (shape: Readonly<Record<string, Schema>>): Schema => objectOf(shape, "drop");
/* @__NO_SIDE_EFFECTS__ */
export const looseObject = (shape: Readonly<Record<string, Schema>>): Schema => objectOf(shape, "keep");
/** The same object with more fields, as strict or loose as it was. */
/* @__NO_SIDE_EFFECTS__ */
export const extend = (base: Schema, more: Readonly<Record<string, Schema>>): Schema =>
  objectOf({ ...base.shape, ...more }, base.rest ?? "drop");
/* @__NO_SIDE_EFFECTS__ */
export const strictObject = (shape: Readonly<Record<string, Schema>>): Schema => objectOf(shape, "refuse");

/* @__NO_SIDE_EFFECTS__ */
export function discriminatedUnion(key: string, options: readonly Schema[]): Schema {
  const byValue = new Map(options.flatMap((option) => (option.shape?.[key]?.values ?? []).map((value) => [value, option] as const)));
  return schema((value) => (isPlain(value) ? (byValue.get(value[key])?.run(value) ?? MISFIT) : MISFIT));
}

const sized = (value: unknown): number => (typeof value === "string" || Array.isArray(value) ? value.length : 0);
/* @__NO_SIDE_EFFECTS__ */
export const minLength = (least: number): Check => only((value) => sized(value) >= least);
/* @__NO_SIDE_EFFECTS__ */
export const maxLength = (most: number): Check => only((value) => sized(value) <= most);
/* @__NO_SIDE_EFFECTS__ */
export const trim = (): Check => (value) => (typeof value === "string" ? value.trim() : value);
