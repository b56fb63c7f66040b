/** Claude steered from the web alone: `hapi --hapi-starting-mode remote`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { fileCalls } from "@hapi/client";
import type { AgentEvent } from "@hapi/protocol";
import { BANNER, shows } from "./tui.ts";
import type { WebSession } from "./web.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const HANDED_TO_DONE = ["handed", "in-transcript", "started", "done"] as const;

async function remote(options: WorldOptions = {}, words = ""): Promise<{ world: World; session: WebSession }> {
  const world = await createWorld(options);
  try {
    const { terminal, session } = await world.start(`claude --hapi-starting-mode remote ${words}`);
    await shows(terminal, BANNER);
    await world.web.until(() => session.value.active && session.value.metadata?.lifecycleState === "running", "running");
    return { world, session };
  } catch (cause) {
    await world[Symbol.asyncDispose]();
    throw cause;
  }
}

const has = (world: World, path: string): boolean => existsSync(join(world.cwd, path));
const of = <T extends AgentEvent["type"]>(session: WebSession, type: T): Extract<AgentEvent, { type: T }>[] =>
  session.history.filter((event): event is Extract<AgentEvent, { type: T }> => event.type === type);

test("approve, deny with a reason, allow for the session, deny and stop", async () => {
  const { world, session } = await remote();
  await using _ = world;
  const { permissions } = world.web.api;
  const seen: string[] = [];
  const asked = async () => {
    const request = await session.request(seen);
    seen.push(request.id);
    return request;
  };

  const allowed = await session.send("run: touch allowed");
  const first = await asked();
  expect(first).toMatchObject({ tool: "Bash", kind: "permission", arguments: { command: "touch allowed" } });
  expect(world.web.state.summaries[session.id]).toMatchObject({ pendingRequestsCount: 1 });
  // `sent`: an agent that goes on only after some seconds, on a busy machine.
  expect(["applied", "sent"]).toContain((await permissions.approve(session.id, first.id, { decision: "approved" })).status);
  expect(await permissions.deny(session.id, first.id)).toMatchObject({ status: "closed" });
  await session.finished(allowed);
  expect(session.stages(allowed)).toEqual([...HANDED_TO_DONE]);
  expect(has(world, "allowed")).toBe(true);
  await session.turns(1);
  expect(session.told).toEqual([
    "sent: run: touch allowed",
    "started",
    "calls: Bash",
    "result: completed",
    expect.stringContaining("says: Done"),
    "ended: completed",
  ]);

  const denied = await session.send("run: touch denied");
  const second = await asked();
  // `sent`: an agent that goes on only after some seconds, on a busy machine.
  expect(["applied", "sent"]).toContain((await permissions.deny(session.id, second.id, { reason: "use another name" })).status);
  await session.finished(denied);
  expect(has(world, "denied")).toBe(false);
  expect(of(session, "tool-result").at(-1)).toMatchObject({ status: "denied" });
  expect(session.closed(second.id)).toMatchObject({ status: "denied", reason: "use another name", answeredBy: "person" });
  expect(world.lastConversation().at(-1)).toContain("use another name");

  const twice = await session.send("run: touch twice\nrun: touch twice");
  const third = await asked();
  expect(third.sessionScope).toContain("touch twice");
  await permissions.approve(session.id, third.id, { decision: "approved_for_session" });
  await session.finished(twice);
  await session.ask("run: touch twice");
  expect(session.requests).toEqual([]);
  expect(Object.keys(session.value.agentState?.completedRequests ?? {})).toHaveLength(3);
  // For this session means just that: nothing is written into the project's settings.
  expect(has(world, ".claude/settings.local.json")).toBe(false);

  const stopped = await session.send("run: touch stopped\nsay: unreachable");
  const fourth = await asked();
  await permissions.deny(session.id, fourth.id, { decision: "abort", reason: "stop here" });
  await session.finished(stopped, "interrupted");
  await session.tells("ended: interrupted");
  expect(has(world, "stopped")).toBe(false);
  expect(session.told).not.toContain("says: unreachable");
  await session.ask("say: still there");
}, 480_000);

test("a question, a plan sent back, a plan accepted with a mode of its own", async () => {
  const { world, session } = await remote();
  await using _ = world;
  const { api } = world.web;
  const question = await session.send("ask: Which color?|Red|Blue");
  const asked = await session.request();
  expect(asked).toMatchObject({ tool: "AskUserQuestion", kind: "question" });
  expect(world.web.state.summaries[session.id]?.pendingRequestKinds).toEqual(["input"]);
  await api.permissions.approve(session.id, asked.id, { answers: { "Which color?": ["Blue"] } });
  await session.finished(question);
  expect(world.lastConversation().join("\n")).toContain('"Which color?"="Blue"');

  await api.sessions.setPermissionMode(session.id, "plan");
  await world.web.until(() => session.value.permissionMode === "plan", "plan mode");
  const plan = await session.send("plan: do it");
  const back = await session.request([asked.id]);
  expect(back.kind).toBe("plan");
  expect(JSON.stringify(back.arguments)).toContain("do it");
  await api.permissions.deny(session.id, back.id, { reason: "add a step" });
  await session.finished(plan);
  expect(world.lastConversation().join("\n")).toContain("add a step");
  expect(session.value.permissionMode).toBe("plan");

  const better = await session.send("plan: do it better");
  const accepted = await session.request([asked.id, back.id]);
  await api.permissions.approve(session.id, accepted.id, { mode: "acceptEdits" });
  await session.finished(better);
  await world.web.until(() => session.value.permissionMode === "acceptEdits", "the mode of the answer");
  await session.ask("write note.txt: hello");
  expect(readFileSync(join(world.cwd, "note.txt"), "utf8")).toBe("hello");
  expect(Object.keys(session.value.agentState?.completedRequests ?? {})).toHaveLength(3);
}, 480_000);

test("thinking and text stream before the turn ends; abort ends it and the next turn works", async () => {
  const { world, session } = await remote();
  await using _ = world;
  const streamed = (): string =>
    Object.values(world.web.state.windows[session.id]?.streams ?? {})
      .map((buffer) => buffer.text)
      .join("");
  const thought = await session.send("think: let me see\nslow 30 100");
  await world.web.until(() => streamed().includes("chunk 1"), "live text");
  expect(streamed()).not.toContain("chunk 10 ");
  expect(session.told).not.toContain("ended: completed");
  expect(session.value.thinking).toBe(true);
  await session.finished(thought);
  await session.turns(1);
  expect(session.told).toEqual([
    "sent: think: let me see\nslow 30 100",
    "started",
    "thinks: let me see",
    expect.stringMatching(/^says: chunk 1 .*chunk 30 $/),
    "ended: completed",
  ]);
  // What was live has become a row: nothing is shown twice.
  expect(session.drawn.filter((line) => line.includes("chunk 30"))).toHaveLength(1);

  const long = await session.send("slow 200 100");
  await world.web.until(() => streamed().includes("chunk 2"), "live text");
  await world.web.api.sessions.abort(session.id);
  await session.finished(long, "interrupted");
  await session.tells("ended: interrupted");
  await session.idle();
  expect(session.stages(long)).toEqual(["handed", "in-transcript", "started", "interrupted"]);
  await world.until(() => world.models.requests.some((request) => request.aborted), "the model's answer was hung up on");
  await session.ask("say: after the abort");
}, 480_000);

test("model and permission mode change in the running session", async () => {
  const { world, session } = await remote();
  await using _ = world;
  const { sessions } = world.web.api;
  await session.ask("one");
  const before = world.asked().at(-1)?.model ?? "";
  const agent = await world.agent(session.id);
  await sessions.setModel(session.id, "sonnet");
  await world.web.until(() => session.value.model === "sonnet", "the model at the web");
  await session.ask("two");
  expect(world.asked().at(-1)?.model).toContain("sonnet");
  await sessions.setModel(session.id, null);
  await session.ask("three");
  expect(world.asked().at(-1)?.model).toBe(before);

  await sessions.setPermissionMode(session.id, "acceptEdits");
  await session.ask("write free.txt: x");
  expect(has(world, "free.txt")).toBe(true);
  await sessions.setPermissionMode(session.id, "default");
  const asks = await session.send("write asked.txt: x");
  const request = await session.request();
  await world.web.api.permissions.approve(session.id, request.id);
  await session.finished(asks);
  expect(has(world, "asked.txt")).toBe(true);
  await expect(sessions.setPermissionMode(session.id, "no-such-mode")).rejects.toMatchObject({ code: "invalid_mode", status: 400 });
  // All of it in one process.
  expect(await world.agent(session.id)).toEqual(agent);
}, 480_000);

test("a picture and a file go along; a sub-agent's work stands under its call", async () => {
  const { world, session } = await remote();
  await using _ = world;
  const files = fileCalls(world.web.api);
  const picture = await files.upload(session.id, { filename: "p.png", mimeType: "image/png", content: PIXEL });
  const words = await files.upload(session.id, {
    filename: "note.md",
    mimeType: "text/markdown",
    content: Buffer.from("words in a file").toString("base64"),
  });
  const attachments = [
    { id: "1", filename: "p.png", mimeType: "image/png", size: 70, path: picture.path },
    { id: "2", filename: "note.md", mimeType: "text/markdown", size: 15, path: words.path },
  ];
  await session.finished(await session.send("look at these", { attachments }));
  const conversation = world.lastConversation().join("\n");
  expect(conversation).toContain("image image");
  expect(conversation).toContain("words in a file");
  expect(of(session, "user-message")[0]?.attachments).toHaveLength(2);

  await session.ask("agent: run: echo from-the-sub");
  const call = of(session, "tool-call").find((event) => event.tool === "Agent");
  const inner = await world.web.until(() => of(session, "tool-call").find((event) => event.tool === "Bash"), "the sub-agent's call");
  expect(inner.parent).toBe(call?.id as string);
  const result = await world.web.until(() => of(session, "tool-result").find((event) => event.callId === inner.id), "its result");
  expect(result).toMatchObject({ parent: call?.id, output: expect.stringContaining("from-the-sub") });
}, 480_000);

for (const [family, env] of [
  ["Task tools", {}],
  ["TodoWrite", { CLAUDE_CODE_ENABLE_TASKS: "0" }],
] as const) {
  test(`a todo list kept with ${family} is the session's todo list`, async () => {
    const { world, session } = await remote({ env: { ...env } });
    await using _ = world;
    const listed = (): string[] => (session.value.todos ?? []).map((todo) => `${todo.content} ${todo.status}`);
    await session.ask("todo: *one,two");
    await world.web.until(() => listed().length === 2, "two todos");
    await session.ask(family === "TodoWrite" ? "todo: +one,*two" : 'call: TaskUpdate {"taskId":"1","status":"completed"}');
    await world.web.until(() => listed()[0] === "one completed", "the first is done");
    expect(listed().map((line) => line.split(" ")[0])).toEqual(["one", "two"]);
    expect(world.web.state.summaries[session.id]?.todoProgress).toEqual({ completed: 1, total: 2 });
    expect(session.drawn.filter((line) => line.startsWith("todo: "))).not.toEqual([]);
  }, 480_000);
}
