/** Host and session process write at the same time, each its own file: nothing of either is lost. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSession } from "../src/session/create-session.ts";
import { openSessionFile, readSessionFile } from "../src/session/session-file.ts";

const home = mkdtempSync(join(tmpdir(), "machine-two-writers-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("a host that leaves its mark while the session writes its file", async () => {
  const { dir } = createSession({
    home,
    flavor: "fake",
    cwd: home,
    machineId: "m",
    hubUrl: "http://127.0.0.1:1",
    startedBy: "runner",
    startingMode: "remote",
  });
  const host = Bun.spawn([process.execPath, join(import.meta.dir, "mark-entry.ts"), dir], { stdout: "pipe" });
  const sessionFile = openSessionFile(dir);
  let number = 0;
  let lost = 0;
  const over = host.exited;
  let isOver = false;
  void over.then(() => (isOver = true));
  while (!isOver) {
    const threadId = `thread-${number++}`;
    sessionFile.update({ threadId });
    await Promise.race([over, new Promise((resolve) => setImmediate(resolve))]);
    if (readSessionFile(dir)?.threadId !== threadId) lost += 1;
  }
  expect({ ofTheHost: Number(await new Response(host.stdout).text()), ofTheSession: lost }).toEqual({ ofTheHost: 0, ofTheSession: 0 });
}, 60_000);
