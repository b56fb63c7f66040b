import { readFileSync } from "node:fs";
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { AgentEvent } from "@hapi/protocol";
import { type Json, parseJson, str } from "./json.ts";
import { emptyParserState } from "./parser-state.ts";
import { createTranscriptParser, type KnownPrompt, type Parsed, type ParserContext, type TranscriptFact } from "./transcript-parser.ts";

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
    case "notice":
      return `${event.level}${event.command ? ` of ${event.command}` : ""}: ${event.text.slice(0, 60)}`;
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
  expect(lines).toContain("user(terminal): /model sonnet");
  expect(lines.find((line) => line.startsWith("info of /model sonnet"))).toContain("Set model to");
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
  for (const name of ["tui", "remote", "remote-queue-todo-agent", "rewound", "commands-terminal-332", "markup-terminal", "commands-web"]) {
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

/** Every line from the prompt on, until the next prompt. */
function after(lines: string[], prompt: string): string[] {
  const at = lines.findIndex((line) => line.endsWith(`: ${prompt}`));
  const next = lines.findIndex((line, index) => index > at && line.startsWith("user("));
  return lines.slice(at, next < 0 ? undefined : next);
}

const textSent = (line: Json, content: string): string =>
  line["promptSource"] === "sdk" ? content : (/<command-name>(.*?)<\/command-name>/.exec(content)?.[1] ?? content);

/** The driver's own knowledge: each line of `promptSource` sdk, and each command that came over stdin, was a prompt of ours. */
function sentBy(lines: Json[]): ParserContext {
  const known: Record<string, KnownPrompt> = {};
  for (const line of lines) {
    const uuid = str(line["submitUuid"]) ?? (line["turnAttributionKey"] === line["uuid"] ? str(line["uuid"]) : undefined);
    const content = (line["message"] as Json | undefined)?.["content"] ?? line["content"];
    if (uuid !== undefined) known[uuid] = { localId: `l-${uuid.slice(0, 4)}`, text: textSent(line, String(content)) };
  }
  return { promptOf: (uuid) => known[uuid], history: false };
}

test("what Claude's own commands say is told, sent from the web", () => {
  const lines = recorded("commands-web");
  const told = story(parse(lines, sentBy(lines)));
  expect(after(told, "/context").at(-1)).toStartWith("info of /context: ## Context Usage");
  const context = parse(lines, sentBy(lines)).records.find(
    (record) => record.event.type === "notice" && record.event.command === "/context",
  );
  expect(context?.event).toMatchObject({ format: "markdown", level: "info" });
  expect(after(told, "/mcp").at(-1)).toStartWith("info of /mcp: No MCP servers are configured");
  // Refused: not even a line of the prompt's own, but its id.
  expect(after(told, "/permissions")).toEqual([
    expect.stringMatching(/^user\(remote l-/),
    "turn-started",
    "warning of /permissions: /permissions isn't available in this environment.",
  ]);
  expect(told.filter((line) => line.includes("of /usage: Estimated cost"))).toHaveLength(2);
  expect(told).toContain("info: The conversation was compacted");
  expect(told.join("\n")).not.toContain("<local-command");
});

test("a compaction that failed says why", () => {
  const lines = recorded("compact-failed-web");
  expect(story(parse(lines, sentBy(lines)))).toContain("warning of /compact: Error: No messages to compact");
});

test("what Claude's own commands say is told, typed in the terminal: without a turn, and without the terminal's colours", () => {
  const told = story(parse(recorded("commands-terminal")));
  const context = after(told, "/context");
  // Without a turn: what follows is a compaction.
  expect(context.slice(2)).toEqual(["info: The conversation was compacted"]);
  expect(context[1]).toStartWith("info of /context: Context usage");
  expect(context.join("")).not.toContain("\u001b");
  const newer = story(parse(recorded("commands-terminal-332")));
  expect(after(newer, "/rename My name")[1]).toBe("info of /rename My name: Session renamed to: My name");
  expect(after(newer, "/effort")).toEqual(["user(terminal): /effort", "info of /effort: Cancelled", "warning: Unknown command: /todos"]);
  expect(newer).toContain("info of /compact: Not enough messages to compact.");
});

test("a cleared conversation says so once, and its list of things to do is empty", () => {
  for (const name of ["cleared-web", "cleared-terminal"]) {
    const { records } = parse(recorded(name));
    const at = records.findIndex((record) => record.event.type === "notice" && record.event.text.includes("was cleared"));
    expect(records.filter((record) => record.key.endsWith(":cleared"))).toHaveLength(1);
    expect(records[at + 1]?.event).toMatchObject({ type: "plan", entries: [] });
    expect(story({ records, facts: [] })[0]).toMatch(/^user\((terminal|remote)\): \/clear$/);
  }
});

test("a command of the shell, run with !, stands with its output and Claude's answer in one turn", () => {
  const parsed = parse(recorded("commands-terminal"));
  expect(after(story(parsed), "!echo hi-there; echo err >&2")).toEqual([
    "user(terminal): !echo hi-there; echo err >&2",
    "turn-started",
    "call Bash echo hi-there; echo err >&2",
    "result completed: hi-there\nerr",
    expect.stringMatching(/^agent: Echo/),
    "ended completed",
  ]);
  const newer = parse(recorded("commands-terminal-332")).records.map((record) => record.event);
  const results = newer.flatMap((event) => (event.type === "tool-result" && event.content ? event.content : []));
  expect(results).toContainEqual({
    type: "terminal",
    command: "sleep 20slow 40 100",
    stdout: "",
    stderr: expect.stringContaining("invalid time interval"),
  });
});

test("what a person said is known by the line's fields, whatever it looks like", () => {
  const terminal = story(parse(recorded("markup-terminal")));
  for (const words of [
    "<task-notification>pasted</task-notification> words",
    "<bash-stdout>x</bash-stdout>",
    "<local-command-stdout>typed</local-command-stdout>",
    "[Request interrupted by user] typed",
    "<command-name>/x</command-name>",
    "<system-reminder>queued",
  ])
    expect(after(terminal, words).slice(0, 4)).toEqual([
      `user(terminal): ${words}`,
      "turn-started",
      expect.stringMatching(/^agent: Echo/),
      "ended completed",
    ]);
  // From the web, also where this session does not know the prompt any more.
  const lines = recorded("markup-web");
  const web = story(parse(lines));
  for (const line of lines.filter((one) => one["promptSource"] === "sdk"))
    expect(after(web, String((line["message"] as Json)["content"])).slice(1)).toEqual([
      "turn-started",
      expect.stringMatching(/^agent: Echo/),
    ]);
});

test("the same words without the mark are Claude's own", () => {
  const own = (content: unknown, more: Json = {}): string[] =>
    story(parse([{ type: "user", uuid: "u", entrypoint: "cli", message: { content }, ...more }]));
  expect(own("[Request interrupted by user]")).toEqual([]);
  expect(own("<system-reminder>x</system-reminder>")).toEqual([]);
  expect(own("<local-command-stdout>said</local-command-stdout>")).toEqual(["info: said"]);
  expect(own("a report", { promptSource: "system", origin: { kind: "task-notification" } })).toEqual(["turn-started"]);
  // With a picture, and as one of ours that Claude has not marked.
  expect(own([{ type: "image" }, { type: "text", text: "<bash-stdout>x" }], { promptSource: "typed" })[0]).toBe(
    "user(terminal): <bash-stdout>x",
  );
  const ours: ParserContext = { promptOf: () => ({ localId: "l", text: "<bash-input>x</bash-input>" }), history: false };
  expect(story(parse([{ type: "user", uuid: "u", message: { content: "<bash-input>x</bash-input>" } }], ours))[0]).toBe(
    "user(remote l): <bash-input>x</bash-input>",
  );
});

test("a model is a person's choice where Claude says that it was set; a list left as it was, and a failure, are none", () => {
  const command = (args: string, said: string): TranscriptFact[] =>
    parse([
      { type: "user", uuid: "c", isMeta: true, message: { content: "<local-command-caveat>Caveat: x</local-command-caveat>" } },
      {
        type: "user",
        uuid: "m",
        parentUuid: "c",
        entrypoint: "cli",
        message: {
          content: `<command-name>/model</command-name>\n<command-message>model</command-message>\n<command-args>${args}</command-args>`,
        },
      },
      {
        type: "user",
        uuid: "o",
        parentUuid: "m",
        entrypoint: "cli",
        message: { content: `<local-command-stdout>${said}</local-command-stdout>` },
      },
      // Overloaded, Claude may answer with another one.
      { type: "assistant", uuid: "a", message: { id: "1", model: "claude-other-1", content: [{ type: "text", text: "hello" }] } },
    ]).facts.filter((fact) => fact.type === "model");
  expect(command("sonnet", "Set model to `Sonnet 5.5` and saved as your default for new sessions")).toEqual([
    { type: "model", model: "sonnet" },
  ]);
  expect(command("default", "Set model to Opus (default)")).toEqual([{ type: "model", model: null }]);
  expect(command("", "Set model to `Other`")).toEqual([{ type: "model", model: "claude-other-1" }]);
  expect(command("", "Kept model as Opus")).toEqual([]);
  expect(command("nonsense", "Model 'nonsense' not found")).toEqual([]);
});

test("who is no person is told by name: another agent's words are no prompt of anybody's", () => {
  const line = (kind: string, more: Json = {}): string[] =>
    story(
      parse([
        { type: "user", uuid: "u", entrypoint: "cli", promptSource: "typed", origin: { kind }, message: { content: "hello" }, ...more },
      ]),
    );
  expect(line("peer")).toEqual(["info: A message from a peer: hello", "turn-started"]);
  expect(line("human")).toEqual(["user(terminal): hello", "turn-started"]);
  expect(line("remote")).toEqual(["user(terminal): hello", "turn-started"]);
  const queued = (more: Json): string[] =>
    story(
      parse([
        { type: "attachment", uuid: "a", attachment: { type: "queued_command", commandMode: "prompt", prompt: "<bash-stdout>x", ...more } },
      ]),
    );
  expect(queued({ origin: { kind: "human" } })).toEqual(["user(remote): <bash-stdout>x"]);
  expect(queued({})).toEqual(["user(remote): <bash-stdout>x"]);
  expect(queued({ isMeta: true })).toEqual([]);
  expect(queued({ origin: { kind: "channel" } })).toEqual(["info: A message from a channel: <bash-stdout>x"]);
});

test("what a tool gave back and no view shows is named at least; its words don't decide how it ended", () => {
  const result = (content: unknown, more: Json = {}, block: Json = {}): AgentEvent | undefined =>
    parse([{ type: "user", uuid: "u", message: { content: [{ type: "tool_result", tool_use_id: "t", content, ...block }] }, ...more }])
      .records[0]?.event;
  expect(
    result([{ type: "text", text: "see" }, { type: "document" }, { type: "image", source: { data: "x".repeat(5_000_000) } }]),
  ).toMatchObject({
    output: "see\n[document]\n[image]",
  });
  const words = "[Request interrupted by user] is what the file says";
  expect(result(words)).toMatchObject({ status: "completed" });
  expect(result(words, { permissionDecision: { decision: "accept" } }, { is_error: true })).toMatchObject({ status: "failed" });
  expect(result("The user doesn't want to proceed with this tool use.", {}, { is_error: true })).toMatchObject({ status: "denied" });
});

test("going back in the terminal leaves a mark, once; a repetition of ours is none", () => {
  const told = story(parse(recorded("markup-terminal")));
  const at = told.indexOf("user(terminal): three");
  expect(told[at - 1]).toBe("info: The conversation went back to before “two”");
  expect(told.filter((line) => line.includes("went back"))).toHaveLength(1);
  const rewound = recorded("rewound");
  const hidden: ParserContext = { promptOf: () => ({ localId: "l", text: "x", hidden: true }), history: false };
  expect(story(parse(rewound, hidden)).join("\n")).not.toContain("went back");
});

test("a word that no table names is kept as it is, counted, and does not flood", () => {
  const line = (n: number): Json => ({ type: "brand-new", n });
  const parser = createTranscriptParser(plain);
  const records = Array.from({ length: 50 }, (_, n) => parser.read(line(n)).records).flat();
  expect(records).toHaveLength(20);
  expect(records[0]).toMatchObject({ event: { type: "unknown", raw: { type: "brand-new", n: 0 } } });
  expect(parser.state.unknown).toEqual({ "line/brand-new": 50 });
  expect(createTranscriptParser(plain).read(line(0)).records).toEqual(records.slice(0, 1));
  const others = parse([
    { type: "system", subtype: "brand-new", uuid: "a", huge: "x".repeat(100_000) },
    { type: "attachment", uuid: "b", attachment: { type: "brand-new" } },
    { type: "assistant", uuid: "c", message: { model: "m", content: [{ type: "brand-new" }, { type: "text", text: "words" }] } },
    { type: "user", message: { content: "without an id" } },
  ]);
  expect(others.records.map((record) => record.event.type)).toEqual(["unknown", "unknown", "unknown", "agent-message", "unknown"]);
  expect(JSON.stringify(others.records[0]).length).toBeLessThan(10_000);
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
