/** Whose status file is the one of the Claude that we started. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { createOwnStatus } from "./own-status.ts";
import { ownSystem } from "./system.ts";

let root: string;
let stranger: Bun.Subprocess;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "claude-status-"));
  mkdirSync(join(root, ".claude", "sessions"), { recursive: true });
  stranger = Bun.spawn(["/bin/sh", "-c", "read line"], { stdin: "pipe" });
});
afterEach(async () => {
  stranger.kill();
  await stranger.exited;
  rmSync(root, { recursive: true, force: true });
});

const write = (pid: number, text: string): void => writeFileSync(join(root, ".claude", "sessions", `${pid}.json`), text);
const status = (pid: number, said: string): string => JSON.stringify({ pid, sessionId: "t", status: said });

test("a second Claude on the same conversation never speaks for ours, also while ours writes its file", () => {
  const own = createOwnStatus({ env: { HOME: root }, system: ownSystem }, process.pid, () => "t");
  expect(own.read()).toBeNull();
  write(process.pid, status(process.pid, "busy"));
  write(stranger.pid, status(stranger.pid, "idle"));
  expect(own.read()?.status).toBe("busy");
  write(process.pid, '{"pid":');
  expect(own.read()).toBeNull();
  write(process.pid, status(process.pid, "waiting"));
  expect(own.read()?.status).toBe("waiting");
});

test("behind a wrapper it is the one below it, whoever else has the conversation", async () => {
  const wrapper = Bun.spawn(["/bin/sh", "-c", '/bin/sh -c "echo \\$\\$; read line"; true'], { stdin: "pipe", stdout: "pipe" });
  try {
    const { value } = await wrapper.stdout.getReader().read();
    const inner = Number(Buffer.from(value ?? new Uint8Array()).toString());
    write(stranger.pid, status(stranger.pid, "idle"));
    write(inner, status(inner, "busy"));
    const own = createOwnStatus({ env: { HOME: root }, system: ownSystem }, wrapper.pid, () => "t");
    expect(own.read()).toMatchObject({ pid: inner, status: "busy" });
  } finally {
    await wrapper.stdin.end();
    await wrapper.exited;
  }
});
