/** Deleting at the hub removes the session's folder here, and only that, and only when nothing lives in it. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processStartTime } from "@hapi/platform";
import { createSession } from "../session/create-session.ts";
import { forgetSession } from "./forget.ts";

const home = mkdtempSync(join(tmpdir(), "hapi-forget-"));
afterEach(() => rmSync(home, { recursive: true, force: true }));

function session(): { sessionId: string; dir: string } {
  mkdirSync(home, { recursive: true });
  return createSession({
    home,
    flavor: "demo",
    cwd: home,
    machineId: "m",
    hubUrl: "http://127.0.0.1:1",
    startedBy: "runner",
    startingMode: "remote",
  });
}

test("its folder goes with everything in it; others stay; twice is harmless", async () => {
  const [one, other] = [session(), session()];
  writeFileSync(join(one.dir, "uploads", "a.png"), "x");
  writeFileSync(join(one.dir, "ledger.jsonl"), "");
  expect(await forgetSession(home, one.sessionId)).toBe("forgotten");
  expect([existsSync(one.dir), existsSync(other.dir)]).toEqual([false, true]);
  expect(await forgetSession(home, one.sessionId)).toBe("not-found");
});

test("a host that runs, answering or not, keeps it", async () => {
  const { sessionId, dir } = session();
  const host = { pid: process.pid, startTime: processStartTime(process.pid), socket: join(home, "none.sock"), version: 1, startedAt: 1 };
  writeFileSync(join(dir, "session.json"), JSON.stringify({ host }));
  writeFileSync(join(dir, "host.token"), "token");
  expect(await forgetSession(home, sessionId)).toBe("active");
  expect(existsSync(join(dir, "session.json"))).toBe(true);
});

test("no id leads out of the sessions' folder", async () => {
  await expect(forgetSession(home, "../runner")).rejects.toMatchObject({ code: "session_not_found" });
  await expect(forgetSession(home, "..")).rejects.toMatchObject({ code: "session_not_found" });
});
