/** When a turn in the terminal is over: said once, after its last word, while Claude really is idle, whatever the person's own hooks do meanwhile. */
import { join } from "node:path";
import { expect, test } from "bun:test";
import { createRig, type Rig, type RigOptions, texts } from "./rig.ts";
import { say, startLocal } from "./typing.ts";

const stopHook = (command: string): RigOptions => ({ settings: { hooks: { Stop: [{ hooks: [{ type: "command", command }] }] } } });

/** Claude's own word, as its status file has it. */
const untilFree = (rig: Rig): Promise<void> => rig.until("Claude is free", () => !rig.conversation.busy);

test("a Stop hook of the person's own that takes four seconds: the turn ends behind it, once, and a handoff does not hang", async () => {
  await using rig = await createRig(stopHook("sleep 4; echo over > stopped"));
  await startLocal(rig);
  await say(rig, "slow 5 200");
  const ended = await rig.record("turn-ended");
  expect(ended.outcome).toBe("completed");
  expect(rig.exists("stopped")).toBe(true);
  await untilFree(rig);
  await say(rig, "say: and more");
  await rig.record("turn-ended", (event) => event.id !== ended.id);
  await untilFree(rig);
  expect(texts(rig)).toEqual([
    ...["user: slow 5 200", "started", expect.stringContaining("agent: chunk"), "ended: completed"],
    ...["user: say: and more", "started", "agent: and more", "ended: completed"],
  ]);
  expect(rig.events.flatMap((event) => (event.type === "thinking" ? [event.thinking] : []))).toEqual([true, false, true, false]);
}, 480_000);

test("a Stop hook that sends Claude on: what it says then stands in the turn, and it counts as working all the while", async () => {
  await using rig = await createRig(
    stopHook(`sleep 3; [ -e asked ] || { touch asked; echo '{"decision":"block","reason":"say: one more thing"}'; }`),
  );
  await startLocal(rig);
  await say(rig, "slow 5 200");
  await rig.record("agent-message", (event) => event.text.includes("one more thing"));
  expect(rig.events.filter((event) => event.type === "thinking").at(-1)).toMatchObject({ thinking: true });
  await rig.record("turn-ended");
  await untilFree(rig);
  expect(texts(rig)).toEqual([
    ...["user: slow 5 200", "started", expect.stringContaining("agent: chunk"), "agent: one more thing", "ended: completed"],
  ]);
}, 480_000);

test("the transcript comes late: its words still stand in their turn, and Claude, once idle, is free at once", async () => {
  await using rig = await createRig({ readPauseMs: 2_500 });
  await startLocal(rig);
  await say(rig, "run: echo one");
  await rig.record("turn-ended");
  await say(rig, "/clear");
  await rig.wait("another thread", (event) => event.type === "thread" && event.threadId !== rig.firstThread);
  const from = rig.mark();
  await say(rig, "run: echo two");
  await rig.hook("Stop", 2);
  await untilFree(rig);
  await rig.record("turn-ended", undefined, from);
  expect(texts(rig, from).filter((line) => line !== "user: /clear")).toEqual([
    ...["user: run: echo two", "started", "call: Bash", "result: completed", expect.stringContaining("agent: Done"), "ended: completed"],
  ]);
}, 480_000);

test("a turn whose model request failed ends as failed and frees the terminal, with a slow hook on failures too", async () => {
  const hook = [{ hooks: [{ type: "command", command: "sleep 3" }] }];
  await using rig = await createRig({ settings: { hooks: { StopFailure: hook, Stop: hook } } });
  await startLocal(rig);
  await say(rig, "fail 400");
  expect((await rig.record("turn-ended")).outcome).toBe("failed");
  await untilFree(rig);
  expect(texts(rig)).toEqual(["user: fail 400", "started", "ended: failed"]);
}, 480_000);

test("a prompt that the person's own hook refuses leaves nothing that waits", async () => {
  const command = `echo '{"decision":"block","reason":"no way"}'`;
  await using rig = await createRig({ settings: { hooks: { UserPromptSubmit: [{ hooks: [{ type: "command", command }] }] } } });
  await startLocal(rig);
  await say(rig, "say: never");
  await rig.shows("noway");
  await untilFree(rig);
  expect(rig.requests()).toEqual([]);
}, 480_000);

test("a command of the terminal itself, a shell command and a cleared conversation leave nothing that waits", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "/context");
  await rig.shows("Contextusage");
  await untilFree(rig);
  await rig.type("!");
  await say(rig, `sleep 2; touch ${join(rig.cwd, "made")}`, { clear: false });
  await rig.until("Claude is at it", () => rig.conversation.busy);
  await untilFree(rig);
  expect(rig.exists("made")).toBe(true);
  await say(rig, "/clear");
  await rig.wait("another thread", (event) => event.type === "thread" && event.threadId !== rig.firstThread);
  await untilFree(rig);
}, 480_000);
