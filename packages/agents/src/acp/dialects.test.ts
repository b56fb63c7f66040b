/** What real ACP agents were seen to send, and what none should: the driver's translation of it. */
import { describe, expect, test } from "bun:test";
import { permissionOptions, scriptAgent, THREAD } from "./scripted.case.ts";

const ask = (id: number, toolCall: Record<string, unknown>, options = permissionOptions) => ({
  id,
  method: "session/request_permission",
  params: { sessionId: THREAD, toolCall, options },
});
const text = (words: string) => ({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: words } });

describe("tool calls", () => {
  test("asked without a tool call before, rejected without an update after: call and denied result are on record before the next words", async () => {
    const agent = scriptAgent();
    await agent.begin();
    const { id } = await agent.prompt("run: rm -f a");
    agent.say(ask(0, { toolCallId: "t1", status: "pending", title: "rm -f a", kind: "execute", content: [] }));
    const { request } = await agent.event("request");
    expect(request).toMatchObject({
      kind: "permission",
      tool: "execute",
      input: { command: "rm -f a" },
      sessionScope: "Allow for this session",
      policyKind: "execute",
    });
    await agent.conversation.answer(request.id, { behavior: "deny" });
    expect((await agent.answerTo(0)).result).toEqual({ outcome: { outcome: "selected", optionId: "no" } });
    agent.update(text("Then not."));
    agent.say({
      id,
      result: {
        stopReason: "end_turn",
        _meta: { quota: { token_count: { input_tokens: 10, output_tokens: 3 }, model_usage: [{ model: "flash" }] } },
      },
    });
    await agent.event("thinking", 2);
    expect(agent.records().map((event) => event.type)).toEqual([
      "user-message",
      "turn-started",
      "tool-call",
      "tool-result",
      "agent-message",
      "usage",
      "turn-ended",
    ]);
    expect(agent.records().find((event) => event.type === "tool-result")).toMatchObject({ callId: "t1", status: "denied" });
    expect(agent.records().find((event) => event.type === "usage")).toMatchObject({
      usage: { inputTokens: 10, outputTokens: 3, model: "flash" },
    });
  });

  test("pending with an empty input is recorded once, with the input that came later", async () => {
    const agent = scriptAgent();
    await agent.begin();
    const { id } = await agent.prompt("ls");
    const _meta = { adapter: { toolName: "Bash" } };
    agent.update({
      sessionUpdate: "tool_call",
      toolCallId: "t1",
      rawInput: {},
      status: "pending",
      title: "Terminal",
      kind: "execute",
      content: [],
      _meta,
    });
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t1", rawInput: { command: "ls" }, title: "ls" });
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t1", status: "in_progress" });
    const output = (words: string) => [{ type: "content", content: { type: "text", text: words } }];
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t1", content: output("a") });
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t1", content: output("a\nb") });
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t1", status: "completed", rawOutput: { stdout: "a\nb", exitCode: 0 } });
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t1", status: "completed", content: output("late") });
    agent.say({ id, result: { stopReason: "end_turn" } });
    await agent.event("thinking", 2);
    const calls = agent.records().filter((event) => event.type === "tool-call");
    expect(calls).toEqual([{ type: "tool-call", id: "t1", tool: "Bash", kind: "execute", title: "ls", input: { command: "ls" } }]);
    const results = agent.records().filter((event) => event.type === "tool-result");
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ output: "a\nb", content: [{ type: "terminal", command: "ls", stdout: "a\nb", exitCode: 0 }] });
    const deltas = agent.events.flatMap((event) => (event.type === "stream" ? [event.delta] : []));
    expect(deltas).toEqual([
      { itemId: "t1", kind: "tool-output", offset: 0, delta: "a" },
      { itemId: "t1", kind: "tool-output", offset: 1, delta: "\nb" },
    ]);
  });

  test("edits carry their diff into the request and the result", async () => {
    const agent = scriptAgent();
    await agent.begin();
    const { id } = await agent.prompt("edit");
    const content = [{ type: "diff", path: "/work/a", oldText: "x", newText: "y" }];
    agent.say(ask(7, { toolCallId: "t1", title: "Edit a", kind: "edit", content, rawInput: { file: "/work/a" } }));
    const { request } = await agent.event("request");
    expect(request.input).toEqual({ file: "/work/a", diffs: content });
    await agent.conversation.answer(request.id, { behavior: "allow" });
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t1", status: "completed", content });
    agent.say({ id, result: { stopReason: "end_turn" } });
    await agent.event("thinking", 2);
    expect(agent.records().find((event) => event.type === "tool-result")).toMatchObject({ status: "completed", content });
  });
});

describe("turns", () => {
  test("a message id that changes begins a new message; costs are told as they grow", async () => {
    const agent = scriptAgent();
    await agent.begin();
    for (const [words, amount] of [
      ["one", 0.25],
      ["two", 0.75],
    ] as const) {
      const { id } = await agent.prompt(words);
      agent.update({ ...text(""), messageId: `${words}-a` });
      agent.update({ ...text("first"), messageId: `${words}-a` });
      agent.update({ ...text("second"), messageId: `${words}-b` });
      agent.update({ sessionUpdate: "usage_update", used: 100, size: 1000, cost: { amount, currency: "USD" } });
      agent.say({ id, result: { stopReason: "end_turn", usage: { inputTokens: 5, outputTokens: 1, cachedReadTokens: 2 } } });
      await agent.event("thinking", words === "one" ? 2 : 4);
    }
    const messages = agent.records().flatMap((event) => (event.type === "agent-message" ? [event.text] : []));
    expect(messages).toEqual(["first", "second", "first", "second"]);
    const usage = agent.records().flatMap((event) => (event.type === "usage" ? [event.usage] : []));
    expect(usage.map((one) => one.costUsd)).toEqual([0.25, 0.5]);
    expect(usage[0]).toMatchObject({ inputTokens: 5, cacheReadTokens: 2, contextTokens: 100, contextWindow: 1000 });
  });

  test("refusal is a failure, a length limit a notice, an error after cancel an interruption", async () => {
    const agent = scriptAgent();
    await agent.begin();
    agent.say({ id: (await agent.prompt("a")).id, result: { stopReason: "refusal" } });
    await agent.event("thinking", 2);
    agent.say({ id: (await agent.prompt("b")).id, result: { stopReason: "max_tokens" } });
    await agent.event("thinking", 4);
    const { id } = await agent.prompt("c");
    await agent.conversation.interrupt();
    agent.say({ id, error: { code: -32603, message: "aborted" } });
    await agent.event("thinking", 6);
    const ends = agent.records().flatMap((event) => (event.type === "turn-ended" ? [event.outcome] : []));
    expect(ends).toEqual(["failed", "completed", "interrupted"]);
    expect(agent.records().some((event) => event.type === "notice")).toBe(true);
  });

  test("the reason of a denial stands in front of the next prompt, once", async () => {
    const agent = scriptAgent();
    await agent.begin();
    const first = await agent.prompt("a");
    agent.say(ask(0, { toolCallId: "t1", title: "rm", kind: "execute" }));
    await agent.conversation.answer((await agent.event("request")).request.id, { behavior: "deny", reason: "too dangerous" });
    agent.say({ id: first.id, result: { stopReason: "end_turn" } });
    await agent.event("thinking", 2);
    const second = await agent.prompt("b");
    expect(second.params?.["prompt"]).toEqual([
      { type: "text", text: 'I did not allow "rm": too dangerous' },
      { type: "text", text: "b" },
    ]);
    agent.say({ id: second.id, result: { stopReason: "end_turn" } });
    await agent.event("thinking", 4);
    expect((await agent.prompt("c")).params?.["prompt"]).toEqual([{ type: "text", text: "c" }]);
  });

  test("updates of another session are not part of the conversation; words that nobody knows are counted and shown as they are", async () => {
    const agent = scriptAgent();
    await agent.begin();
    agent.say({ method: "session/update", params: { sessionId: "other", update: text("not ours") } });
    agent.update({ sessionUpdate: "invented_tomorrow", x: 1 });
    agent.raw("this is a log line on stdout\n");
    agent.say({ id: 99, method: "fs/write_text_file", params: {} });
    expect((await agent.answerTo(99)).error).toMatchObject({ code: -32601 });
    const { id } = await agent.prompt("hello");
    agent.say({ id, result: { stopReason: "end_turn" } });
    await agent.event("thinking", 2);
    expect(agent.records().map((event) => event.type)).toEqual(["unknown", "user-message", "turn-started", "turn-ended"]);
    expect(agent.records()[0]).toMatchObject({ raw: { sessionUpdate: "invented_tomorrow", x: 1 } });
    expect(agent.conversation.unknownWords).toEqual({ "update/invented_tomorrow": 1 });
  });

  test("lost output is said, and reading goes on", async () => {
    const agent = scriptAgent();
    await agent.begin();
    const { id } = await agent.prompt("hello");
    agent.forgetBefore(1_000_000);
    agent.raw("x".repeat(1_000_000));
    agent.raw("\n");
    agent.say({ id, result: { stopReason: "end_turn" } });
    await agent.event("thinking", 2);
    expect(agent.records().map((event) => event.type)).toEqual(["notice", "user-message", "turn-started", "turn-ended"]);
  });
});

describe("modes and models", () => {
  const modes = { currentModeId: "default", availableModes: [{ id: "default" }, { id: "yolo" }] };

  test("a mode that the agent has is set there; then its requests are for people, not for the policy", async () => {
    const agent = scriptAgent({ flavor: "other" });
    await agent.begin({ modes });
    const setting = agent.conversation.setPermissionMode("yolo");
    const sent = await agent.sent("session/set_mode");
    expect(sent.params).toEqual({ sessionId: THREAD, modeId: "yolo" });
    agent.say({ id: sent.id, result: {} });
    await setting;
    await agent.prompt("x");
    agent.say(ask(0, { toolCallId: "t1", title: "x", kind: "execute" }));
    expect((await agent.event("request")).request.policyKind).toBeUndefined();
  });

  test("a mode that it does not have is left to the policy, with the agent in its asking mode; its echo changes nothing", async () => {
    const agent = scriptAgent();
    await agent.begin({ modes });
    const setting = agent.conversation.setPermissionMode("read-only");
    const sent = await agent.sent("session/set_mode");
    expect(sent.params).toMatchObject({ modeId: "default" });
    agent.say({ id: sent.id, result: {} });
    await setting;
    agent.update({ sessionUpdate: "current_mode_update", currentModeId: "default" });
    await agent.prompt("x");
    agent.say(ask(0, { toolCallId: "t1", title: "x", kind: "think" }));
    // "think" is what agents call many things: it does not pass without asking.
    expect((await agent.event("request")).request.policyKind).toBe("other");
    expect(agent.events.flatMap((event) => (event.type === "mode" ? [event.mode] : []))).toEqual(["default", "read-only"]);
  });

  test("a refused change is apply_failed", async () => {
    const agent = scriptAgent();
    await agent.begin({
      models: {
        currentModelId: "a",
        availableModels: [
          { modelId: "a", name: "A" },
          { modelId: "b", name: "B" },
        ],
      },
    });
    expect(await agent.conversation.listModels()).toEqual([
      { id: "a", name: "A" },
      { id: "b", name: "B" },
    ]);
    const setting = agent.conversation.setModel("b");
    agent.say({ id: (await agent.sent("session/set_model")).id, error: { code: -32602, message: "no such model" } });
    await expect(setting).rejects.toMatchObject({ code: "apply_failed" });
  });
});
