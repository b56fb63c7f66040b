import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NOTICES } from "@hapi/protocol";
import { decodeContent } from "./decode.ts";
import { encodeEvent, promptContent } from "./encode.ts";
import { agentEvent } from "./events.arbitrary.ts";

const row = { id: "row-1" };
const line = (data: unknown) => decodeContent({ role: "agent", content: { type: "output", data } }, row);
const item = (data: unknown) => decodeContent({ role: "agent", content: { type: "codex", data } }, row);
const happening = (data: unknown) => decodeContent({ role: "agent", content: { type: "event", id: "e1", data } }, row);

describe("our own events", () => {
  test("come back as they were, also through JSON", () => {
    fc.assert(
      fc.property(agentEvent, (event) => {
        const wire = encodeEvent(event);
        expect(decodeContent(wire, row)).toEqual([event]);
        expect(decodeContent(JSON.parse(JSON.stringify(wire)), row)).toEqual([JSON.parse(JSON.stringify(event))]);
      }),
      { numRuns: 500 },
    );
  });

  test("are found inside the wrappers other clients use, and as JSON text", () => {
    const event = { type: "agent-message", id: "a", text: "hi" } as const;
    const wire = encodeEvent(event);
    for (const wrapped of [{ message: wire }, { data: { message: wire } }, { payload: { message: wire } }, JSON.stringify(wire)]) {
      expect(decodeContent(wrapped, row)).toEqual([event]);
    }
  });

  test("a record of a remote prompt is marked as an echo for clients that would show it twice", () => {
    const wire = encodeEvent({ type: "user-message", id: "u", text: "t", localId: "l", origin: "remote" });
    expect(wire.meta).toEqual({ sentFrom: "cli", id: "u", origin: "remote", localId: "l", isTranscriptEcho: true });
  });
});

describe("any JSON", () => {
  test("is decoded without a throw, and never into nothing at the top level", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(Array.isArray(decodeContent(value, row))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  const types = [
    "assistant",
    "user",
    "system",
    "result",
    "summary",
    "message",
    "tool-call",
    "tool-call-result",
    "token_count",
    "plan",
    "x",
  ];
  test("inside each family too", () => {
    const payload = fc.record({ type: fc.constantFrom("output", "codex", "event", "text", "unknown"), data: fc.jsonValue() });
    const data = fc.tuple(fc.constantFrom(...types), fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue()));
    fc.assert(
      fc.property(payload, data, fc.jsonValue(), (content, [type, fields], message) => {
        decodeContent({ role: "agent", content }, row);
        decodeContent(
          { role: "agent", content: { ...content, data: { ...fields, type, message, content: message, input: message } } },
          row,
        );
        decodeContent(
          { role: "agent", content: { ...content, data: { type, message: { content: [message, { type: "tool_result" }] } } } },
          row,
        );
      }),
      { numRuns: 500 },
    );
  });

  test("that means nothing to us is kept as unknown", () => {
    expect(decodeContent({ foo: 1 }, row)).toEqual([{ type: "unknown", id: "row-1", raw: { foo: 1 } }]);
    expect(item({ type: "novelty" })[0]?.type).toBe("unknown");
    expect(happening({ type: "novelty" })[0]?.type).toBe("unknown");
  });
});

describe("prompts", () => {
  test("from the web carry no id of their own: the row's counts", () => {
    const attachments = [{ id: "a", filename: "f.png", mimeType: "image/png", size: 3, path: "/tmp/f.png" }];
    const content = promptContent({ text: "hi", attachments });
    expect(content.meta).toEqual({ sentFrom: "webapp", deliveryMode: "queue" });
    expect(decodeContent(content, { id: "m1", localId: "l1" })).toEqual([
      { type: "user-message", id: "m1", text: "hi", attachments, localId: "l1", origin: "remote" },
    ]);
  });
});

describe("lines of an agent's transcript", () => {
  test("text, thinking, tools and the usage of the answer", () => {
    const events = line({
      type: "assistant",
      uuid: "u1",
      message: {
        model: "m",
        stop_reason: "tool_use",
        usage: { input_tokens: 5, output_tokens: 2, cache_read_input_tokens: 3, cache_creation_input_tokens: 0 },
        content: [
          { type: "thinking", thinking: "hmm" },
          { type: "text", text: "ok" },
          { type: "tool_use", id: "t1", name: "Bash", input: { command: "ls -la" } },
        ],
      },
    });
    expect(events).toEqual([
      { type: "thought", id: "u1", text: "hmm" },
      { type: "agent-message", id: "u1#1", text: "ok" },
      { type: "tool-call", id: "t1", tool: "Bash", kind: "execute", title: "ls -la", input: { command: "ls -la" } },
      {
        type: "usage",
        id: "u1#usage",
        usage: { inputTokens: 5, outputTokens: 2, cacheReadTokens: 3, cacheCreationTokens: 0, model: "m", contextTokens: 10 },
      },
    ]);
  });

  test("results, refusals and images", () => {
    const result = (block: object) =>
      line({ type: "user", uuid: "u", message: { content: [{ type: "tool_result", tool_use_id: "t", ...block }] } });
    expect(result({ content: "made" })).toEqual([{ type: "tool-result", id: "u", callId: "t", status: "completed", output: "made" }]);
    expect(result({ content: "The user doesn't want to proceed", is_error: true })[0]).toMatchObject({ status: "denied" });
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } };
    expect(result({ content: [{ type: "text", text: "see" }, image] })[0]).toMatchObject({
      output: "see",
      content: [
        { type: "text", text: "see" },
        { type: "image", mimeType: "image/png", data: "AA==" },
      ],
    });
  });

  test("what belongs to a sub-agent names its parent; its prompt is not a user's message", () => {
    const sub = { parent_tool_use_id: "task", uuid: "s", isSidechain: true };
    expect(line({ ...sub, type: "assistant", message: { content: [{ type: "text", text: "hi" }] } })).toEqual([
      { type: "agent-message", id: "s", parent: "task", text: "hi" },
    ]);
    expect(line({ ...sub, type: "user", message: { content: "do it" } })).toEqual([]);
  });

  test("what is marked as a person's is theirs, whatever it looks like", () => {
    const said = (message: string, more: object = {}) =>
      decodeContent(
        { role: "agent", content: { type: "output", data: { type: "user", uuid: "u", message: { content: message }, ...more } } },
        row,
      );
    for (const words of [
      "<task-notification>x",
      "<command-name>/x</command-name>",
      "[Request interrupted by user] said I",
      "<system-reminder>x",
    ])
      for (const promptSource of ["typed", "sdk", "queued"])
        expect(said(words, { promptSource })).toMatchObject([{ type: "user-message", text: words }]);
    expect(said("<system-reminder>x")).toEqual([]);
    expect(said("[Request interrupted by user]")).toMatchObject([{ type: "notice", code: "interrupted", text: NOTICES.interrupted }]);
  });

  test("system lines, results and summaries", () => {
    expect(line({ type: "system", subtype: "turn_duration", durationMs: 571, uuid: "d" })).toEqual([
      { type: "turn-ended", id: "d", outcome: "completed", durationMs: 571 },
    ]);
    expect(
      line({
        type: "system",
        subtype: "api_retry",
        attempt: 2,
        max_retries: 10,
        retry_delay_ms: 5,
        error_status: 529,
        error: "x",
        uuid: "r",
      }),
    ).toEqual([
      {
        type: "retrying",
        id: "r",
        attempt: 2,
        maxAttempts: 10,
        delayMs: 5,
        failure: { code: "overloaded", message: "x", retryable: true, httpStatus: 529 },
      },
    ]);
    expect(line({ type: "summary", summary: "Fix it", leafUuid: "lu" })).toEqual([{ type: "title-changed", id: "lu", title: "Fix it" }]);
    expect(line({ type: "result", subtype: "success", duration_ms: 9, uuid: "x" })).toEqual([
      { type: "turn-ended", id: "x", outcome: "completed", durationMs: 9 },
    ]);
  });

  test("meta lines, reminders and bookkeeping are not shown", () => {
    const hidden = [
      { type: "user", isMeta: true, message: { content: "x" } },
      { type: "user", isCompactSummary: true, message: { content: "x" } },
      { type: "user", message: { content: "<system-reminder>x</system-reminder>" } },
      { type: "rate_limit_event" },
      { type: "tool_progress" },
      { type: "system", subtype: "init" },
    ];
    for (const data of hidden) expect(line(data)).toEqual([]);
    expect(line({ type: "user", message: { content: "<task-notification><summary>Done</summary></task-notification>" } })).toEqual([
      { type: "notice", id: "row-1", text: "Done", level: "info" },
    ]);
  });
});

describe("items and events of other clients", () => {
  test("tool calls by name, with output in any shape", () => {
    expect(item({ type: "tool-call", callId: "c", name: "CodexBash", nativeKind: "execute", input: { command: ["ls", "-l"] } })[0]).toEqual(
      {
        type: "tool-call",
        id: "c",
        tool: "CodexBash",
        kind: "execute",
        title: "ls -l",
        input: { command: ["ls", "-l"] },
      },
    );
    expect(item({ type: "tool-call-result", callId: "c", output: { stdout: "a", stderr: "b", exit_code: 1 }, is_error: true })).toEqual([
      {
        type: "tool-result",
        id: "row-1",
        callId: "c",
        status: "failed",
        output: "a\nb",
        content: [{ type: "terminal", stdout: "a", stderr: "b", exitCode: 1 }],
      },
    ]);
  });

  test("usage with cache inside the input", () => {
    const info = { total: { inputTokens: 100, cachedInputTokens: 40, outputTokens: 5 }, contextTokens: 105, modelContextWindow: 1000 };
    expect(item({ type: "token_count", info, model: "m" })).toEqual([
      {
        type: "usage",
        id: "row-1",
        usage: {
          inputTokens: 60,
          outputTokens: 5,
          cacheReadTokens: 40,
          cacheCreationTokens: 0,
          contextTokens: 105,
          contextWindow: 1000,
          model: "m",
        },
      },
    ]);
  });

  test("plans without ids get stable ones", () => {
    const read = () =>
      item({
        type: "plan_update",
        plan: [
          { step: "one", status: "inProgress" },
          { step: "one", status: "pending" },
        ],
      })[0];
    const plan = read();
    expect(plan).toEqual(read()!);
    expect(plan).toMatchObject({ entries: [{ content: "one", status: "in_progress", priority: "medium" }, { status: "pending" }] });
  });

  test("events", () => {
    expect(happening({ type: "switch", mode: "remote" })).toEqual([{ type: "switch", id: "e1", mode: "remote" }]);
    expect(happening({ type: "ready" })).toEqual([{ type: "turn-ended", id: "e1", outcome: "completed" }]);
    expect(happening({ type: "message", message: "hello" })).toEqual([{ type: "notice", id: "e1", text: "hello", level: "info" }]);
    for (const [type, code] of [
      ["limit-reached", "usage_limit"],
      ["limit-warning", "usage_limit_near"],
      ["error", "went_wrong"],
    ] as const)
      expect(happening({ type })).toEqual([{ type: "notice", id: "e1", level: "warning", code, text: NOTICES[code] }]);
    expect(happening({ type: "limit-reached", message: "5 h" })).toEqual([{ type: "notice", id: "e1", level: "warning", text: "5 h" }]);
    expect(happening({ type: "abort-restore", text: "x" })).toEqual([]);
    const compacted = { type: "notice", id: "e1", level: "info", code: "conversation_compacted", text: NOTICES.conversation_compacted };
    expect(happening({ type: "compact-started" })).toEqual([compacted] as never);
    expect(happening({ type: "recap", text: "so far" })[0]).toMatchObject({ type: "notice", text: "so far" });
  });
});
