/** The stand-in against zod: the same random schemas, the same random values, the same answers. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import * as zod from "zod/mini";
import * as mini from "./mini.ts";

/** A schema as data, from which both libraries build theirs. */
type Plan =
  | { kind: "string" | "number" | "boolean" | "unknown" }
  | { kind: "literal"; value: string }
  | { kind: "enum"; values: string[] }
  | { kind: "optional" | "nullable" | "array" | "record"; inner: Plan }
  | { kind: "union"; options: Plan[] }
  | { kind: "object" | "looseObject" | "strictObject"; shape: Record<string, Plan> }
  | { kind: "limited"; least: number; most: number };

const keys = fc.constantFrom("a", "b", "c");
const words = fc.constantFrom("x", "y", "z", "", " pad ");

const plans = fc.letrec<{ plan: Plan }>((tie) => {
  const inner = tie("plan");
  return {
    plan: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.record({ kind: fc.constantFrom("string", "number", "boolean", "unknown") }),
      fc.record({ kind: fc.constant("literal"), value: words }),
      fc.record({ kind: fc.constant("enum"), values: fc.uniqueArray(words, { minLength: 1 }) }),
      fc.record({ kind: fc.constant("limited"), least: fc.nat(2), most: fc.integer({ min: 2, max: 4 }) }),
      fc.record({ kind: fc.constantFrom("optional", "nullable", "array", "record"), inner }),
      fc.record({ kind: fc.constant("union"), options: fc.array(inner, { minLength: 1, maxLength: 3 }) }),
      fc.record({ kind: fc.constantFrom("object", "looseObject", "strictObject"), shape: fc.dictionary(keys, inner, { maxKeys: 3 }) }),
    ) as fc.Arbitrary<Plan>,
  };
}).plan;

function build(library: typeof zod, plan: Plan): zod.ZodMiniType {
  switch (plan.kind) {
    case "string":
    case "number":
    case "boolean":
    case "unknown":
      return library[plan.kind]();
    case "literal":
      return library.literal(plan.value);
    case "enum":
      return library.enum(plan.values);
    case "limited":
      return library.string().check(library.trim(), library.minLength(plan.least), library.maxLength(plan.most));
    case "record":
      return library.record(library.string(), build(library, plan.inner));
    case "optional":
    case "nullable":
    case "array":
      return library[plan.kind](build(library, plan.inner));
    case "union":
      return library.union(plan.options.map((option) => build(library, option)));
    default:
      return library[plan.kind](Object.fromEntries(Object.entries(plan.shape).map(([key, value]) => [key, build(library, value)])));
  }
}

const values = fc.oneof(
  fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      words,
      fc.integer({ min: -2, max: 2 }),
      fc.constantFrom(null, undefined, true, Number.NaN, Number.POSITIVE_INFINITY),
      fc.array(tie("value"), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("a", "b", "c", "d"), tie("value"), { maxKeys: 4 }),
    ),
  })).value,
);

const asZod = mini as unknown as typeof zod;

test("fits and reads what zod fits and reads", () => {
  fc.assert(
    fc.property(plans, values, (plan, value) => {
      const theirs = build(zod, plan).safeParse(value);
      const ours = build(asZod, plan).safeParse(value);
      expect(ours.success).toBe(theirs.success);
      if (theirs.success) expect(ours.data).toEqual(theirs.data);
    }),
    { numRuns: 4_000 },
  );
});

test("events are told apart by their type", () => {
  const both = [zod, asZod].map((library) =>
    library.discriminatedUnion("type", [
      library.object({ type: library.literal("a"), n: library.number() }),
      library.looseObject({ type: library.literal("b") }),
    ]),
  );
  for (const value of [{ type: "a", n: 1, x: 2 }, { type: "a" }, { type: "b", x: 2 }, { type: "c" }, null, "a", []]) {
    const [theirs, ours] = both.map((schema) => schema.safeParse(value));
    expect(ours?.success).toBe(theirs?.success ?? false);
    if (theirs?.success) expect(ours?.data).toEqual(theirs.data);
  }
});

test.each(["5b0f6c1e-0001-4000-8000-000000000001", "5B0F6C1E-0001-4000-8000-000000000001", "5b0f6c1e-0001-9000-8000-000000000001", "x"])(
  "%s",
  (text) => {
    expect(mini.uuid().safeParse(text).success).toBe(zod.uuid().safeParse(text).success);
  },
);

test("an object with more fields stays as loose as it was", () => {
  const both = [zod, asZod].map((library) => library.extend(library.looseObject({ a: library.string() }), { b: library.number() }));
  for (const value of [{ a: "x", b: 1, c: 2 }, { a: "x" }, { b: 1 }, null]) {
    const [theirs, ours] = both.map((schema) => schema.safeParse(value));
    expect(ours?.success).toBe(theirs?.success ?? false);
    if (theirs?.success) expect(ours?.data).toEqual(theirs.data);
  }
});

/** Sources of these packages by their path below `packages/`. */
function sourcesOf(...packages: string[]): [path: string, text: string][] {
  const root = join(import.meta.dir, "../../..");
  return packages
    .flatMap((name) => readdirSync(join(root, name, "src"), { recursive: true, encoding: "utf8" }).map((file) => join(name, "src", file)))
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
    .map((file) => [file, readFileSync(join(root, file), "utf8")]);
}

/** Not in the browser's build: the hub's calls, and the connection of those who answer them. */
const isElsewhere = (path: string): boolean => /^(protocol\/src\/rpc|client\/src\/link)\//.test(path);

test("it has everything that the wire's schemas are made of", () => {
  const texts = sourcesOf("protocol", "client").flatMap(([path, text]) => (isElsewhere(path) ? [] : [text]));
  const used = texts
    .filter((text) => text.includes('from "zod/mini"'))
    .flatMap((text) => [
      ...[...text.matchAll(/\bz\.([a-z]\w*)\(/g)].map(([, name = ""]) => name),
      ...[...text.matchAll(/import \{([^}]*)\} from "zod\/mini"/g)].flatMap(([, names = ""]) =>
        names.split(",").map((name) => name.trim().split(" ")[0] ?? ""),
      ),
    ]);
  expect(used.length).toBeGreaterThan(100);
  expect([...new Set(used)].filter((name) => !(name in mini))).toEqual([]);
});

test("what is elsewhere stays there", () => {
  const inBuild = sourcesOf("protocol", "core", "client", "web").filter(([path]) => !isElsewhere(path));
  expect(inBuild.length).toBeGreaterThan(300);
  expect(
    inBuild.flatMap(([path, text]) => (/from "(@hapi\/protocol\/rpc|\.\/rpc\/[^"]*|@hapi\/client\/link)"/.test(text) ? [path] : [])),
  ).toEqual([]);
});
