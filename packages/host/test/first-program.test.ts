/** A host that begins with a program: it is on the screen before there is a session process, runs once, and leaves nothing of itself on disk. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePrivateDir, sessionDir } from "@hapi/platform/lean";
import { connectHost, shutdownHost, startHost } from "../src/index.ts";
import { leaveFirstProgram, takeFirstProgram } from "../src/first-program.ts";
import { hostCommand, programEnv, readUntil } from "./harness.ts";

test("begun with the host, shown, taken up by whoever steers, and never begun twice", async () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-first-"));
  const dir = sessionDir(home, "s1");
  const first = {
    launchId: "first",
    kind: "pty" as const,
    argv: ["sh", "-c", "stty size; echo began; read line; echo got $line; sleep 1000"],
    cwd: home,
    env: programEnv,
    cols: 90,
    rows: 33,
  };
  const start = () => startHost({ home, sessionId: "s1", sessionArgv: [], env: process.env, cwd: home, hostCommand, first });
  try {
    const { facts, address, joined } = await start();
    expect([joined, facts.hasController, facts.display]).toEqual([false, false, { kind: "process", launchId: "first" }]);
    expect(facts.processes.map(({ launchId }) => launchId)).toEqual(["first"]);
    expect(existsSync(join(dir, "first-program.json"))).toBe(false);
    const control = await connectHost(address);
    const program = control.process("first");
    if (!program) throw new Error("nothing to take up");
    // Its first words were not lost, and its terminal has the size that was asked for.
    expect(await readUntil(program, (text) => text.includes("began"))).toContain("33 90");
    await program.write("more\r");
    await readUntil(program, (text) => text.includes("got more"));
    expect(await start()).toMatchObject({ joined: true });
    expect(control.processes().length).toBe(1);
    expect(existsSync(join(dir, "first-program.json"))).toBe(false);
  } finally {
    await shutdownHost(dir);
    rmSync(home, { recursive: true, force: true });
  }
});

test("what was left is taken once; a half of it is nothing", () => {
  const dir = mkdtempSync(join(tmpdir(), "hapi-first-"));
  leaveFirstProgram(dir, { launchId: "x", kind: "pty", argv: ["true"], cwd: "/", env: {} });
  expect(takeFirstProgram(dir)).toMatchObject({ launchId: "x" });
  expect(takeFirstProgram(dir)).toBeNull();
  rmSync(dir, { recursive: true });
});

test("what a starter that was killed left behind is dropped by a start that begins with nothing", async () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-first-"));
  const dir = ensurePrivateDir(sessionDir(home, "s1"));
  leaveFirstProgram(dir, { launchId: "stale", kind: "pty", argv: ["sleep", "1000"], cwd: home, env: programEnv });
  try {
    const { facts } = await startHost({ home, sessionId: "s1", sessionArgv: [], env: process.env, cwd: home, hostCommand });
    expect(facts.processes).toEqual([]);
    expect(existsSync(join(dir, "first-program.json"))).toBe(false);
  } finally {
    await shutdownHost(dir);
    rmSync(home, { recursive: true, force: true });
  }
});
