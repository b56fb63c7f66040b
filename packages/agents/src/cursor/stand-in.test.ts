/**
 * Cursor can't be installed where HAPI is tested: its side is played here, message by message, as cursor.com/docs/cli/acp describes it. This shows
 * that HAPI keeps to that description, not that Cursor does.
 */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scriptAgent, THREAD, type ScriptedAgent } from "../acp/scripted.case.ts";
import { cursorDriver } from "./driver.ts";
import { cursorProfile } from "./profile.ts";

const hello = { protocolVersion: 1, agentCapabilities: { loadSession: true }, authMethods: [{ id: "cursor_login", name: "Cursor" }] };
const modes = { currentModeId: "agent", availableModes: ["agent", "plan", "ask"].map((id) => ({ id })) };

function agentOf(): ScriptedAgent {
  const { command: _command, ...profile } = cursorProfile;
  return scriptAgent(profile);
}

async function begun(): Promise<ScriptedAgent> {
  const agent = agentOf();
  const starting = agent.conversation.start({ front: "remote", args: [] });
  agent.say({ id: (await agent.sent("initialize")).id, result: hello });
  agent.say({ id: (await agent.sent("authenticate")).id, result: {} });
  agent.say({ id: (await agent.sent("session/new")).id, result: { sessionId: THREAD, modes } });
  await starting;
  return agent;
}

test("it is asked to log in before a conversation is opened; refused, it is not started, and the sentence says what to do", async () => {
  const agent = await begun();
  expect(agent.written.map(({ method }) => method).slice(0, 3)).toEqual(["initialize", "authenticate", "session/new"]);
  expect((await agent.sent("authenticate")).params).toEqual({ methodId: "cursor_login" });

  const stranger = agentOf();
  const starting = stranger.conversation.start({ front: "remote", args: [] }).catch((cause: unknown) => cause);
  stranger.say({ id: (await stranger.sent("initialize")).id, result: hello });
  stranger.say({ id: (await stranger.sent("authenticate")).id, error: { code: -32000, message: "Not logged in" } });
  expect(await starting).toMatchObject({
    code: "spawn_failed",
    message: "The agent is not logged in: Not logged in. Log in with `agent login` and start it again.",
    details: { failure: { code: "auth", retryable: false } },
  });
});

test("its modes: agent is the default; yolo is nobody's word there and is left to HAPI's policy", async () => {
  const agent = await begun();
  expect(agent.events.filter(({ type }) => type === "mode")).toEqual([{ type: "mode", mode: "default" }]);
  for (const [mode, modeId] of [
    ["plan", "plan"],
    ["ask", "ask"],
    ["yolo", "agent"],
  ] as const) {
    const before = agent.written.length;
    const setting = agent.conversation.setPermissionMode(mode);
    while (agent.written.length === before) await new Promise((resolve) => setImmediate(resolve));
    const sent = agent.written.at(-1);
    expect(sent).toMatchObject({ method: "session/set_mode", params: { modeId } });
    agent.say({ id: sent?.id, result: {} });
    await setting;
  }
  expect(cursorDriver.capabilities.permissionModes).toEqual(["default", "plan", "ask", "yolo"]);
  await agent.prompt("go");
  const options = ["allow-once", "allow-always", "reject-once"].map((id) => ({ optionId: id, name: id, kind: id.replace("-", "_") }));
  const toolCall = { toolCallId: "t1", title: "rm -f a", kind: "execute" };
  agent.say({ id: 9, method: "session/request_permission", params: { sessionId: THREAD, toolCall, options } });
  const { request } = await agent.event("request");
  expect(request.policyKind).toBe("execute");
  await agent.conversation.answer(request.id, { behavior: "deny" });
  expect((await agent.answerTo(9)).result).toEqual({ outcome: { outcome: "selected", optionId: "reject-once" } });
});

describe("its own requests", () => {
  const questions = [
    { id: "q1", prompt: "Which colour?", options: ["green", "blue"].map((id) => ({ id, label: id.toUpperCase() })) },
    { id: "q2", prompt: "Which of these?", allowMultiple: true, options: ["a", "b"].map((id) => ({ id, label: id })) },
  ];

  test("a question is answered by the ids of its options, skipped where nobody wants to answer, and cancelled with the turn", async () => {
    const agent = await begun();
    await agent.prompt("go");
    const ask = (id: number) => agent.say({ id, method: "cursor/ask_question", params: { toolCallId: "t", title: "Before", questions } });
    ask(1);
    const { request } = await agent.event("request");
    expect(request).toMatchObject({
      kind: "question",
      title: "Before",
      input: { questions: [{ question: "Which colour?" }, { multiSelect: true }] },
    });
    const answers = { "Which colour?": ["BLUE"], "Which of these?": ["a", "b"] };
    const answering = agent.conversation.answer(request.id, { behavior: "allow", answers });
    expect((await agent.answerTo(1)).result).toEqual({
      outcome: {
        outcome: "answered",
        answers: [
          { questionId: "q1", selectedOptionIds: ["blue"] },
          { questionId: "q2", selectedOptionIds: ["a", "b"] },
        ],
      },
    });
    agent.update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: "Blue." } });
    expect(await answering).toBe("applied");
    ask(2);
    const second = (await agent.event("request", 2)).request;
    const skipping = agent.conversation.answer(second.id, { behavior: "deny", reason: "later" });
    expect((await agent.answerTo(2)).result).toEqual({ outcome: { outcome: "skipped", reason: "later" } });
    agent.update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: "Well." } });
    await skipping;
    ask(3);
    await agent.event("request", 3);
    await agent.conversation.interrupt();
    expect((await agent.answerTo(3)).result).toEqual({ outcome: { outcome: "cancelled" } });
  });

  test("a plan is a plan to approve", async () => {
    const agent = await begun();
    await agent.prompt("go");
    agent.say({ id: 1, method: "cursor/create_plan", params: { toolCallId: "t", name: "Steps", overview: "short", plan: "First this" } });
    const { request } = await agent.event("request");
    expect(request).toMatchObject({ kind: "plan", title: "Steps", input: { plan: "First this" } });
    const answering = agent.conversation.answer(request.id, { behavior: "deny", reason: "smaller steps" });
    expect((await agent.answerTo(1)).result).toEqual({ outcome: { outcome: "rejected", reason: "smaller steps" } });
    agent.update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: "Then so." } });
    await answering;
  });

  test("an edited plan is not accepted, for Cursor would carry out the one that it wrote", async () => {
    const agent = await begun();
    await agent.prompt("go");
    agent.say({ id: 1, method: "cursor/create_plan", params: { toolCallId: "t", name: "Steps", plan: "First this" } });
    const { request } = await agent.event("request");
    const answering = agent.conversation.answer(request.id, { behavior: "allow", updatedInput: { plan: "Only that" } });
    const reason = "This agent can't take an edited input, so nothing was allowed";
    expect((await agent.answerTo(1)).result).toEqual({ outcome: { outcome: "rejected", reason } });
    agent.update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: "Then so." } });
    expect(await answering).toBe("applied");
    expect(await agent.event("request-closed")).toMatchObject({ outcome: "denied", reason });
  });

  test("its to-do list is taken as it changes, by request and by notification, and one that is not in a known shape is refused", async () => {
    const agent = await begun();
    await agent.prompt("go");
    const todo = (id: string, status: string) => ({ id, content: `do ${id}`, status });
    agent.say({ id: 1, method: "cursor/update_todos", params: { todos: [todo("a", "pending"), todo("b", "pending")], merge: false } });
    expect((await agent.answerTo(1)).result).toEqual({});
    agent.say({ method: "cursor/update_todos", params: { todos: [todo("a", "completed"), todo("b", "cancelled")], merge: true } });
    agent.say({ id: 2, method: "cursor/ask_question", params: { questions: "none" } });
    expect((await agent.answerTo(2)).error).toMatchObject({ code: -32601 });
    const lists = agent
      .records()
      .flatMap((event) => (event.type === "plan" ? [event.entries.map(({ content, status }) => [content, status])] : []));
    expect(lists).toEqual([
      [
        ["do a", "pending"],
        ["do b", "pending"],
      ],
      [["do a", "completed"]],
    ]);
  });
});

test("a program named agent is Cursor's only where it leads to one of Cursor's", async () => {
  const root = mkdtempSync(join(tmpdir(), "hapi-cursor-"));
  try {
    const [bin, other] = [join(root, "bin"), join(root, "other")];
    const versions = join(root, "share/cursor-agent");
    for (const folder of [bin, other, versions]) mkdirSync(folder, { recursive: true });
    for (const file of [join(versions, "run"), join(other, "agent")]) writeFileSync(file, "#!/bin/sh\n", { mode: 0o755 });
    symlinkSync(join(versions, "run"), join(bin, "agent"));
    expect(await cursorDriver.detect({ PATH: other })).toMatchObject({ available: false, reason: "not_found" });
    expect(await cursorDriver.detect({ PATH: bin })).toMatchObject({ available: true, command: ["agent", "acp"] });
  } finally {
    rmSync(root, { recursive: true });
  }
});
