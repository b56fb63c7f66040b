/** Generators of canonical events, for property tests of this package. */
import type { AgentEvent, AgentFailure, Attachment, TodoItem, TokenUsage, ToolContent } from "@hapi/protocol";
import { TOOL_KINDS } from "@hapi/protocol";
import fc from "fast-check";

const id = fc.string({ minLength: 1, maxLength: 12 });
const words = fc.string({ maxLength: 30 });
const count = fc.nat(1_000_000);
const json = fc.jsonValue({ maxDepth: 3 });
const optional = { requiredKeys: [] as never[] };

const item = (shape: Record<string, fc.Arbitrary<unknown>>, maybe: Record<string, fc.Arbitrary<unknown>> = {}): fc.Arbitrary<AgentEvent> =>
  fc
    .tuple(fc.record({ id, ...shape }), fc.record({ parent: id, ...maybe }, optional))
    .map(([must, may]) => ({ ...must, ...may }) as unknown as AgentEvent);

const attachment: fc.Arbitrary<Attachment> = fc.record({ id, filename: words, mimeType: words, size: count, path: words });
const failure = fc
  .tuple(
    fc.record({
      code: fc.constantFrom("overloaded", "rate_limit", "usage_limit", "network", "unknown"),
      message: words,
      retryable: fc.boolean(),
    }),
    fc.record({ retryAfterMs: count, httpStatus: count }, optional),
  )
  .map(([must, may]) => ({ ...must, ...may }) as AgentFailure);
const usage = fc
  .tuple(
    fc.record({ inputTokens: count, outputTokens: count, cacheReadTokens: count, cacheCreationTokens: count }),
    fc.record({ contextTokens: count, contextWindow: count, costUsd: fc.double({ min: 0, max: 10, noNaN: true }), model: words }, optional),
  )
  .map(([must, may]) => ({ ...must, ...may }) as TokenUsage);
const toolContent: fc.Arbitrary<ToolContent> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text: words }),
  fc.record(
    {
      type: fc.constant("diff" as const),
      path: words,
      oldText: fc.option(words),
      newText: words,
      oldStart: fc.integer({ min: 1 }),
      newStart: fc.integer({ min: 1 }),
    },
    { requiredKeys: ["type", "path", "oldText", "newText"] },
  ),
  fc.record({ type: fc.constant("image" as const), mimeType: words, data: words }),
  fc.record({ type: fc.constant("terminal" as const), command: words, stdout: words, stderr: words, exitCode: fc.option(count) }),
);
const todos: fc.Arbitrary<TodoItem[]> = fc.uniqueArray(
  fc.record({
    id,
    content: words,
    status: fc.constantFrom("pending" as const, "in_progress" as const, "completed" as const),
    priority: fc.constantFrom("high" as const, "medium" as const, "low" as const),
  }),
  { selector: (todo) => todo.id, maxLength: 5 },
);
const is = <T extends string>(type: T) => ({ type: fc.constant(type) });

export const agentEvent: fc.Arbitrary<AgentEvent> = fc.oneof(
  item(
    { ...is("user-message"), text: words, origin: fc.constantFrom("terminal", "remote") },
    { localId: id, attachments: fc.array(attachment, { maxLength: 2 }) },
  ),
  item({ ...is("agent-message"), text: words }),
  item({ ...is("thought"), text: words }),
  item(
    { ...is("tool-call"), tool: id, kind: fc.constantFrom(...TOOL_KINDS), title: words, input: json },
    { locations: fc.array(fc.record({ path: words, line: count }, { requiredKeys: ["path"] }), { maxLength: 2 }) },
  ),
  item(
    {
      ...is("tool-result"),
      callId: id,
      status: fc.constantFrom("completed", "failed", "denied", "cancelled"),
      output: words,
    },
    { content: fc.array(toolContent, { maxLength: 3 }), waitedMs: count },
  ),
  item({ ...is("plan"), entries: todos }),
  item({ ...is("usage"), usage }),
  item({ ...is("turn-started") }, { localId: id }),
  item(
    { ...is("turn-ended"), outcome: fc.constantFrom("completed", "interrupted", "failed") },
    { durationMs: count, usage, failure, localIds: fc.array(id, { maxLength: 2 }) },
  ),
  item({ ...is("retrying"), attempt: count, maxAttempts: count, delayMs: count, failure }),
  item({ ...is("switch"), mode: fc.constantFrom("local", "remote") }),
  item({ ...is("mode-changed"), mode: words }),
  item({ ...is("model-changed"), model: fc.option(words) }),
  item({ ...is("title-changed"), title: words }),
  item({ ...is("notice"), text: words, level: fc.constantFrom("info", "warning") }),
  item({
    ...is("notice"),
    text: words,
    level: fc.constantFrom("info", "warning"),
    command: fc.string({ minLength: 1 }),
    format: fc.constant("markdown" as const),
  }),
  item({
    ...is("notice"),
    text: words,
    level: fc.constantFrom("info", "warning"),
    code: fc.string({ minLength: 1 }),
    params: fc.record(
      {
        names: fc.array(words),
        times: count,
        agent: words,
        reason: fc.record({ code: words, message: words }),
        mode: fc.record({ mode: words }),
      },
      optional,
    ),
  }),
  item({ ...is("unknown"), raw: json }),
);
