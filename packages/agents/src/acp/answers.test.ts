/** An answer that was written to an ACP agent is sent; it counts when the agent goes on. A question and its answer stay in the history. */
import { describe, expect, test } from "bun:test";
import type { DriverEvent } from "../driver.ts";
import { permissionOptions, type ScriptedAgent, scriptAgent, THREAD } from "./scripted.case.ts";

const ask = (id: number, toolCallId: string) => ({
  id,
  method: "session/request_permission",
  params: { sessionId: THREAD, toolCall: { toolCallId, title: `rm ${toolCallId}`, kind: "execute" }, options: permissionOptions },
});
const question = (id: number) => ({
  id,
  method: "elicitation/create",
  params: {
    sessionId: THREAD,
    mode: "form",
    message: "Before I go on",
    requestedSchema: {
      type: "object",
      properties: {
        colour: { type: "string", title: "Which colour?", oneOf: [{ const: "blue", title: "Sky" }] },
        many: { type: "array", title: "Which ones?", items: { enum: ["a", "b"] } },
      },
    },
  },
});
const words = (text: string) => ({ sessionUpdate: "agent_message_chunk", content: { type: "text", text } });
const closings = (agent: ScriptedAgent): string[] =>
  agent.events.flatMap((event: DriverEvent) => (event.type === "request-closed" ? [`${event.outcome} ${event.by}`] : []));

describe("an answer counts when the agent goes on", () => {
  test("written is not taken: nothing is told before the agent's next word", async () => {
    const agent = scriptAgent();
    await agent.begin();
    await agent.prompt("go");
    agent.say(ask(0, "t1"));
    const { request } = await agent.event("request");
    const answering = agent.conversation.answer(request.id, { behavior: "allow" });
    await agent.answerTo(0);
    // What comes at any time shows nothing.
    agent.update({ sessionUpdate: "usage_update", used: 1, size: 2 });
    agent.update({ sessionUpdate: "available_commands_update", availableCommands: [{ name: "x" }] });
    await agent.event("facts");
    expect(closings(agent)).toEqual([]);
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t1", status: "in_progress" });
    expect(await answering).toBe("applied");
    expect(closings(agent)).toEqual(["approved remote"]);
  });

  test("two answers: the first is the agent's, the second hears that nobody asks any more", async () => {
    const agent = scriptAgent();
    await agent.begin();
    await agent.prompt("go");
    agent.say(ask(0, "t1"));
    const { request } = await agent.event("request");
    const first = agent.conversation.answer(request.id, { behavior: "deny", reason: "no" });
    await agent.answerTo(0);
    agent.update(words("Then not."));
    expect(await first).toBe("applied");
    expect(await agent.conversation.answer(request.id, { behavior: "allow" })).toBe("gone");
    expect(closings(agent)).toEqual(["denied remote"]);
    expect(agent.written.filter((line) => line.id === 0 && line.method === undefined)).toHaveLength(1);
  });

  test.each(["allow", "deny"] as const)("the agent ends between: %s is told as neither approved nor denied", async (behavior) => {
    const agent = scriptAgent();
    await agent.begin();
    await agent.prompt("go");
    agent.say(ask(0, "t1"));
    const { request } = await agent.event("request");
    const answering = agent.conversation.answer(request.id, { behavior });
    await agent.answerTo(0);
    agent.end();
    expect(await answering).toBe("gone");
    expect(closings(agent)).toEqual(["canceled agent"]);
    expect(agent.events.find((event) => event.type === "request-closed")).toMatchObject({
      reason: "The agent ended before it said whether it took the answer",
    });
  });

  test("calls side by side: the other one's news says nothing of this request", async () => {
    const agent = scriptAgent();
    await agent.begin();
    await agent.prompt("go");
    agent.update({ sessionUpdate: "tool_call", toolCallId: "t2", title: "sleep", kind: "execute", status: "in_progress" });
    agent.say(ask(0, "t1"));
    const { request } = await agent.event("request");
    const answering = agent.conversation.answer(request.id, { behavior: "allow" });
    await agent.answerTo(0);
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t2", status: "completed" });
    agent.update({ sessionUpdate: "available_commands_update", availableCommands: [{ name: "x" }] });
    await agent.event("facts");
    expect(closings(agent)).toEqual([]);
    agent.update({ sessionUpdate: "tool_call_update", toolCallId: "t1", status: "completed" });
    expect(await answering).toBe("applied");
    expect(closings(agent)).toEqual(["approved remote"]);
  });

  test("the turn is stopped after the answer: nobody says which one it took", async () => {
    const agent = scriptAgent();
    await agent.begin();
    const { id } = await agent.prompt("go");
    agent.say(ask(0, "t1"));
    const { request } = await agent.event("request");
    const answering = agent.conversation.answer(request.id, { behavior: "allow" });
    await agent.answerTo(0);
    await agent.conversation.interrupt();
    agent.say({ id, result: { stopReason: "cancelled" } });
    expect(await answering).toBe("gone");
    expect(closings(agent)).toEqual(["canceled agent"]);
  });
});

describe("a question stays in the history", () => {
  async function asked(): Promise<{ agent: ScriptedAgent; id: string; turn: number | string | undefined }> {
    const agent = scriptAgent();
    await agent.begin();
    const { id: turn } = await agent.prompt("go");
    agent.say(question(0));
    const { request } = await agent.event("request");
    expect(agent.records().at(-1)).toMatchObject({ type: "tool-call", id: request.id, kind: "question", title: "Before I go on" });
    expect(request.toolCallId).toBe(request.id);
    return { agent, id: request.id, turn };
  }
  const result = (agent: ScriptedAgent) => agent.records().find((event) => event.type === "tool-result");

  test("with what was answered", async () => {
    const { agent, id } = await asked();
    const answering = agent.conversation.answer(id, { behavior: "allow", answers: { colour: ["Sky"], many: ["a", "b"] } });
    expect((await agent.answerTo(0)).result).toEqual({ action: "accept", content: { colour: "blue", many: ["a", "b"] } });
    agent.update(words("Thanks."));
    expect(await answering).toBe("applied");
    expect(result(agent)).toMatchObject({ callId: id, status: "completed", output: "Which colour?: Sky\nWhich ones?: a, b" });
  });

  test("skipped", async () => {
    const { agent, id } = await asked();
    const answering = agent.conversation.answer(id, { behavior: "deny", reason: "not now" });
    await agent.answerTo(0);
    agent.update(words("Fine."));
    await answering;
    expect(result(agent)).toMatchObject({ callId: id, status: "denied", output: "not now" });
  });

  test("withdrawn with the turn, and lost with the agent", async () => {
    const stopped = await asked();
    await stopped.agent.conversation.interrupt();
    expect(result(stopped.agent)).toMatchObject({ status: "cancelled" });
    const killed = await asked();
    killed.agent.end();
    await killed.agent.event("exited");
    expect(result(killed.agent)).toMatchObject({ status: "cancelled" });
  });

  test("and so does a permission for something that the agent doesn't name", async () => {
    const agent = scriptAgent();
    await agent.begin();
    await agent.prompt("go");
    agent.say({
      id: 0,
      method: "session/request_permission",
      params: { sessionId: THREAD, toolCall: { title: "Do it" }, options: permissionOptions },
    });
    const { request } = await agent.event("request");
    const answering = agent.conversation.answer(request.id, { behavior: "allow" });
    await agent.answerTo(0);
    agent.update(words("Done."));
    await answering;
    expect(agent.records().filter((event) => event.type.startsWith("tool"))).toMatchObject([
      { type: "tool-call", id: request.id, title: "Do it" },
      { type: "tool-result", callId: request.id, status: "completed" },
    ]);
  });
});
