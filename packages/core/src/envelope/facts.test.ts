/** What rows mean: for every event there is, for every kind of row that any program sends, and for JSON that nobody has seen. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { type AgentEvent, type Fact, factSchema, knownFacts, MAX_FACT_FILES, MAX_FACT_TEXT } from "@hapi/protocol";
import fc from "fast-check";
import { decodeContent } from "./decode.ts";
import { encodeEvent } from "./encode.ts";
import { agentEvent } from "./events.arbitrary.ts";
import { answeredFact, askedFact, FACTS_OF, factsOfEvents, factsOfRow } from "./facts.ts";
import { readRow } from "./read-row.ts";
import { ROW_KINDS } from "./row-kinds.case.ts";

const source = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
const well = (facts: readonly Fact[]): void => {
  for (const fact of facts) expect(factSchema.safeParse(fact).error).toBeUndefined();
  // Through the database and back they are the same.
  expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
  expect(knownFacts(facts)).toEqual([...facts]);
};

describe("facts of a row", () => {
  test("are those of its event, whichever it is, and the same when the row is read again", () => {
    fc.assert(
      fc.property(agentEvent, (event) => {
        const facts = factsOfRow(JSON.parse(JSON.stringify(encodeEvent(event))));
        expect(facts).toEqual(JSON.parse(JSON.stringify(factsOfEvents([event]))) as Fact[]);
        well(facts);
        expect(readRow(encodeEvent(event)).facts).toEqual(factsOfEvents([event]));
      }),
      { numRuns: 500 },
    );
  });

  test("belong to the sub-agent that the row belongs to", () => {
    fc.assert(
      fc.property(agentEvent, (event) => {
        expect(factsOfEvents([event]).every((fact) => fact.parent === event.parent)).toBe(true);
      }),
    );
  });

  test("of any JSON come without a throw, and what nobody understands says so", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const facts = factsOfRow(value);
        well(facts);
        if (decodeContent(value, { id: "r" }).some(({ type }) => type === "unknown")) expect(facts).toEqual([{ kind: "not-understood" }]);
      }),
      { numRuns: 500 },
    );
  });

  test("are bounded, whatever an agent writes", () => {
    const many = Array.from({ length: MAX_FACT_FILES + 9 }, (_, at) => ({ path: `/${at}` }));
    const long = "x".repeat(10_000);
    const call: AgentEvent = { type: "tool-call", id: "c", tool: "Edit", kind: "edit", title: long, input: null, locations: many };
    const [called] = factsOfEvents([call]);
    expect(called).toMatchObject({ moreFiles: 9 });
    const end: AgentEvent = {
      type: "turn-ended",
      id: "e",
      outcome: "failed",
      failure: { code: "unknown", message: long, retryable: true },
    };
    expect(JSON.stringify(factsOfEvents([call, end, { type: "notice", id: "n", level: "warning", text: long }])).length).toBeLessThan(
      4 * MAX_FACT_TEXT + MAX_FACT_FILES * 10,
    );
  });

  test("name the files that a call would change, in the shapes agents use, and none of a call that changes nothing", () => {
    const files = (kind: "edit" | "delete" | "move" | "read", input: unknown): unknown =>
      factsOfEvents([{ type: "tool-call", id: "c", tool: "t", kind, title: "t", input }]).map((fact) =>
        fact.kind === "tool-called" ? fact.files : [],
      )[0];
    expect(files("edit", { file_path: "/a", edits: [{ old_string: "1" }] })).toEqual(["/a"]);
    expect(files("edit", { edits: [{ path: "/a" }, { path: "/b" }] })).toEqual(["/a", "/b"]);
    expect(files("edit", { changes: { "/a": {}, "/b": {} } })).toEqual(["/a", "/b"]);
    expect(files("edit", "*** Begin Patch\n*** Update File: a.ts\n*** Move to: b.ts\n*** End Patch")).toEqual(["a.ts", "b.ts"]);
    expect(files("move", { source: "/a", destination: "/b" })).toEqual(["/a", "/b"]);
    expect(files("read", { file_path: "/a" })).toBeUndefined();
  });
});

describe("requests", () => {
  test("say what they want, also those of programs that don't", () => {
    expect(askedFact("r", { tool: "Bash", arguments: {}, title: "Run ls", createdAt: 5 })).toEqual({
      kind: "asked",
      request: "r",
      tool: "Bash",
      wants: "permission",
      title: "Run ls",
      since: 5,
    });
    expect(askedFact("r", { tool: "ExitPlanMode", arguments: {}, createdAt: null })).toMatchObject({ wants: "plan" });
    expect(askedFact("r", { tool: "x", arguments: {}, kind: "question" })).toMatchObject({ wants: "question" });
    well([
      askedFact("r", { tool: "x", arguments: {} }),
      answeredFact("r", { tool: "x", arguments: {}, status: "approved", decision: "allow" }),
    ]);
  });
});

/** Every kind that the sources of the decoders name. */
function kindsInSource(): string[] {
  const cases = (file: string, family: string): string[] =>
    [...source(file).matchAll(/case "([^"]+)":/g)].map(([, name]) => `${family} ${name}`);
  const hidden = /hiddenTypes = new Set\(\[([^\]]*)\]/.exec(source("decode-line.ts"))?.[1] ?? "";
  return [
    ...cases("decode.ts", "agent"),
    ...cases("decode-item.ts", "item"),
    ...cases("decode-event.ts", "event"),
    ...cases("decode-line.ts", "line"),
    ...[...hidden.matchAll(/"([^"]+)"/g)].map(([, name]) => `line ${name}`),
  ];
}

describe("every kind of row", () => {
  test("has been decided about", () => {
    const decided = new Set(ROW_KINDS.map(({ name }) => name));
    expect(kindsInSource().filter((name) => !decided.has(name))).toEqual([]);
    expect(kindsInSource().length).toBeGreaterThan(60);
  });

  test.each(ROW_KINDS.map((kind) => [kind.name, kind] as const))("%s", (_name, { content, means }) => {
    const facts = factsOfRow(content);
    expect(facts.map((fact) => fact.kind)).toEqual([...means]);
    well(facts);
  });

  test("gives an event with a reason where it means nothing", () => {
    const nothing = Object.values(FACTS_OF).filter((read) => typeof read !== "function");
    expect(nothing.every((read) => read.nothing.length > 10)).toBe(true);
    const types = new Set(fc.sample(agentEvent, { numRuns: 2_000, seed: 1 }).map(({ type }) => type));
    expect(Object.keys(FACTS_OF).toSorted()).toEqual([...types].toSorted());
  });

  test("of a recorded conversation is one of them, and those that mean something are found", () => {
    const folder = new URL("../../../testkit/src/recorded/claude/", import.meta.url);
    const lines = readdirSync(folder).flatMap((name) => readFileSync(new URL(name, folder), "utf8").trim().split("\n"));
    const heard = new Set<string>();
    for (const one of lines) {
      const facts = factsOfRow({ role: "agent", content: { type: "output", data: JSON.parse(one) as unknown } });
      well(facts);
      for (const { kind } of facts) heard.add(kind);
    }
    for (const kind of ["prompted", "tool-called", "tool-finished", "turn-ended", "usage"]) expect(heard).toContain(kind);
  });
});
