/** Claude in its own terminal: observed in order, answered from elsewhere while its dialog is up, handed over and back on one conversation. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { liveOnThread } from "../../src/claude/live-sessions.ts";
import { ownSystem } from "../../src/claude/system.ts";
import { createRig, type Rig, texts, turn } from "./rig.ts";
import { say, startLocal } from "./typing.ts";

const request = (rig: Rig, from = 0) => rig.wait("a request", (event) => event.type === "request" && event.request, from);
const closed = (rig: Rig, id: string) => rig.wait("its closing", (event) => event.type === "request-closed" && event.id === id && event);

test("a turn typed in the terminal is observed in order", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: echo hi-there");
  await rig.record("turn-ended");
  expect(texts(rig)).toEqual([
    "user: run: echo hi-there",
    "started",
    "call: Bash",
    "result: completed",
    expect.stringContaining("agent: Done"),
    "ended: completed",
  ]);
  expect(rig.events.flatMap((event) => (event.type === "thinking" ? [event.thinking] : []))).toEqual([true, false]);
  expect(
    rig.events.some((event) => event.type === "record" && event.event.type === "user-message" && event.event.origin === "terminal"),
  ).toBe(true);
}, 480_000);

test("a permission is answered from elsewhere while the dialog is up: allowed, then denied", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: touch from-afar");
  const open = await request(rig);
  expect(open.toolCallId).toMatch(/^toolu_/);
  await rig.shows("Doyouwanttoproceed?");
  expect(["applied", "sent"]).toContain(await rig.conversation.answer(open.id, { behavior: "allow" }));
  expect(await closed(rig, open.id)).toMatchObject({ outcome: "approved", by: "remote" });
  await rig.record("turn-ended");
  expect(existsSync(join(rig.cwd, "from-afar"))).toBe(true);
  const from = rig.mark();
  await say(rig, "run: touch never-made");
  const second = await request(rig, from);
  await rig.conversation.answer(second.id, { behavior: "deny", reason: "rather not" });
  await rig.record("turn-ended", undefined, from);
  expect(rig.lastConversation().join("\n")).toContain("rather not");
  expect(existsSync(join(rig.cwd, "never-made"))).toBe(false);
}, 480_000);

test("a permission answered in the terminal closes the request, allowed or not", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: touch by-hand");
  const open = await request(rig);
  await rig.shows("Doyouwanttoproceed?");
  expect(await rig.press("1", closed(rig, open.id))).toMatchObject({ outcome: "approved", by: "terminal" });
  await rig.record("turn-ended");
  expect(await rig.conversation.answer(open.id, { behavior: "deny" })).toBe("gone");
  const from = rig.mark();
  await say(rig, "run: touch refused");
  const second = await request(rig, from);
  await rig.shows(/Doyouwanttoproceed\?[\s\S]*Doyouwanttoproceed\?/);
  expect(await rig.press("\u001b", closed(rig, second.id))).toMatchObject({ outcome: "denied", by: "terminal" });
  expect((await rig.record("turn-ended", undefined, from)).outcome).toBe("interrupted");
}, 480_000);

test("for this session, answered from elsewhere, holds for this session and writes no settings", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: touch once");
  const open = await request(rig);
  expect(open.sessionScope).toContain("touch once");
  await rig.conversation.answer(open.id, { behavior: "allow", forSession: true });
  await rig.record("turn-ended");
  const from = rig.mark();
  await say(rig, "run: touch once");
  await rig.record("turn-ended", undefined, from);
  expect(rig.events.slice(from).some((event) => event.type === "request")).toBe(false);
  expect(existsSync(join(rig.cwd, ".claude", "settings.local.json"))).toBe(false);
}, 480_000);

test("a question on the screen is answered from elsewhere", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "ask: Which color?|Red|Blue");
  const open = await request(rig);
  expect(open.kind).toBe("question");
  await rig.conversation.answer(open.id, { behavior: "allow", answers: { "0": ["Blue"] } });
  await rig.record("turn-ended");
  expect(rig.lastConversation().join("\n")).toContain('"Which color?"="Blue"');
}, 480_000);

test("the session process dies while the dialog is up: the next one answers it", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: touch after-death");
  const open = await request(rig);
  await rig.killSessionProcess();
  const from = rig.mark();
  expect(await rig.takeOver()).toBe("local");
  const again = await request(rig, from);
  expect(again).toEqual(open);
  expect(["applied", "sent"]).toContain(await rig.conversation.answer(again.id, { behavior: "allow" }));
  await rig.record("turn-ended", undefined, from);
  expect(existsSync(join(rig.cwd, "after-death"))).toBe(true);
  expect(texts(rig).filter((line) => line.startsWith("user:"))).toHaveLength(1);
}, 480_000);

test("terminal → remote → terminal on one conversation, never two at once", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  const thread = rig.threadId;
  await say(rig, "remember kiwi");
  await rig.record("turn-ended");
  await rig.conversation.stop({ graceMs: 2_000 });
  expect(rig.events.at(-1)).toMatchObject({ type: "exited", front: "local", expected: true });
  expect(liveOnThread({ env: rig.env, system: ownSystem }, thread)).toEqual([]);
  await rig.start({ threadId: thread });
  await turn(rig, "and from afar");
  expect(rig.lastConversation().join("\n")).toContain("remember kiwi");
  expect(liveOnThread({ env: rig.env, system: ownSystem }, thread)).toHaveLength(1);
  await rig.conversation.stop({ graceMs: 2_000 });
  expect(liveOnThread({ env: rig.env, system: ownSystem }, thread)).toEqual([]);
  await startLocal(rig, { threadId: thread });
  await rig.shows("andfromafar");
  const from = rig.mark();
  await say(rig, "back again");
  await rig.record("turn-ended", undefined, from);
  expect(rig.lastConversation().join("\n")).toContain("and from afar");
  expect(rig.threadId).toBe(thread);
  expect(texts(rig).filter((line) => line.startsWith("user:"))).toEqual(["user: remember kiwi", "user: and from afar", "user: back again"]);
}, 480_000);

test("a handoff before the first prompt: the conversation that is not on disk yet is begun, not resumed", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  const thread = rig.threadId;
  await rig.conversation.stop({ graceMs: 2_000 });
  await rig.start({ threadId: thread });
  expect((await turn(rig, "first words")).outcome).toBe("completed");
  expect(rig.threadId).toBe(thread);
}, 480_000);

test("a running turn is interrupted by a stop that may", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "slow 100 50");
  await rig.shows("chunk2");
  await rig.conversation.stop({ graceMs: 4_000, interrupt: true });
  expect((await rig.record("turn-ended")).outcome).toBe("interrupted");
  expect(rig.events.at(-1)).toMatchObject({ type: "exited", expected: true });
}, 480_000);

test("another conversation is followed although the report of it was lost, and one of the first comes late", async () => {
  const first: unknown[] = [];
  await using rig = await createRig({
    arrives({ hook_event_name: event, source, ...rest }) {
      if (event === "SessionStart" && source === "startup") first.push({ hook_event_name: event, source, ...rest });
      return !(event === "SessionStart" && source === "clear");
    },
  });
  await startLocal(rig);
  const before = rig.threadId;
  await say(rig, "say: one");
  await rig.record("turn-ended");
  const from = rig.mark();
  await say(rig, "/clear");
  await rig.hook("SessionStart", 2);
  await say(rig, "say: two");
  const thread = await rig.wait("another thread", (event) => event.type === "thread" && event.threadId !== before && event.threadId, from);
  await rig.record("agent-message", ({ text }) => text.includes("two"), from);
  await rig.record("turn-ended", undefined, from);
  await rig.conversation.onHook?.(first[0], new AbortController().signal);
  const next = rig.mark();
  await say(rig, "say: three");
  await rig.record("agent-message", ({ text }) => text.includes("three"), next);
  await rig.record("turn-ended", undefined, next);
  expect(rig.threadId).toBe(thread);
}, 480_000);

test("/clear begins another conversation; quitting is no failure", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  const before = rig.threadId;
  await say(rig, "one");
  await rig.record("turn-ended");
  const from = rig.mark();
  await say(rig, "/clear");
  const thread = await rig.wait("another thread", (event) => event.type === "thread" && event.threadId !== before && event.threadId, from);
  await say(rig, "two");
  await rig.record("user-message", (event) => event.text === "two", from);
  await rig.record("turn-ended", undefined, from);
  expect(rig.threadId).toBe(thread);
  await rig.type("\u0003");
  await rig.type("\u0003");
  const exited = await rig.wait("the end", (event) => event.type === "exited" && event);
  expect(exited).toMatchObject({ front: "local", expected: false, code: 0 });
  expect(exited.failure).toBeUndefined();
}, 480_000);
