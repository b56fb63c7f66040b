/** The runner beside a hub: one at a time, back after a crash, and gone when a person says so. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, processStartTime } from "@hapi/platform";
import { keepRunner, type KeptRunner } from "./keep-runner.ts";

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

/** A runner that writes down that it was started, then ends as it is told. */
function keep(end: string, home = newHome()): { home: string; starts(): number; kept: KeptRunner } {
  const counter = join(home, "starts");
  const program = ["/bin/sh", "-c", `echo started >> "${counter}"; ${end}`];
  const kept = keepRunner({ env: { PATH: "/usr/bin:/bin" }, home, log: createLogger({ name: "test", file: join(home, "log") }), program });
  ended.push(() => kept.close());
  return { home, kept, starts: () => (existsSync(counter) ? readFileSync(counter, "utf8").split("\n").length - 1 : 0) };
}

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), "hapi-keep-"));
  ended.push(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error("it did not happen");
    await new Promise((done) => setTimeout(done, 10));
  }
}

test("one that crashed or was asked to start again is started again", async () => {
  const crashing = keep("exit 1");
  await until(() => crashing.starts() >= 2);
  const restarted = keep("exit 75");
  await until(() => restarted.starts() >= 2);
});

test("one that was asked to stop stays stopped", async () => {
  const { starts, home } = keep("exit 0");
  await until(() => existsSync(join(home, "log")) && readFileSync(join(home, "log"), "utf8").includes("runner.stopped"));
  expect(starts()).toBe(1);
});

test("one that outlived an earlier hub is left alone, and followed when it is gone", async () => {
  const home = newHome();
  mkdirSync(join(home, "runner"));
  const other = Bun.spawn(["/bin/sleep", "60"]);
  ended.push(() => other.kill());
  const state = { pid: other.pid, startTime: processStartTime(other.pid), startedAt: 1, version: "0", hubUrl: "http://127.0.0.1:1" };
  writeFileSync(join(home, "runner/state.json"), JSON.stringify(state));
  const { starts } = keep("exec sleep 60", home);
  expect(starts()).toBe(0);
  other.kill();
  await other.exited;
  await until(() => starts() === 1);
});
