import { describe, expect, test } from "bun:test";
import type { AgentEvent, AgentState, Message } from "@hapi/protocol";
import fc from "fast-check";
import { cpuMs } from "@hapi/testkit";
import { encodeEvent, promptContent } from "../envelope/encode.ts";
import { agentEvent } from "../envelope/events.arbitrary.ts";
import { createTimeline } from "./builder.ts";
import type { StreamBuffer, TimelineInput, TimelineItem, ToolItem } from "./view-model.ts";

let serial = 0;
const row = (event: AgentEvent, more: Partial<Message> = {}): Message => {
  serial += 1;
  return {
    id: `m${serial}`,
    seq: serial,
    localId: null,
    createdAt: serial * 1000,
    invokedAt: serial * 1000,
    content: encodeEvent(event),
    ...more,
  };
};
const prompt = (localId: string, more: Partial<Message> = {}): Message => {
  serial += 1;
  return {
    id: `m${serial}`,
    seq: serial,
    localId,
    createdAt: serial * 1000,
    invokedAt: serial * 1000,
    content: promptContent({ text: localId }),
    ...more,
  };
};
const build = (input: TimelineInput) => createTimeline().update(input);
const text = (id: string, parent?: string): AgentEvent => ({ type: "agent-message", id, text: id, ...(parent ? { parent } : {}) });
const call = (
  id: string,
  kind: "read" | "search" | "execute" | "edit" | "agent" | "todo",
  input: unknown = {},
  parent?: string,
): AgentEvent => ({
  type: "tool-call",
  id,
  tool: kind,
  kind,
  title: id,
  input,
  ...(parent ? { parent } : {}),
});
const result = (callId: string, output = "", more: object = {}): AgentEvent => ({
  type: "tool-result",
  id: `${callId}-r`,
  callId,
  status: "completed",
  output,
  ...more,
});
const types = (items: readonly TimelineItem[]): string[] => items.map((item) => item.type);
const tool = (item: TimelineItem | undefined): ToolItem => {
  if (item?.type !== "tool") throw new Error(`expected a tool, got ${item?.type}`);
  return item;
};

describe("joining", () => {
  test("a call and its result are one item with object and what came of it", () => {
    const { items } = build({
      root: "/home/me/shop",
      messages: [row(call("t", "execute", { command: "npm test" })), row(result("t", "a\nb\n"))],
    });
    expect(items).toHaveLength(1);
    expect(tool(items[0])).toMatchObject({
      status: "completed",
      object: "npm test",
      summary: { what: "lines", count: 2 },
      durationMs: 1000,
    });
    const edit = { file_path: "/home/me/shop/src/a.ts", old_string: "one\ntwo\n", new_string: "one\n2\nthree\n" };
    const change = tool(build({ root: "/home/me/shop", messages: [row(call("e", "edit", edit)), row(result("e"))] }).items[0]);
    expect(change).toMatchObject({
      object: "src/a.ts",
      summary: { what: "changed", added: 2, removed: 1 },
      diffs: [{ oldText: "one\ntwo\n" }],
    });
  });

  test("what a sub-agent does is inside its call, even when the call is not in the window", () => {
    const messages = [row(call("a", "agent", { description: "Look" })), row(call("r", "read", { path: "x" }, "a")), row(text("done", "a"))];
    expect(types(tool(build({ messages }).items[0]).children)).toEqual(["tool", "text"]);
    const orphaned = build({ messages: messages.slice(1) }).items;
    expect(types(orphaned)).toEqual(["tool"]);
    expect(tool(orphaned[0])).toMatchObject({ callId: "a", kind: "agent" });
  });

  test("the record of a prompt confirms the prompt instead of repeating it", () => {
    const sent = prompt("l1", { stage: "handed" });
    const record = row({ type: "user-message", id: "u", text: "l1", localId: "l1", origin: "remote" });
    const { items, queue } = build({ messages: [sent, record] });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ type: "prompt", stage: "in-transcript", messageId: sent.id });
    expect(queue).toEqual([]);
    // the hub has not heard yet that it was handed
    const waiting = build({ messages: [record, { ...sent, invokedAt: null }] });
    expect(types(waiting.items)).toEqual(["prompt"]);
    expect(waiting.queue).toEqual([]);
  });

  test("several words on the end of a turn are one end; an open call ends with it", () => {
    const { items, running } = build({
      messages: [
        row(call("t", "execute", { command: "sleep" })),
        row({ type: "turn-ended", id: "a", outcome: "completed" }),
        row({ type: "turn-ended", id: "b", outcome: "interrupted", durationMs: 7 }),
      ],
    });
    expect(types(items)).toEqual(["tool", "turn-end"]);
    expect(items[1]).toMatchObject({ outcome: "interrupted", durationMs: 7 });
    expect(tool(items[0]).status).toBe("completed");
    expect(running).toBe(false);
  });

  test("reads and searches in a row are grouped; anything else between them parts the groups", () => {
    const read = (id: string) => [row(call(id, "read", { path: id })), row(result(id, "x"))];
    const { items } = build({ messages: [...read("1"), ...read("2"), row(text("m")), ...read("3")] });
    expect(types(items)).toEqual(["tool-group", "text", "tool"]);
    expect(items[0]).toMatchObject({ files: 2, searches: 0 });
  });

  test("an empty list ends the one before: it stays as it was shown, and nothing is left to do", () => {
    const entry = { id: "1", content: "a", status: "pending", priority: "medium" } as const;
    const ended = [row({ type: "plan", id: "p", entries: [entry] }), row({ type: "turn-ended", id: "e", outcome: "completed" })];
    const timeline = build({ messages: [...ended, row({ type: "plan", id: "q", entries: [] })] });
    expect(types(timeline.items)).toEqual(["plan", "turn-end"]);
    expect(timeline.todos).toEqual([]);
    expect(timeline.running).toBe(false);
  });

  test("todo tools are told by one plan item per turn", () => {
    const write = (id: string, status: string) => [row(call(id, "todo", { todos: [{ content: "a", status }] })), row(result(id))];
    const asTool = (messages: Message[]): Message[] =>
      messages.map((message) => ({
        ...message,
        content: JSON.parse(JSON.stringify(message.content).replace('"name":"todo"', '"name":"TodoWrite"')),
      }));
    const timeline = build({ messages: asTool([...write("1", "pending"), ...write("2", "completed")]) });
    expect(types(timeline.items)).toEqual(["plan"]);
    expect(timeline.items[0]).toMatchObject({ completed: 1 });
    expect(timeline.todos).toHaveLength(1);
  });

  test("retries in a row are one item, active until something follows", () => {
    const failure = { code: "overloaded", message: "busy", retryable: true } as const;
    const retry = (attempt: number) => row({ type: "retrying", id: `r${attempt}`, attempt, maxAttempts: 10, delayMs: 5, failure });
    const waiting = build({ messages: [retry(1), retry(2)] });
    expect(waiting.items).toHaveLength(1);
    expect(waiting.items[0]).toMatchObject({ attempt: 2, active: true });
    expect(build({ messages: [retry(1), row(text("go"))] }).items[0]).toMatchObject({ active: false });
    const failed = build({ messages: [row({ type: "turn-ended", id: "e", outcome: "failed", failure })] });
    expect(failed.retryable).toBe(true);
  });
});

describe("times and figures", () => {
  const done = (messages: Message[], completedAt: number): AgentState => ({
    completedRequests: {
      r: { tool: "Bash", arguments: {}, createdAt: messages[0]!.createdAt, completedAt, status: "approved", toolCallId: "c" },
    },
  });

  test("a tool's time is without the time a person took to allow it", () => {
    const messages = [row(call("c", "execute")), row(text("a")), row(text("b")), row(result("c"))];
    expect(tool(build({ messages }).items[0]).durationMs).toBe(3_000);
    const agentState = done(messages, messages[0]!.createdAt + 2_000);
    expect(tool(build({ messages, agentState }).items[0]).durationMs).toBe(1_000);
  });

  test("also when the request is forgotten: the result tells how long its call waited", () => {
    const messages = [row(call("c", "execute")), row(text("a")), row(result("c", "", { waitedMs: 1_500 }))];
    expect(tool(build({ messages }).items[0]).durationMs).toBe(500);
    expect(tool(build({ messages, agentState: done(messages, 9e9) }).items[0]).durationMs).toBe(500);
  });

  const usage = { inputTokens: 10, outputTokens: 2, cacheReadTokens: 5, cacheCreationTokens: 0 };
  const end = (more: object): AgentEvent => ({ type: "turn-ended", id: `e${serial}`, outcome: "completed", usage: { ...usage, ...more } });

  test("the gauge of an agent that tells the size of its context only at the end of a turn", () => {
    const request = row({ type: "usage", id: "u", usage: { ...usage, contextTokens: 17 } });
    expect(build({ messages: [request] }).usage?.contextWindow).toBeUndefined();
    const first = [request, row(end({ contextTokens: 20, contextWindow: 1_000, inputTokens: 99 }))];
    expect(build({ messages: first }).usage).toMatchObject({ contextTokens: 20, contextWindow: 1_000, inputTokens: 10 });
    const next = [...first, row({ type: "usage", id: "u2", usage: { ...usage, contextTokens: 44 } })];
    expect(build({ messages: next }).usage).toMatchObject({ contextTokens: 44, contextWindow: 1_000 });
    expect(build({ messages: [...next, row(end({}))] }).usage).toMatchObject({ contextTokens: 44, contextWindow: 1_000 });
    expect(build({ messages: [row(end({ contextTokens: 7, contextWindow: 10 }))] }).usage).toMatchObject({ contextTokens: 7 });
  });
});

describe("over the rows", () => {
  test("a request hangs on its call; without one it stands at the end", () => {
    const messages = [row(call("t", "execute", { command: "rm x" }))];
    const request = { tool: "Bash", arguments: { command: "rm x" }, createdAt: 1, toolCallId: "t" };
    const held = build({ messages, agentState: { requests: { p1: request } } });
    expect(tool(held.items[0])).toMatchObject({ status: "waiting", request: { id: "p1", object: "rm x" } });
    expect(held.requests).toHaveLength(1);
    const alone = build({ messages: [], agentState: { requests: { p1: request } } });
    expect(types(alone.items)).toEqual(["request"]);
    const denied = build({ messages, agentState: { completedRequests: { p1: { ...request, status: "denied", reason: "no" } } } });
    expect(tool(denied.items[0])).toMatchObject({ status: "denied", decision: { status: "denied", reason: "no" } });
  });

  test("an answer that was sent waits for the agent, not for a person; one that did not count is told beside what happened", () => {
    const call = { type: "tool-call" as const, id: "c1", tool: "Bash", kind: "execute" as const, title: "ls", input: { command: "ls" } };
    const messages = [row(call)];
    const asked = { tool: "Bash", arguments: { command: "ls" }, toolCallId: "c1", mode: "default", sent: { decision: "denied", at: 5 } };
    const sent = build({ messages, agentState: { requests: { p1: asked } } });
    expect(tool(sent.items[0])).toMatchObject({ status: "running", request: { sent: { what: "deny", at: 5 }, mode: "default" } });
    const done = {
      tool: "Bash",
      arguments: {},
      toolCallId: "c1",
      status: "approved",
      answeredBy: "terminal",
      lost: { decision: "denied", at: 5 },
    };
    const over = build({ messages, agentState: { completedRequests: { p1: done } } });
    expect(tool(over.items[0]).decision).toEqual({ status: "approved", reason: null, by: "terminal", lost: "deny", waitedMs: null });
  });

  test("questions are parsed", () => {
    const questions = [{ question: "Which?", header: "H", multiSelect: true, options: [{ label: "A", description: "a" }, "B"] }];
    const { requests } = build({ messages: [], agentState: { requests: { q: { tool: "AskUserQuestion", arguments: { questions } } } } });
    expect(requests[0]).toMatchObject({
      kind: "question",
      questions: [
        {
          id: "0",
          question: "Which?",
          multiSelect: true,
          options: [
            { label: "A", description: "a" },
            { label: "B", description: null },
          ],
        },
      ],
    });
  });

  test("a question that takes no other words, or none, says so", () => {
    const questions = [{ question: "Which?", closed: true, optional: true, options: ["A"] }, { question: "Why?" }];
    const { requests } = build({ messages: [], agentState: { requests: { q: { tool: "AskUserQuestion", arguments: { questions } } } } });
    expect(requests[0]?.questions.map(({ isClosed, isOptional }) => [isClosed, isOptional])).toEqual([
      [true, true],
      [undefined, undefined],
    ]);
  });

  test("live text has the key its message will have", () => {
    const stream: StreamBuffer = { itemId: "i", kind: "text", text: "Hel", end: 3, gap: false, done: false };
    const live = build({ messages: [], streams: [stream] });
    expect(live.items[0]).toMatchObject({ type: "text", key: "text:i", text: "Hel", streaming: true });
    expect(live).toMatchObject({ running: true, activity: { what: "writing" } });
    const stored = build({ messages: [row(text("i"))], streams: [stream] });
    expect(stored.items.map((item) => item.key)).toEqual(["text:i"]);
  });

  test("prompts that wait are in the queue, unsent ones after them", () => {
    const waiting = prompt("l1", { invokedAt: null, stage: "accepted" });
    const outbox = [{ localId: "l1" }, { localId: "l2" }].map(({ localId }) => ({
      localId,
      text: localId,
      attachments: [],
      createdAt: 9,
      state: "sending" as const,
    }));
    const { queue, items } = build({ messages: [waiting], outbox });
    expect(items).toEqual([]);
    expect(queue.map((item) => [item.localId, item.stage])).toEqual([
      ["l1", "queued"],
      ["l2", "sending"],
    ]);
  });
});

describe("identity", () => {
  test("appending a row leaves every other item the same object", () => {
    const builder = createTimeline();
    const messages = [row(text("1")), row(call("t", "execute")), row(text("2"))];
    const before = builder.update({ messages });
    const after = builder.update({ messages: [...messages, row(text("3"))] });
    expect(after.items).toHaveLength(4);
    expect(after.items.slice(0, 3).every((item, index) => item === before.items[index])).toBe(true);
    const same = [...messages];
    const again = builder.update({ messages: same });
    expect(builder.update({ messages: [...same] })).toBe(again);
  });

  test("an older page in front, and a stage that moves on, keep the other items too", () => {
    const builder = createTimeline();
    const old = [row(text("0"))];
    const messages = [prompt("l1", { stage: "handed" }), row(text("1"))];
    const before = builder.update({ messages });
    const longer = builder.update({ messages: [...old, ...messages] });
    expect(longer.items[1]).toBe(before.items[0]!);
    expect(longer.items[2]).toBe(before.items[1]!);
    const moved = builder.update({ messages: [...old, { ...messages[0]!, stage: "done" }, messages[1]!] });
    expect(moved.items[1]).toMatchObject({ stage: "done" });
    expect(moved.items[2]).toBe(before.items[1]!);
  });

  const ids = fc.constantFrom("a", "b", "c", "d");
  const event = fc.tuple(agentEvent, ids, fc.option(ids)).map(([one, id, parent]): AgentEvent => {
    const base = { ...one, id, ...(parent ? { parent } : {}) } as AgentEvent;
    if (!parent) delete base.parent;
    return base.type === "tool-result" ? { ...base, callId: id } : base;
  });
  const step = fc.record({ event, stream: fc.option(ids), request: fc.option(ids) });

  test("whatever way it came, the timeline is that of its input", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), fc.nat(10), (steps, hidden) => {
        const all = steps.map((one, index) => ({ ...row(one.event), seq: index, createdAt: index, invokedAt: index }));
        const builder = createTimeline();
        let input: TimelineInput = { messages: [] };
        for (const [index, one] of steps.entries()) {
          const streams: StreamBuffer[] = one.stream
            ? [{ itemId: one.stream, kind: "text", text: "x", end: 1, gap: false, done: false }]
            : [];
          const requests: NonNullable<AgentState["requests"]> = one.request
            ? { p: { tool: "Bash", arguments: {}, toolCallId: one.request } }
            : {};
          input = { messages: all.slice(Math.max(0, hidden - index), index + 1), streams, agentState: { requests } };
          builder.update(input);
        }
        const { items, queue, requests, usage, todos, running, activity, retryable } = builder.update(input);
        expect({ items, queue, requests, usage, todos, running, activity, retryable }).toEqual(build(input));
        expect(new Set(items.map((item) => item.key)).size).toBe(items.length);
      }),
      { numRuns: 300 },
    );
  });

  test("ten thousand rows are built once, then appended to in no time", () => {
    const messages = Array.from({ length: 10_000 }, (_, index) => row(text(`t${index}`)));
    const builder = createTimeline();
    const whole = cpuMs(() => builder.update({ messages }));
    const appended = cpuMs(() => {
      for (let index = 0; index < 50; index += 1) {
        messages.push(row(text(`n${index}`)));
        builder.update({ messages: [...messages] });
      }
    });
    // Side by side: a builder that reads everything again with each row would take fifty times the first build.
    expect(appended / 50).toBeLessThan(Math.max(whole / 2, 20));
  });
});
