/** A driven Claude: turns, permissions, questions, plans, todos, models, pictures, sub-agents. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import type { Answers } from "@hapi/protocol";
import type { DriverEvent } from "../../src/driver.ts";
import { createRig, type Rig, texts, turn } from "./rig.ts";

const request = (rig: Rig, from = 0) => rig.wait("a request", (event) => event.type === "request" && event.request, from);
const closed = (rig: Rig, id: string) => rig.wait("its closing", (event) => event.type === "request-closed" && event.id === id && event);
const stages = (rig: Rig, localId: string): string[] =>
  rig.events.flatMap((event) => (event.type === "stage" && event.localId === localId ? [event.stage] : []));

test("a turn: its thread before its prompt, live text, the record in order, stages, usage and cost", async () => {
  await using rig = await createRig();
  await rig.start();
  expect(rig.events[0]).toEqual({ type: "thread", threadId: rig.threadId });
  await rig.conversation.prompt({ localId: "one", text: "slow 6 20", attachments: [] });
  const ended = await rig.record("turn-ended");
  const deltas = rig.events.filter((event) => event.type === "stream" && !event.done);
  expect(deltas.length).toBeGreaterThan(2);
  const firstDelta = rig.events.findIndex((event) => event.type === "stream");
  const message = await rig.record("agent-message");
  const durable = rig.events.findIndex((event) => event.type === "record" && event.event.type === "agent-message");
  expect(firstDelta).toBeLessThan(durable);
  expect(deltas.every((event) => event.type === "stream" && event.delta.itemId === message.id)).toBe(true);
  expect(deltas.map((event) => (event.type === "stream" ? event.delta.delta : "")).join("")).toBe(message.text);
  expect(texts(rig)).toEqual(["user: slow 6 20", "started", `agent: ${message.text}`, "ended: completed"]);
  expect(stages(rig, "one")).toEqual(["handed", "in-transcript", "started", "done"]);
  expect(ended.usage?.costUsd).toBeGreaterThan(0);
  expect(ended.usage?.contextWindow).toBeGreaterThan(100_000);
  expect(ended.usage?.contextTokens).toBeGreaterThan(1_000);
  expect(rig.events.flatMap((event) => (event.type === "thinking" ? [event.thinking] : []))).toEqual([true, false]);
  expect(rig.events.some((event) => event.type === "facts" && (event.tools?.length ?? 0) > 5)).toBe(true);
  expect(await rig.conversation.lookup("one")).toBe("present");
  expect(await rig.conversation.lookup("never")).toBe("absent");
  expect((await rig.conversation.listModels()).map((model) => model.id)).toContain("sonnet");
}, 480_000);

test("permissions: allow, deny with a reason, allow for the session, deny and stop", async () => {
  await using rig = await createRig();
  await rig.start();
  await rig.conversation.prompt({ localId: "allow", text: "run: touch made", attachments: [] });
  const first = await request(rig);
  expect(first).toMatchObject({ kind: "permission", tool: "Bash", sessionScope: expect.stringContaining("touch made") });
  expect(await rig.conversation.answer(first.id, { behavior: "allow" })).toBe("applied");
  expect(await closed(rig, first.id)).toMatchObject({ outcome: "approved", by: "remote" });
  await rig.record("turn-ended");
  expect(existsSync(join(rig.cwd, "made"))).toBe(true);
  expect(await rig.conversation.answer(first.id, { behavior: "allow" })).toBe("gone");

  let from = rig.mark();
  await rig.conversation.prompt({ localId: "deny", text: "run: touch not-made", attachments: [] });
  const second = await request(rig, from);
  await rig.conversation.answer(second.id, { behavior: "deny", reason: "rather not" });
  await rig.record("turn-ended", undefined, from);
  expect(rig.lastConversation().at(-1)).toContain("rather not");
  expect(texts(rig, from)).toContain("result: denied");
  expect(existsSync(join(rig.cwd, "not-made"))).toBe(false);

  from = rig.mark();
  await rig.conversation.prompt({ localId: "session", text: "run: touch a1\nrun: touch a1", attachments: [] });
  const third = await request(rig, from);
  await rig.conversation.answer(third.id, { behavior: "allow", forSession: true });
  await rig.record("turn-ended", undefined, from);
  expect(rig.events.slice(from).filter((event) => event.type === "request")).toHaveLength(1);
  expect(existsSync(join(rig.cwd, ".claude", "settings.local.json"))).toBe(false);

  from = rig.mark();
  await rig.conversation.prompt({ localId: "stop", text: "run: touch a2\nsay: unreachable", attachments: [] });
  const fourth = await request(rig, from);
  await rig.conversation.answer(fourth.id, { behavior: "deny", reason: "stop", interrupt: true });
  expect((await rig.record("turn-ended", undefined, from)).outcome).toBe("interrupted");
  expect(stages(rig, "stop").at(-1)).toBe("interrupted");
}, 480_000);

test("a question takes its answer in both wire shapes", async () => {
  await using rig = await createRig();
  await rig.start();
  const shapes: Answers[] = [{ "Which color?": ["Blue"] }, { "0": { answers: ["Blue"] } }];
  for (const answers of shapes) {
    const from = rig.mark();
    await rig.conversation.prompt({ localId: `q${from}`, text: "ask: Which color?|Red|Blue", attachments: [] });
    const open = await request(rig, from);
    expect(open.kind).toBe("question");
    await rig.conversation.answer(open.id, { behavior: "allow", answers });
    await rig.record("turn-ended", undefined, from);
    expect(rig.lastConversation().at(-1)).toContain('"Which color?"="Blue"');
  }
}, 480_000);

test("a plan is sent back, then accepted with a mode of its own", async () => {
  await using rig = await createRig();
  await rig.start({ permissionMode: "plan" });
  await rig.conversation.prompt({ localId: "p", text: "plan: do it", attachments: [] });
  const first = await request(rig);
  expect(first.kind).toBe("plan");
  await rig.conversation.answer(first.id, { behavior: "deny", reason: "add a step" });
  await rig.record("turn-ended");
  expect(rig.lastConversation().join("\n")).toContain("add a step");
  const from = rig.mark();
  await rig.conversation.prompt({ localId: "p2", text: "plan: do it better", attachments: [] });
  const second = await request(rig, from);
  await rig.conversation.answer(second.id, { behavior: "allow", mode: "acceptEdits" });
  await rig.record("turn-ended", undefined, from);
  await rig.wait("the mode", (event) => event.type === "mode" && event.mode === "acceptEdits", from);
}, 480_000);

for (const [family, env] of [
  ["tasks", {}],
  ["one list", { CLAUDE_CODE_ENABLE_TASKS: "0" }],
] as const) {
  test(`todos kept as ${family}`, async () => {
    await using rig = await createRig({ env });
    await rig.start();
    await turn(rig, "todo: one,two");
    const plans = (): Extract<DriverEvent, { type: "record" }>[] =>
      rig.events.flatMap((event) => (event.type === "record" && event.event.type === "plan" ? [event] : []));
    const last = plans().at(-1)?.event;
    expect(last?.type === "plan" && last.entries.map((entry) => entry.content)).toEqual(["one", "two"]);
    if (family === "tasks") {
      await turn(rig, 'call: TaskUpdate {"taskId":"1","status":"completed"}');
      const after = plans().at(-1)?.event;
      expect(after?.type === "plan" && after.entries.map((entry) => [entry.id, entry.status])).toEqual([
        ["task-1", "completed"],
        ["task-2", "pending"],
      ]);
    }
  }, 480_000);
}

test("abort ends the turn, and the next one works", async () => {
  await using rig = await createRig();
  await rig.start();
  await rig.conversation.prompt({ localId: "slow", text: "slow 100 50", attachments: [] });
  await rig.wait("live text", (event) => event.type === "stream");
  expect(rig.conversation.busy).toBe(true);
  await rig.conversation.interrupt();
  expect((await rig.record("turn-ended")).outcome).toBe("interrupted");
  expect(stages(rig, "slow")).toEqual(["handed", "in-transcript", "started", "interrupted"]);
  expect((await turn(rig, "after")).outcome).toBe("completed");
}, 480_000);

test("model and permission mode change in the live session", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "one");
  const before = rig.requests().at(-1)?.model;
  await rig.conversation.setModel("sonnet");
  await turn(rig, "two");
  expect(rig.requests().at(-1)?.model).toContain("sonnet");
  await rig.conversation.setModel(null);
  await turn(rig, "three");
  expect(rig.requests().at(-1)?.model).toBe(before as string);
  await rig.conversation.setPermissionMode("acceptEdits");
  await turn(rig, "write note.txt: hello");
  expect(rig.events.some((event) => event.type === "request")).toBe(false);
  expect(existsSync(join(rig.cwd, "note.txt"))).toBe(true);
  const diff = rig.events.find(
    (event) => event.type === "record" && event.event.type === "tool-result" && event.event.content?.[0]?.type === "diff",
  );
  expect(diff).toBeDefined();
}, 480_000);

test("a picture goes along, another file is mentioned", async () => {
  await using rig = await createRig();
  const png = join(rig.cwd, "p.png");
  writeFileSync(
    png,
    Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64"),
  );
  const note = join(rig.cwd, "note.md");
  writeFileSync(note, "words in a file");
  await rig.start();
  const attachments = [
    { id: "1", filename: "p.png", mimeType: "image/png", size: 70, path: png },
    { id: "2", filename: "note.md", mimeType: "text/markdown", size: 15, path: note },
  ];
  await rig.conversation.prompt({ localId: "pic", text: "look", attachments });
  await rig.record("turn-ended");
  expect(rig.lastConversation().join("\n")).toContain("image");
  expect(rig.lastConversation().join("\n")).toContain("words in a file");
}, 480_000);

test("a sub-agent's work stands under its call", async () => {
  await using rig = await createRig();
  await rig.start();
  await rig.conversation.prompt({ localId: "sub", text: "agent: run: echo from-the-sub", attachments: [] });
  const call = await rig.record("tool-call", (event) => event.tool === "Agent");
  const inner = await rig.record("tool-call", (event) => event.tool === "Bash");
  expect(inner.parent).toBe(call.id);
  expect((await rig.record("tool-result", (event) => event.parent === call.id)).output).toContain("from-the-sub");
}, 480_000);

test("a prompt sent during a turn is folded in or taken back", async () => {
  await using rig = await createRig();
  await rig.start();
  await rig.conversation.prompt({ localId: "first", text: "slow 20 50", attachments: [] });
  await rig.wait("live text", (event) => event.type === "stream");
  await rig.conversation.prompt({ localId: "second", text: "run: echo second", attachments: [] });
  await rig.conversation.prompt({ localId: "third", text: "zebra-not-sent", attachments: [] });
  expect(await rig.conversation.withdraw("third")).toBe("removed");
  await rig.record("turn-ended", (event) => event.localIds?.includes("second") === true);
  expect(stages(rig, "second").at(-1)).toBe("done");
  expect(rig.lastConversation().join("\n")).not.toContain("zebra-not-sent");
}, 480_000);

test("a conversation of the remote front gets a name, and keeps it in Claude's own record", async () => {
  await using rig = await createRig({ env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "" } });
  rig.fake.setScenario({ turns: [{ when: { aux: true }, reply: '{"title":"Fix the roof"}', forever: true }] });
  await rig.start();
  await turn(rig, "please fix the roof");
  const title = await rig.wait("a title", (event) => event.type === "title" && event.title);
  expect(title).toContain("roof");
}, 480_000);
