/** Claude in the terminal with `disableAllHooks` in the person's own settings: followed by its transcript and its status file, and said so. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { createRig, texts, turn } from "./rig.ts";
import { say, startLocal } from "./typing.ts";

test("without hooks: it is said once; turns, a dialog that can be answered there only, another conversation and a handoff are followed all the same", async () => {
  await using rig = await createRig({ settings: { disableAllHooks: true }, lossy: true });
  await startLocal(rig);
  const loss = await rig.wait("it is said", (event) => event.type === "loss" && event);
  expect(loss).toMatchObject({ kind: "hooks_silent", words: { text: expect.stringContaining("can be answered there only") } });
  await say(rig, "run: touch by-hand");
  const open = await rig.wait("the dialog", (event) => event.type === "dialog" && event.dialog);
  expect(open).toMatchObject({ about: "permission prompt" });
  expect(rig.conversation.busy).toBe(true);
  await rig.shows("Doyouwanttoproceed?");
  await rig.press(
    "1",
    rig.wait("its end", (event) => event.type === "dialog" && event.dialog === null),
  );
  await rig.record("turn-ended");
  expect(existsSync(join(rig.cwd, "by-hand"))).toBe(true);
  expect(texts(rig).filter((line) => !line.startsWith("warning"))).toEqual([
    ...[
      "user: run: touch by-hand",
      "started",
      "call: Bash",
      "result: completed",
      expect.stringContaining("agent: Done"),
      "ended: completed",
    ],
  ]);
  await rig.until("Claude is free", () => !rig.conversation.busy);

  await say(rig, "/clear");
  const thread = await rig.wait(
    "another thread",
    (event) => event.type === "thread" && event.threadId !== rig.firstThread && event.threadId,
  );
  const from = rig.mark();
  await say(rig, "say: two");
  await rig.record("turn-ended", undefined, from);
  expect(texts(rig, from).filter((line) => line !== "user: /clear")).toEqual([
    "user: say: two",
    "started",
    "agent: two",
    "ended: completed",
  ]);
  await rig.conversation.stop({ graceMs: 2_000 });
  await rig.start({ threadId: thread });
  expect((await turn(rig, "say: from afar")).outcome).toBe("completed");
  expect(rig.lastConversation().join("\n")).toContain("say: two");
  expect(rig.events.filter((event) => event.type === "loss" && event.kind === "hooks_silent")).toHaveLength(1);
}, 480_000);

test("with hooks nothing of it is said, and a dialog that a hook asked about is a request, not a dialog", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: touch asked");
  const request = await rig.wait("a request", (event) => event.type === "request" && event.request);
  await rig.shows("Doyouwanttoproceed?");
  await rig.conversation.answer(request.id, { behavior: "allow" });
  await rig.record("turn-ended");
  expect(rig.events.some((event) => event.type === "dialog")).toBe(false);
  expect(rig.events.some((event) => event.type === "loss")).toBe(false);
}, 480_000);
