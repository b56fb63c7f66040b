/** Another Claude opens the session's conversation past HAPI: it is said, once, in the session's own history. */
import { expect, test } from "bun:test";
import { openPty } from "@hapi/platform";
import { createRig } from "./rig.ts";
import { say, startLocal } from "./typing.ts";

test("claude --resume in another terminal is noticed; the session's own process never is", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "the first words");
  await rig.record("turn-ended");
  expect(rig.events.some((event) => event.type === "record" && event.event.type === "notice")).toBe(false);

  const { HAPI_CLAUDE_PATH: program = "", ...env } = rig.env;
  const other = openPty({ argv: [program, "--resume", rig.threadId], cwd: rig.cwd, env, cols: 100, rows: 30, onData: () => undefined });
  try {
    const notice = await rig.record("notice");
    expect(notice.text).toContain(`process ${other.pid}`);
    expect(notice.level).toBe("warning");
  } finally {
    other.signal("SIGKILL");
    await other.exited;
  }
  await say(rig, "more words");
  await rig.record("turn-ended", undefined, rig.mark());
  expect(rig.events.filter((event) => event.type === "record" && event.event.type === "notice").length).toBe(1);
}, 480_000);
