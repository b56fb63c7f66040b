/** A host that loads before its session is known: told, it is that session's host like any other; left alone, it ends without a trace. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, processTable, sessionDir, under, type WaitingProcess } from "@hapi/platform/lean";
import { connectHost, readHostMark, shutdownHost, startHost } from "../src/index.ts";
import { writeFamily } from "../src/family-file.ts";
import { startWaitingHost } from "../src/waiting.ts";
import { hostCommand, programEnv, readUntil } from "./harness.ts";

const home = (): string => realpathSync(mkdtempSync(join(tmpdir(), "hapi-waiting-")));
const firstOf = (cwd: string) => ({
  launchId: "first",
  kind: "pty" as const,
  argv: ["sh", "-c", "pwd; stty size; sleep 1000"],
  cwd,
  env: programEnv,
  cols: 90,
  rows: 33,
});
const children = (): number[] => under([process.pid], processTable()).map(({ pid }) => pid);

test("told its session it is that one's host: same folder, same files, the first program begun with it and nowhere on the disk", async () => {
  const at = home();
  const cwd = join(at, "project");
  mkdirSync(cwd);
  const dir = sessionDir(at, "s1");
  const waiting = startWaitingHost({ ...process.env, ONLY_HERE: "yes" }, at, hostCommand);
  const sessionArgv = ["sh", "-c", "pwd; echo only=$ONLY_HERE jit=$BUN_JSC_useJIT; exec sleep 1000"];
  try {
    const { facts, address, joined } = await startHost({
      home: at,
      sessionId: "s1",
      sessionArgv,
      env: {},
      cwd,
      hostCommand,
      first: firstOf(cwd),
      waiting,
    });
    expect([joined, facts.display]).toEqual([false, { kind: "process", launchId: "first" }]);
    expect(readHostMark(dir)?.pid).toBe(facts.pid);
    expect(existsSync(join(dir, "first-program.json"))).toBe(false);
    const control = await connectHost(address);
    const program = control.process("first");
    if (!program) throw new Error("nothing was begun");
    expect(await readUntil(program, (text) => text.includes("33 90"))).toContain(cwd);
    // Its session process has the environment of whoever started it, in the session's folder.
    const log = (): string => (existsSync(join(dir, "session-process.log")) ? readFileSync(join(dir, "session-process.log"), "utf8") : "");
    while (!log().includes("only=")) await Bun.sleep(20);
    expect(log()).toBe(`${cwd}\nonly=yes jit=\n`);
    // A second start joins it, and its own waiting one is not needed.
    const another = startWaitingHost(process.env, at, hostCommand);
    expect(await startHost({ home: at, sessionId: "s1", sessionArgv, env: {}, cwd, hostCommand, waiting: another })).toMatchObject({
      joined: true,
    });
    another.dismiss();
  } finally {
    await shutdownHost(dir);
    rmSync(at, { recursive: true, force: true });
  }
}, 30_000);

test("left alone it ends and leaves nothing; so does one whose starter is killed", async () => {
  const at = home();
  // One that an earlier test dismissed may still be on its way out.
  const before = new Set(children());
  const begun = (): number[] => children().filter((pid) => !before.has(pid));
  const dismissed = startWaitingHost(process.env, at, hostCommand);
  expect(begun()).not.toEqual([]);
  dismissed.dismiss();
  const starter = Bun.spawn(
    [
      process.execPath,
      "-e",
      `
    const { startWaitingHost } = await import(${JSON.stringify(join(import.meta.dir, "../src/waiting.ts"))});
    startWaitingHost(process.env, ${JSON.stringify(at)}, ${JSON.stringify(hostCommand)});
    console.log("started"); setInterval(() => {}, 1000);
  `,
    ],
    { stdout: "pipe" },
  );
  await starter.stdout.getReader().read();
  const [orphan] = under([starter.pid], processTable());
  if (!orphan) throw new Error("nothing was started");
  starter.kill("SIGKILL");
  while (isAlive(orphan) || begun().length > 0) await Bun.sleep(20);
  expect(readdirSync(at)).toEqual([]);
  rmSync(at, { recursive: true, force: true });
}, 30_000);

test("one that is gone when its session is known: another is started as ever, and what it was to begin with is the session process's affair", async () => {
  const at = home();
  const dir = sessionDir(at, "s1");
  const gone: WaitingProcess = { begin: () => Promise.resolve(false), dismiss: () => undefined };
  try {
    const { facts } = await startHost({
      home: at,
      sessionId: "s1",
      sessionArgv: [],
      env: process.env,
      cwd: at,
      hostCommand,
      first: firstOf(at),
      waiting: gone,
    });
    expect(facts.processes).toEqual([]);
    expect(existsSync(join(dir, "first-program.json"))).toBe(false);
  } finally {
    await shutdownHost(dir);
    rmSync(at, { recursive: true, force: true });
  }
}, 30_000);

test("a host that has begun its agent and not yet said where it is found: no second one beside it", async () => {
  const at = home();
  const dir = sessionDir(at, "s1");
  mkdirSync(dir, { recursive: true });
  const { pid, startTime } = processTable().find((row) => row.pid === process.pid) ?? { pid: 0, startTime: "" };
  writeFamily(dir, { host: { pid, startTime }, mark: "somebody", agents: [] });
  const start = startHost({ home: at, sessionId: "s1", sessionArgv: [], env: process.env, cwd: at, hostCommand });
  await expect(start).rejects.toMatchObject({ code: "not_ready" });
  rmSync(at, { recursive: true, force: true });
});
