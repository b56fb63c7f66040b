/** What survives: failures of the model, the end of the agent, the death of the session process. Proved with the model server's own log. */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "bun:test";
import { transcriptPath } from "../../src/claude/paths.ts";
import { ownSystem } from "../../src/claude/system.ts";
import { createRig, type Rig, texts, turn } from "./rig.ts";

const request = (rig: Rig, from = 0) => rig.wait("a request", (event) => event.type === "request" && event.request, from);
const stages = (rig: Rig, localId: string): string[] =>
  rig.events.flatMap((event) => (event.type === "stage" && event.localId === localId ? [event.stage] : []));
const often = (rig: Rig, words: string): number => rig.lastConversation().join("\n").split(words).length - 1;

test("capacity error, then retry: the earlier conversation is sent again and the failed prompt stands once", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "remember pineapple");
  rig.fake.setScenario({ turns: [{ when: { user: "failing-words" }, error: { status: 529, message: "at capacity" } }] });
  await rig.conversation.prompt({ localId: "fails", text: "failing-words", attachments: [] });
  const failed = await rig.record("turn-ended", (event) => event.outcome === "failed");
  expect(failed.failure).toMatchObject({ code: "overloaded", retryable: true, httpStatus: 529 });
  expect(stages(rig, "fails").at(-1)).toBe("failed");
  const from = rig.mark();
  await rig.conversation.retry();
  const ended = await rig.record("turn-ended", undefined, from);
  expect(ended).toMatchObject({ outcome: "completed", localIds: ["fails"] });
  expect(stages(rig, "fails").at(-1)).toBe("done");
  expect(often(rig, "remember pineapple")).toBeGreaterThan(0);
  expect(often(rig, "failing-words")).toBe(1);
  expect(texts(rig, from)).toEqual(["started", "agent: Echo: failing-words", "ended: completed"]);
  await expect(rig.conversation.retry()).rejects.toMatchObject({ code: "retry_unavailable" });
  await turn(rig, "and on");
  expect(often(rig, "failing-words")).toBe(2); // the prompt and its echo
}, 480_000);

test("a turn that had worked before it failed goes on without doing the work twice", async () => {
  await using rig = await createRig();
  await rig.start({ permissionMode: "acceptEdits" });
  rig.fake.setScenario({
    turns: [
      { when: { user: "half-way" }, reply: [{ do: "write log.txt: once" }] },
      { when: { user: "half-way" }, error: { status: 529, message: "at capacity" } },
    ],
  });
  await rig.conversation.prompt({ localId: "half", text: "half-way", attachments: [] });
  await rig.record("turn-ended", (event) => event.outcome === "failed");
  const from = rig.mark();
  await rig.conversation.retry();
  expect(await rig.record("turn-ended", undefined, from)).toMatchObject({ outcome: "completed", localIds: ["half"] });
  expect(often(rig, "half-way")).toBe(1);
  expect(rig.events.filter((event) => event.type === "record" && event.event.type === "tool-call")).toHaveLength(1);
  expect(texts(rig, from).some((line) => line.startsWith("user:"))).toBe(false);
}, 480_000);

test("a retry that is asked again right after it was sent is sent once", async () => {
  await using rig = await createRig();
  await rig.start();
  rig.fake.setScenario({ turns: [{ when: { user: "failing-words" }, error: { status: 529, message: "at capacity" } }] });
  await rig.conversation.prompt({ localId: "fails", text: "failing-words", attachments: [] });
  await rig.record("turn-ended", (event) => event.outcome === "failed");
  const asked = rig.fake.requests.length;
  const from = rig.mark();
  await rig.conversation.retry();
  // Before its turn has begun it is under way; from then on it is refused as running.
  await rig.conversation.retry().catch((cause: unknown) => expect(cause).toMatchObject({ code: "retry_unavailable" }));
  await rig.record("turn-ended", undefined, from);
  await turn(rig, "and on");
  expect(often(rig, "failing-words")).toBe(2); // the prompt and its echo
  expect(rig.fake.requests.slice(asked).filter((one) => one.op === "answer" && !one.aux)).toHaveLength(2);
}, 480_000);

test("a prompt that is taken back or stopped in the moment in which it is handed: what is said of it is what became of it", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "first");
  for (const pause of [0, 0, 1, 2, 4, 8]) {
    const localId = `back-${rig.mark()}`;
    const from = rig.mark();
    await rig.conversation.prompt({ localId, text: `${localId} please`, attachments: [] });
    await new Promise((resolve) => setTimeout(resolve, pause));
    const answer = await rig.conversation.withdraw(localId);
    expect(["removed", "consumed"]).toContain(answer);
    if (answer === "consumed") await rig.record("turn-ended", (event) => event.localIds?.includes(localId) === true, from);
    await turn(rig, "in between");
    expect(rig.lastConversation().join("\n").includes(`${localId} please`)).toBe(answer === "consumed");
    expect(stages(rig, localId).at(-1)).toBe(answer === "consumed" ? "done" : "handed");
  }
  for (const pause of [0, 0, 1, 2, 4, 8]) {
    const localId = `stop-${rig.mark()}`;
    const from = rig.mark();
    await rig.conversation.prompt({ localId, text: "slow 40 50", attachments: [] });
    await new Promise((resolve) => setTimeout(resolve, pause));
    await rig.conversation.interrupt();
    await rig.wait("its end", (event) => event.type === "stage" && event.localId === localId && event.stage === "interrupted", from);
    await turn(rig, "in between");
    expect(stages(rig, localId).at(-1)).toBe("interrupted");
    expect(texts(rig, from).filter((line) => line.startsWith("agent:") && line.includes("chunk 40"))).toEqual([]);
  }
}, 480_000);

test("a prompt that was stopped in the moment in which it was handed is sent by Retry, and stands once", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "remember mango");
  await rig.conversation.prompt({ localId: "stopped", text: "stopped-words", attachments: [] });
  await rig.conversation.interrupt();
  await rig.wait("its end", (event) => event.type === "stage" && event.localId === "stopped" && event.stage === "interrupted");
  const from = rig.mark();
  await rig.conversation.retry();
  expect(await rig.record("turn-ended", undefined, from)).toMatchObject({ outcome: "completed", localIds: ["stopped"] });
  expect(often(rig, "stopped-words")).toBe(1);
  expect(often(rig, "remember mango")).toBeGreaterThan(0);
}, 480_000);

/** Claude writes down that it went back at once, or only when something follows (both seen on 2.1.329). */
test.each(["later", "at once"])(
  "a retry that is given up before it began does not run; asked again, the failed prompt stands once (%s)",
  async (when) => {
    await using rig = await createRig();
    await rig.start();
    await turn(rig, "remember mango");
    expect(await rig.conversation.withdrawRetry()).toBe("none");
    rig.fake.setScenario({ turns: [{ when: { user: "failing-words" }, error: { status: 529, message: "at capacity" } }] });
    await rig.conversation.prompt({ localId: "fails", text: "failing-words", attachments: [] });
    await rig.record("turn-ended", (event) => event.outcome === "failed");
    const asked = rig.requests().length;
    const from = rig.mark();
    await rig.conversation.retry();
    const answer = await rig.conversation.withdrawRetry();
    expect(["removed", "consumed"]).toContain(answer);
    if (answer === "consumed") {
      await rig.record("turn-ended", undefined, from);
      return expect(stages(rig, "fails").at(-1)).toBe("done");
    }
    if (when === "at once") {
      const before = rig.transcript().trim().split("\n");
      const lines = before.map((line) => JSON.parse(line) as { uuid?: string; parentUuid?: string; message?: { content?: unknown } });
      const leafUuid = lines.findLast((line) => JSON.stringify(line.message?.content ?? "").includes("failing-words"))?.parentUuid;
      const sessionId = rig.threadId;
      appendFileSync(
        transcriptPath({ env: rig.env, cwd: rig.cwd, system: ownSystem }, sessionId),
        `${JSON.stringify({ type: "last-prompt", leafUuid, sessionId, explicit: true, rewound: true })}\n`,
      );
    }
    await rig.conversation.retry();
    expect(await rig.record("turn-ended", undefined, from)).toMatchObject({ outcome: "completed", localIds: ["fails"] });
    expect(rig.requests()).toHaveLength(asked + 1);
    expect(often(rig, "failing-words")).toBe(1);
    expect(often(rig, "remember mango")).toBeGreaterThan(0);
  },
  480_000,
);

test("a rate limit says when it is worth asking again: not before the provider's Retry-After", async () => {
  await using rig = await createRig({ env: { CLAUDE_CODE_MAX_RETRIES: "1" } });
  await rig.start();
  const error = { status: 429, message: "Slow down", retryAfter: 2 };
  rig.fake.setScenario({ turns: [{ when: { user: "limited" }, error, times: 2 }] });
  await rig.conversation.prompt({ localId: "limited", text: "limited", attachments: [] });
  const { failure } = await rig.record("turn-ended", (event) => event.outcome === "failed");
  expect(failure).toMatchObject({ code: "rate_limit", retryable: true, httpStatus: 429 });
  expect(failure?.retryAfterMs).toBeGreaterThanOrEqual(2_000);
  expect(failure?.retryAfterMs).toBeLessThan(10_000);
}, 480_000);

test("a subscription's limit is another failure than a rate limit, and says when it is over", async () => {
  const env = { ANTHROPIC_API_KEY: "", CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-test" };
  await using rig = await createRig({ env });
  await rig.start();
  const resetsAt = Math.floor(Date.now() / 1000) + 3 * 3600;
  const headers = {
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-reset": String(resetsAt),
    "anthropic-ratelimit-unified-representative-claim": "five_hour",
    "anthropic-ratelimit-unified-5h-status": "rejected",
    "anthropic-ratelimit-unified-5h-reset": String(resetsAt),
    "anthropic-ratelimit-unified-5h-utilization": "1.0",
  };
  rig.fake.setScenario({ turns: [{ when: { user: "used-up" }, error: { status: 429, message: "No more", headers } }] });
  await rig.conversation.prompt({ localId: "used-up", text: "used-up", attachments: [] });
  const { failure } = await rig.record("turn-ended", (event) => event.outcome === "failed");
  expect(failure).toMatchObject({ code: "usage_limit", retryable: true, httpStatus: 429, resetsAt: resetsAt * 1000 });
  expect(failure?.retryAfterMs).toBeWithin(2 * 3_600_000, 3 * 3_600_000);
}, 480_000);

test("retries of Claude's own are told while they last", async () => {
  await using rig = await createRig({ env: { CLAUDE_CODE_MAX_RETRIES: "3" } });
  await rig.start();
  await rig.conversation.prompt({ localId: "r", text: "fail 529 x1", attachments: [] });
  expect((await rig.record("retrying")).failure.code).toBe("overloaded");
  expect((await rig.record("turn-ended")).outcome).toBe("completed");
}, 480_000);

test("after its end the conversation is resumed in full, and retry still finds the failed prompt", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "remember mango");
  rig.fake.setScenario({ turns: [{ when: { user: "later-words" }, error: { status: 529, message: "at capacity" } }] });
  await rig.conversation.prompt({ localId: "later", text: "later-words", attachments: [] });
  await rig.record("turn-ended", (event) => event.outcome === "failed");
  await rig.conversation.stop({ graceMs: 2_000 });
  expect(rig.events.at(-1)).toMatchObject({ type: "exited", front: "remote", expected: true });
  expect(rig.conversation.front).toBeNull();
  const from = rig.mark();
  await rig.start({ threadId: rig.threadId });
  await rig.conversation.retry();
  await rig.record("turn-ended", undefined, from);
  expect(often(rig, "remember mango")).toBeGreaterThan(0);
  expect(often(rig, "later-words")).toBe(1);
  expect(texts(rig, from)).toEqual(["started", "agent: Echo: later-words", "ended: completed"]);
}, 480_000);

test("a fork has the history and an id of its own", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "remember papaya");
  const original = rig.threadId;
  await rig.conversation.stop({ graceMs: 2_000 });
  const from = rig.mark();
  await rig.anotherSession();
  await rig.start({ threadId: original, fork: true });
  expect(rig.threadId).not.toBe(original);
  await turn(rig, "forked");
  expect(often(rig, "remember papaya")).toBeGreaterThan(0);
  // The new session's timeline begins with the history, told as such: no turns.
  const history = ["user: remember papaya", "agent: Echo: remember papaya"];
  expect(texts(rig, from)).toEqual([...history, "user: forked", "started", "agent: Echo: forked", "ended: completed"]);
}, 480_000);

test("the session process dies with a permission open: the next one finds it, answers it, and nothing is told twice", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "first");
  await rig.conversation.prompt({ localId: "perm", text: "run: touch survived\nsay: done", attachments: [] });
  const open = await request(rig);
  await rig.killSessionProcess();
  const from = rig.mark();
  expect(await rig.conversation.adopt()).toBe("remote");
  const again = await request(rig, from);
  expect(again).toEqual(open);
  expect(rig.conversation.busy).toBe(true);
  expect(await rig.conversation.lookup("perm")).toBe("present");
  expect(await rig.conversation.answer(again.id, { behavior: "allow" })).toBe("applied");
  await rig.record("turn-ended", (event) => event.localIds?.includes("perm") === true, from);
  expect(existsSync(join(rig.cwd, "survived"))).toBe(true);
  const all = texts(rig);
  expect(all.filter((line) => line.startsWith("user: run:"))).toHaveLength(1);
  expect(all.filter((line) => line === "ended: completed")).toHaveLength(2);
  await turn(rig, "and on");
}, 480_000);

test("the session process dies in the middle of a stream, and while a permission comes up unseen", async () => {
  await using rig = await createRig();
  await rig.start();
  rig.fake.setScenario({
    turns: [{ when: { user: "go" }, reply: [{ text: ["one ", "two ", "three ", "four "], chunkMs: 150 }, { do: "run: touch unseen" }] }],
  });
  await rig.conversation.prompt({ localId: "go", text: "go", attachments: [] });
  await rig.wait("live text", (event) => event.type === "stream");
  await rig.killSessionProcess();
  const from = rig.mark();
  expect(await rig.conversation.adopt()).toBe("remote");
  const open = await request(rig, from);
  await rig.conversation.answer(open.id, { behavior: "deny", reason: "no" });
  await rig.record("turn-ended", undefined, from);
  expect(texts(rig)).toEqual([
    "user: go",
    "started",
    "agent: one two three four ",
    "call: Bash",
    "result: denied",
    expect.stringContaining("agent:"),
    "ended: completed",
  ]);
  expect(rig.events.flatMap((event) => (event.type === "thinking" ? [event.thinking] : [])).at(-1)).toBe(false);
}, 480_000);

test("a turn that ended while nobody looked is told once, by whoever comes", async () => {
  await using rig = await createRig();
  await rig.start();
  await rig.conversation.prompt({ localId: "unseen", text: "slow 4 100", attachments: [] });
  await rig.wait("live text", (event) => event.type === "stream");
  await rig.killSessionProcess();
  const answered = Promise.withResolvers<void>();
  const look = setInterval(() => rig.transcript().includes("chunk 4") && answered.resolve(), 50);
  await answered.promise;
  clearInterval(look);
  const from = rig.mark();
  expect(await rig.conversation.adopt()).toBe("remote");
  await rig.record("turn-ended", (event) => event.localIds?.includes("unseen") === true, from);
  expect(stages(rig, "unseen").at(-1)).toBe("done");
  await rig.killSessionProcess();
  await rig.conversation.adopt();
  expect(texts(rig).filter((line) => line.startsWith("ended"))).toEqual(["ended: completed"]);
}, 480_000);

test("the agent is killed in a turn: it is said, the prompt is not lost, and the conversation goes on", async () => {
  await using rig = await createRig();
  await rig.start();
  await rig.conversation.prompt({ localId: "dies", text: "slow 100 50", attachments: [] });
  await rig.wait("live text", (event) => event.type === "stream");
  await rig.wait("its line", (event) => event.type === "stage" && event.stage === "started");
  await rig.host.processes().at(-1)?.signal("SIGKILL");
  const exited = await rig.wait("the end", (event) => event.type === "exited" && event);
  expect(exited).toMatchObject({ expected: false, signal: "SIGKILL", failure: { code: "agent_exited" } });
  expect(stages(rig, "dies").at(-1)).toBe("interrupted");
  expect(await rig.conversation.lookup("dies")).toBe("present");
  await rig.start({ threadId: rig.threadId });
  await turn(rig, "still there");
  expect(often(rig, "slow 100 50")).toBe(1);
}, 480_000);

test("two on one conversation are refused", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "mine");
  await expect(rig.start({ threadId: rig.threadId })).rejects.toMatchObject({ code: "session_active" });
}, 480_000);

test("killed before it wrote down the first prompt: nothing was said, so it begins under another id and goes on", async () => {
  await using rig = await createRig();
  await rig.start();
  const before = rig.threadId;
  await rig.conversation.stop({ graceMs: 5_000 });
  const path = transcriptPath({ env: rig.env, cwd: rig.cwd, system: ownSystem }, before);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ type: "queue-operation", operation: "enqueue", sessionId: before })}\n`);
  await rig.start({ threadId: before });
  expect(rig.threadId).not.toBe(before);
  await turn(rig, "remember pineapple");
  await turn(rig, "and on");
  expect(often(rig, "remember pineapple")).toBe(2); // the prompt and its echo
}, 480_000);

test("nothing the agents ask of the model host is unknown to it", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "hello");
  expect(rig.fake.requests.filter((one) => one.api === "other")).toEqual([]);
}, 480_000);
