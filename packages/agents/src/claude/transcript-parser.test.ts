import { readFileSync } from "node:fs";
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { AgentEvent } from "@hapi/protocol";
import { type Json, parseJson, str } from "./json.ts";
import { emptyParserState } from "./parser-state.ts";
import { createTranscriptParser, type KnownPrompt, type Parsed, type ParserContext } from "./transcript-parser.ts";

const recorded = (name: string): Json[] =>
  readFileSync(new URL(`../../../testkit/src/recorded/claude/${name}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => parseJson(line) ?? {});

const plain: ParserContext = { promptOf: () => undefined, history: false };

function parse(lines: Json[], context: ParserContext = plain): Parsed {
  const parser = createTranscriptParser(context);
  const parts = lines.map((line) => parser.read(line));
  return { records: parts.flatMap((part) => part.records), facts: parts.flatMap((part) => part.facts) };
}

function brief(event: AgentEvent): string {
  switch (event.type) {
    case "user-message":
      return `user(${event.origin}${event.localId ? ` ${event.localId}` : ""}): ${event.text}`;
    case "agent-message":
      return `agent: ${event.text}`;
    case "thought":
      return `thought: ${event.text}`;
    case "tool-call":
      return `call ${event.tool} ${event.title}`;
    case "tool-result":
      return `result ${event.status}: ${event.output.slice(0, 30)}`;
    case "turn-ended":
      return `ended ${event.outcome}${event.failure ? ` ${event.failure.code}` : ""}`;
    case "plan":
      return `plan ${event.entries.map((entry) => `${entry.id}=${entry.content}:${entry.status}`).join(" ")}`;
    case "retrying":
      return `retrying ${event.attempt}/${event.maxAttempts} ${event.failure.code}`;
    default:
      return event.type;
  }
}

const story = (parsed: Parsed): string[] => parsed.records.map((record) => brief(record.event)).filter((line) => line !== "usage");

test("a session in the terminal: prompts, answers, denials and interruptions in order, each turn ended once", () => {
  const parsed = parse(recorded("tui"));
  const lines = story(parsed);
  expect(lines.slice(0, 6)).toEqual([
    "user(terminal): run: touch t2",
    "turn-started",
    "call Bash touch t2",
    "result completed: (Bash completed with no output",
    "agent: Done. The last tool said: (Bash completed with no output)",
    "ended completed",
  ]);
  expect(lines).toContain("result denied: remote said no");
  expect(lines.filter((line) => line === "ended interrupted")).toHaveLength(2);
  expect(lines).toContain("ended failed overloaded");
  expect(lines.filter((line) => line === "turn-started")).toHaveLength(lines.filter((line) => line.startsWith("ended")).length);
  expect(lines.join("\n")).not.toContain("local-command");
  expect(lines.join("\n")).not.toContain("/model");
  expect(parsed.facts.filter((fact) => fact.type === "model")).toEqual([{ type: "model", model: expect.stringContaining("sonnet") }]);
});

test("a driven session: thoughts, live ids, refusals and retries; its turns end on stdout, not here", () => {
  const parsed = parse(recorded("remote"));
  const lines = story(parsed);
  expect(lines).toContain("thought: abc");
  expect(lines).toContain("result denied: no!");
  expect(lines).toContain("retrying 1/10 overloaded");
  expect(lines.some((line) => line.startsWith("ended"))).toBe(false);
  const thought = parsed.records.find((record) => record.event.type === "thought");
  expect(thought?.event.id).toMatch(/^msg_[0-9a-f]+:0$/);
  const text = parsed.records.find((record) => record.event.type === "agent-message" && record.event.text === "hello");
  expect(text?.event.id).toMatch(/^msg_[0-9a-f]+:1$/);
});

test("prompts sent while Claude works: folded into the turn, or taken together, each with its own words", () => {
  const lines = recorded("remote-queue-todo-agent");
  const folded =
    str(
      (lines.find((line) => line["type"] === "attachment" && JSON.stringify(line).includes("queued_command"))?.["attachment"] as Json)[
        "source_uuid"
      ],
    ) ?? "";
  const merged = lines.find((line) => Array.isArray(line["mergedSendUuids"])) as Json;
  const first = (merged["mergedSendUuids"] as string[])[0] as string;
  const known: Record<string, KnownPrompt> = {
    [folded]: { localId: "f", text: "folded" },
    [first]: { localId: "one", text: "queuedone" },
    [merged["uuid"] as string]: { localId: "two", text: "queuedtwo" },
  };
  const parsed = parse(lines, { promptOf: (uuid) => known[uuid], history: false });
  const all = story(parsed);
  expect(all).toContain("user(remote f): folded");
  expect(all).toContain("user(remote one): queuedone");
  expect(all).toContain("user(remote two): queuedtwo");
  expect(parsed.facts.filter((fact) => fact.type === "prompts").flatMap((fact) => fact.uuids)).toEqual(
    expect.arrayContaining([folded, first, merged["uuid"] as string]),
  );
});

test("tasks made one by one become one list with stable ids", () => {
  const plans = parse(recorded("remote-queue-todo-agent")).records.filter((record) => record.event.type === "plan");
  expect(brief(plans.at(-1)?.event as AgentEvent)).toBe("plan task-1=one:pending task-2=two:pending task-3=three:pending");
});

test("a sub-agent's lines carry the call they belong to, and no turns", () => {
  const parsed = parse(recorded("subagent"), { promptOf: () => undefined, history: false, parent: "toolu_parent" });
  expect(story(parsed)).toEqual(["call Bash echo sub", "result completed: sub", "agent: Done. The last tool said: sub"]);
  expect(parsed.records.every((record) => record.event.parent === "toolu_parent")).toBe(true);
  expect(parse(recorded("subagent")).records).toEqual([]);
});

test("keys are unique, and the same when reading goes on from any line after a restart", () => {
  for (const name of ["tui", "remote", "remote-queue-todo-agent", "rewound"]) {
    const lines = recorded(name);
    const whole = parse(lines).records;
    expect(new Set(whole.map((record) => record.key)).size).toBe(whole.length);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: lines.length }), (cut) => {
        const before = createTranscriptParser(plain);
        const head = lines.slice(0, cut).flatMap((line) => before.read(line).records);
        const after = createTranscriptParser(plain, structuredClone(before.state));
        const tail = lines.slice(cut).flatMap((line) => after.read(line).records);
        expect([...head, ...tail]).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  }
});

test("history from before this session is told without turns", () => {
  const lines = story(parse(recorded("tui"), { promptOf: () => undefined, history: true }));
  expect(lines.some((line) => line.startsWith("ended") || line === "turn-started")).toBe(false);
  expect(lines).toContain("user(terminal): run: touch t2");
});

test("anything that parses as JSON gives no exception", () => {
  const types = fc.constantFrom("user", "assistant", "system", "attachment", "permission-mode", "ai-title", "zzz");
  const line = fc.record(
    {
      type: types,
      uuid: fc.string(),
      message: fc.anything(),
      attachment: fc.anything(),
      subtype: fc.string(),
      toolUseResult: fc.anything(),
    },
    { requiredKeys: ["type"] },
  );
  fc.assert(fc.property(fc.array(line, { maxLength: 20 }), (lines) => void parse(lines as Json[])));
  expect(emptyParserState().turn).toBeNull();
});
