/** What real agents do differently from the protocol's words, as data of their profiles. */
import { describe, expect, test } from "bun:test";
import { copilotProfile } from "../copilot/profile.ts";
import { qwenProfile } from "../qwen/profile.ts";
import { readyMade } from "../ready-made.ts";
import { permissionOptions, scriptAgent, THREAD } from "./scripted.case.ts";

const text = (words: string) => ({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: words } });
const modesSet = (agent: ReturnType<typeof scriptAgent>) =>
  agent.written.flatMap(({ method, params }) =>
    method === "session/set_mode"
      ? [params?.["modeId"]]
      : method === "session/set_config_option"
        ? [params?.["configId"], params?.["value"]]
        : [],
  );
const modesTold = (agent: ReturnType<typeof scriptAgent>) => agent.events.flatMap((event) => (event.type === "mode" ? [event.mode] : []));

describe("modes", () => {
  test("a mode that HAPI has no word for is left at once: the agent asks until somebody chooses otherwise", async () => {
    const { command: _command, ...profile } = qwenProfile;
    const agent = scriptAgent(profile);
    const modes = { currentModeId: "auto", availableModes: ["plan", "default", "auto-edit", "auto", "yolo"].map((id) => ({ id })) };
    const beginning = agent.begin({ modes });
    agent.say({ id: (await agent.sent("session/set_mode")).id, result: {} });
    await beginning;
    expect(modesSet(agent)).toEqual(["default"]);
    expect(modesTold(agent)).toEqual(["default"]);
  });

  test("an agent in a mode of its own that has none which asks is not started, and never told as one that asks; the sentence says what to do", async () => {
    const agent = scriptAgent();
    const modes = { currentModeId: "auto", availableModes: ["auto", "turbo"].map((id) => ({ id })) };
    expect(await agent.begin({ modes }).catch((cause: unknown) => cause)).toMatchObject({
      code: "apply_failed",
      message:
        'Scripted has no mode "default", and is in "auto". It offers "auto", "turbo": say in settings.json which of its modes asks before it acts ("agents", "scripted", "modes": {"default": "…"}), and start it again',
    });
    expect(modesTold(agent)).toEqual([]);
    expect(agent.conversation.front).toBeNull();
  });

  test("a mode that is kept by HAPI needs the agent's asking one: without it nothing changes; an agent that is in it stays there", async () => {
    const modes = { currentModeId: "read-only", availableModes: [{ id: "read-only" }] };
    const reader = scriptAgent();
    await reader.begin({ modes });
    const refused = await reader.conversation.setPermissionMode("yolo").catch((cause: unknown) => cause);
    expect(refused).toMatchObject({ code: "apply_failed" });
    expect(modesTold(reader)).toEqual(["read-only"]);
    const asker = scriptAgent();
    await asker.begin({ modes: { ...modes, currentModeId: "default" } });
    await asker.conversation.setPermissionMode("yolo");
    await asker.conversation.setPermissionMode("default");
    expect(modesTold(asker)).toEqual(["default", "yolo", "default"]);
  });

  test("Goose begins in its mode that asks nothing, and is set to the one that asks; yolo is HAPI's own there", async () => {
    const { command: _command, ...profile } = readyMade.find(({ flavor }) => flavor === "goose") ?? qwenProfile;
    const agent = scriptAgent(profile);
    const modes = { currentModeId: "auto", availableModes: ["auto", "approve", "smart_approve", "chat"].map((id) => ({ id })) };
    const beginning = agent.begin({ modes });
    agent.say({ id: (await agent.sent("session/set_mode")).id, result: {} });
    await beginning;
    expect(modesSet(agent)).toEqual(["approve"]);
    expect(modesTold(agent)).toEqual(["default"]);
  });

  const MODE = "https://agentclientprotocol.com/protocol/session-modes#";
  const options = (allowAll: "on" | "off") => [
    { type: "select", id: "mode", category: "mode", currentValue: `${MODE}agent`, options: [] },
    { type: "select", id: "allow_all", category: "permissions", currentValue: allowAll, options: [] },
  ];

  test("approve everything is an option beside the mode, taken back with it, and seen where a person sets it over there", async () => {
    const { command: _command, behind: _behind, ...profile } = copilotProfile;
    const agent = scriptAgent(profile);
    const modes = { currentModeId: `${MODE}agent`, availableModes: ["agent", "plan", "autopilot"].map((id) => ({ id: MODE + id })) };
    await agent.begin({ modes, configOptions: options("off") });
    const setting = agent.conversation.setPermissionMode("yolo");
    agent.say({ id: (await agent.sent("session/set_mode")).id, result: {} });
    agent.say({ id: (await agent.sent("session/set_config_option")).id, result: {} });
    await setting;
    expect(modesSet(agent)).toEqual([`${MODE}agent`, "allow_all", "on"]);
    agent.update({ sessionUpdate: "config_option_update", configOptions: options("on") });
    agent.update({ sessionUpdate: "config_option_update", configOptions: options("off") });
    await agent.event("mode", 3);
    expect(modesTold(agent)).toEqual(["default", "yolo", "default"]);
  });
});

describe("opening again", () => {
  test("session/resume where the agent has it: its history is not told again", async () => {
    const agent = scriptAgent();
    const starting = agent.conversation.start({ front: "remote", threadId: THREAD, args: [] });
    const agentCapabilities = { loadSession: true, sessionCapabilities: { resume: {} } };
    agent.say({ id: (await agent.sent("initialize")).id, result: { protocolVersion: 1, agentCapabilities } });
    agent.say({ id: (await agent.sent("session/resume")).id, result: {} });
    expect(await starting).toEqual({ how: "resume" });
    expect(agent.written.some(({ method }) => method === "session/load")).toBe(false);
  });

  test("a history that is told behind the answer is history still", async () => {
    const agent = scriptAgent({ historyAfterLoad: true });
    const starting = agent.conversation.start({ front: "remote", threadId: THREAD, args: [] });
    agent.say({ id: (await agent.sent("initialize")).id, result: { protocolVersion: 1, agentCapabilities: { loadSession: true } } });
    const modes = { currentModeId: "default", availableModes: [{ id: "default" }] };
    agent.say({ id: (await agent.sent("session/load")).id, result: { modes } });
    agent.update({ sessionUpdate: "user_message_chunk", content: { type: "text", text: "earlier" } });
    agent.update(text("said earlier"));
    agent.say({ id: (await agent.sent("session/set_mode")).id, result: {} });
    await starting;
    const { id } = await agent.prompt("now");
    agent.update(text("said now"));
    agent.say({ id, result: { stopReason: "end_turn" } });
    await agent.event("thinking", 2);
    expect(agent.records().flatMap((event) => (event.type === "agent-message" ? [event.text] : []))).toEqual(["said now"]);
  });
});

describe("turns", () => {
  test("an error that is told as words of the model is the failure of its turn; the model's own words behind it are not", async () => {
    const { command: _command, behind: _behind, ...profile } = copilotProfile;
    const agent = scriptAgent(profile);
    await agent.begin();
    const first = await agent.prompt("a");
    agent.update(text("Info: Request failed due to a transient API error. Retrying..."));
    agent.update(text("Error: 429 Too many requests"));
    agent.say({ id: first.id, result: { stopReason: "end_turn" } });
    await agent.event("thinking", 2);
    const second = await agent.prompt("b");
    agent.update(text("Error: 500 is what the server says, "));
    agent.update(text("and this is why."));
    agent.say({ id: second.id, result: { stopReason: "end_turn" } });
    await agent.event("thinking", 4);
    const ends = agent.records().flatMap((event) => (event.type === "turn-ended" ? [event] : []));
    expect(ends[0]).toMatchObject({
      outcome: "failed",
      failure: { code: "rate_limit", httpStatus: 429, message: "429 Too many requests" },
    });
    expect(ends[1]).toMatchObject({ outcome: "completed" });
    expect(agent.records().flatMap((event) => (event.type === "notice" ? [event.level] : []))).toEqual(["info", "warning", "warning"]);
  });

  test("an agent that keeps a failed prompt is asked to go on, and not given it twice", async () => {
    const agent = scriptAgent({ retry: "continue" });
    await agent.begin();
    agent.say({ id: (await agent.prompt("a")).id, error: { code: -32603, message: "overloaded" } });
    await agent.event("thinking", 2);
    await agent.conversation.retry();
    expect(agent.written.findLast(({ method }) => method === "session/prompt")?.params?.["prompt"]).toEqual([
      { type: "text", text: "Continue" },
    ]);
  });
});

describe("questions", () => {
  test("a permission that carries questions is one question, and its answer stands beside the choice", async () => {
    const { command: _command, ...profile } = qwenProfile;
    const agent = scriptAgent(profile);
    await agent.begin();
    await agent.prompt("go");
    const questions = [{ question: "Which colour?", header: "Q", multiSelect: false, options: [{ label: "Green" }, { label: "Blue" }] }];
    const toolCall = { toolCallId: "t1", title: "Ask user 1 question", kind: "think", _meta: { qwenQuestions: questions } };
    agent.say({ id: 0, method: "session/request_permission", params: { sessionId: THREAD, toolCall, options: permissionOptions } });
    const { request } = await agent.event("request");
    expect(request).toMatchObject({ kind: "question", toolCallId: "t1", input: { questions: [{ question: "Which colour?" }] } });
    const answering = agent.conversation.answer(request.id, { behavior: "allow", answers: { "Which colour?": ["Blue"] } });
    expect((await agent.answerTo(0)).result).toEqual({ outcome: { outcome: "selected", optionId: "once" }, answers: { "0": "Blue" } });
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t1", status: "completed" });
    expect(await answering).toBe("applied");
    expect(agent.records().filter(({ type }) => type === "tool-call")).toHaveLength(1);
  });

  const visit = { mode: "url", elicitationId: "e1", url: "https://example.com/login", message: "Log in there" };

  test("an address to open is a question; opened, declined, and withdrawn when it is done over there", async () => {
    const agent = scriptAgent();
    await agent.begin();
    expect((await agent.sent("initialize")).params).toMatchObject({ clientCapabilities: { elicitation: { form: {}, url: {} } } });
    await agent.prompt("go");
    for (const [id, behavior, action] of [
      [1, "allow", "accept"],
      [2, "deny", "decline"],
    ] as const) {
      agent.say({ id, method: "elicitation/create", params: visit });
      const { request } = await agent.event("request", id);
      expect(request).toMatchObject({ kind: "question", input: { url: visit.url } });
      const answering = agent.conversation.answer(request.id, { behavior });
      expect((await agent.answerTo(id)).result).toEqual({ action });
      agent.update(text("going on"));
      expect(await answering).toBe("applied");
    }
    agent.say({ id: 3, method: "elicitation/create", params: visit });
    const { request } = await agent.event("request", 3);
    agent.say({ method: "elicitation/complete", params: { elicitationId: "e1" } });
    expect(await agent.event("request-closed", 3)).toMatchObject({ id: request.id, outcome: "resolved", by: "agent" });
  });
});

test("a request that nobody knows is refused as the protocol has it, counted, and shown as it is; a known refusal is not", async () => {
  const agent = scriptAgent({ declines: ["own/drain"] });
  await agent.begin();
  for (const [id, method] of [
    [1, "vendor/ask"],
    [2, "own/drain"],
    [3, "fs/write_text_file"],
  ] as const) {
    agent.say({ id, method, params: { what: "now" } });
    expect((await agent.answerTo(id)).error).toMatchObject({ code: -32601 });
  }
  expect(agent.records()).toMatchObject([{ type: "unknown", raw: { method: "vendor/ask", params: { what: "now" } } }]);
  expect(agent.conversation.unknownWords).toEqual({ "request/vendor/ask": 1 });
});

test("denied, and the turn stopped with it: it stays denied, for the tool runs neither way", async () => {
  const agent = scriptAgent();
  await agent.begin();
  const { id } = await agent.prompt("go");
  const toolCall = { toolCallId: "t1", title: "rm", kind: "execute" };
  agent.say({ id: 0, method: "session/request_permission", params: { sessionId: THREAD, toolCall, options: permissionOptions } });
  const { request } = await agent.event("request");
  const answering = agent.conversation.answer(request.id, { behavior: "deny", interrupt: true });
  // While it still asks: one that has the denial may be past the point where it hears a cancel.
  await agent.sent("session/cancel");
  expect((await agent.answerTo(0)).result).toEqual({ outcome: { outcome: "cancelled" } });
  agent.say({ id, result: { stopReason: "cancelled" } });
  expect(await answering).toBe("applied");
  expect(await agent.event("request-closed")).toMatchObject({ outcome: "denied", by: "remote" });
});
