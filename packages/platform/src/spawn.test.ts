import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { descendants, isAlive, killTree, processStartTime } from "./process-facts.ts";
import { openPty } from "./pty.ts";
import { runCommand, spawnDetached, spawnPiped, spawnReady } from "./spawn.ts";

const root = mkdtempSync(join(tmpdir(), "hapi-spawn-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("a command's output, code and input; a missing one is a sentence", async () => {
  expect(await runCommand(["sh", "-c", "cat; echo err >&2; exit 3"], { input: "in" })).toEqual({
    code: 3,
    signal: null,
    stdout: "in",
    stderr: "err\n",
  });
  await expect(runCommand(["/no/such"])).rejects.toMatchObject({ code: "spawn_failed", message: expect.stringContaining("/no/such") });
  await expect(runCommand(["true"], { cwd: "/no/such" })).rejects.toMatchObject({
    code: "spawn_failed",
    message: expect.stringContaining("in /no/such"),
  });
});

test("what is written behind the end of the input is refused, not dropped in silence", async () => {
  const cat = spawnPiped(["cat"]);
  await cat.write(new TextEncoder().encode("before"));
  const closing = cat.closeInput();
  await expect(cat.write(new TextEncoder().encode("behind"))).rejects.toMatchObject({ code: "agent_exited" });
  await closing;
  expect(await new Response(cat.stdout).text()).toBe("before");
  expect(await cat.exited).toMatchObject({ code: 0 });
});

test("a command that hangs is ended at its deadline, one that floods at its limit", async () => {
  await expect(runCommand(["sleep", "100"], { timeoutMs: 30 })).rejects.toMatchObject({ code: "timeout" });
  const flood = await runCommand(["yes"], { maxBytes: 10_000 });
  expect([flood.signal, flood.stdout.length > 0 && flood.stdout.length < 1_000_000]).toEqual(["SIGKILL", true]);
});

test("a detached program leads its own session and writes to its file", async () => {
  const logFile = join(root, "out.log");
  const child = spawnDetached(["sh", "-c", "cut -d' ' -f5,6 /proc/$$/stat"], { logFile });
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(readFileSync(logFile, "utf8")).toBe(`${child.pid} ${child.pid}\n`);
});

test("a program is known by pid and start time, and its whole tree can be ended", async () => {
  const child = spawnPiped(["sh", "-c", "sh -c 'sleep 100 & wait' & echo up; wait"], { ownGroup: true });
  await child.stdout.getReader().read();
  const id = { pid: child.pid, startTime: child.startTime };
  while (descendants(child.pid).length < 2) await new Promise((resolve) => setImmediate(resolve));
  const tree = descendants(child.pid);
  expect(isAlive(id)).toBe(true);
  expect(isAlive({ ...id, startTime: "1" })).toBe(false);
  expect(killTree({ ...id, startTime: "1" }, "SIGKILL")).toBe(0);
  expect(killTree(id, "SIGKILL")).toBe(1 + tree.length);
  expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  while (tree.some((pid) => processStartTime(pid) !== null)) await new Promise((resolve) => setImmediate(resolve));
  expect(processStartTime(0)).toBeNull();
});

test("writing to pipes: order, end, and a program that has gone", async () => {
  const cat = spawnPiped(["cat"]);
  await cat.write(Buffer.from("a"));
  await cat.write(Buffer.from("b"));
  await cat.closeInput();
  expect(await new Response(cat.stdout).text()).toBe("ab");
  expect(await cat.exited).toEqual({ code: 0, signal: null });
});

test("readiness is one line on stdout; silence and an early end are not", async () => {
  const options = { logFile: join(root, "ready.log"), readyLine: "up\n", timeoutMs: 200 };
  expect(await spawnReady(["sh", "-c", "echo noise; echo up"], options)).toBe(true);
  expect(await spawnReady(["sh", "-c", "echo broken >&2; exit 1"], options)).toBe(false);
  expect(await spawnReady(["sleep", "100"], options)).toBe(false);
  expect(readFileSync(options.logFile, "utf8")).toBe("broken\n");
});

test("a terminal: its own session, size, signals, code, and every byte of the end", async () => {
  let text = "";
  const decoder = new TextDecoder();
  const onData = (bytes: Uint8Array) => void (text += decoder.decode(bytes, { stream: true }));
  const env = { PATH: process.env["PATH"] };
  const pty = openPty({ argv: ["sh", "-c", "stty size; tty; seq 1 20000; exit 9"], cwd: root, env, cols: 77, rows: 22, onData });
  expect(await pty.exited).toEqual({ code: 9, signal: null });
  expect(text).toStartWith("22 77\r\n/dev/");
  expect(text).toEndWith("19999\r\n20000\r\n");
  const killed = openPty({ argv: ["sleep", "100"], cwd: root, env, cols: 80, rows: 24, onData });
  killed.signal("SIGKILL");
  expect(await killed.exited).toEqual({ code: null, signal: "SIGKILL" });
  await killed.write(Buffer.from("x"));
  killed.resize(10, 10);
  expect(() => openPty({ argv: ["/no/such"], cwd: root, env, cols: 80, rows: 24, onData })).toThrow(
    expect.objectContaining({ code: "spawn_failed" }),
  );
});

test("a terminal whose program does not read makes its writer wait, and loses nothing", async () => {
  let text = "";
  const ready = Promise.withResolvers<void>();
  const argv = ["sh", "-c", "stty raw -echo; echo ready; read go </dev/null; head -c 3000000 | wc -c"];
  const onData = (bytes: Uint8Array) => {
    text += Buffer.from(bytes).toString();
    if (text.includes("ready")) ready.resolve();
  };
  const pty = openPty({ argv, cwd: root, env: { PATH: process.env["PATH"] }, cols: 80, rows: 24, onData });
  await ready.promise;
  for (let part = 0; part < 30; part++) await pty.write(new Uint8Array(100_000).fill(97));
  await pty.exited;
  expect(text).toBe("ready\n3000000\n");
  const deaf = openPty({ argv: ["sleep", "100"], cwd: root, env: {}, cols: 80, rows: 24, onData });
  const written = deaf.write(new Uint8Array(2_000_000));
  deaf.signal("SIGKILL");
  await deaf.exited;
  await written;
});

test("what a program leaves behind on its terminal does not hold up its end", async () => {
  // What is left behind ends only when this test ends it.
  const argv = ["sh", "-c", "sh -c 'trap \"\" HUP; echo left=$$; exec sleep 1000' & read go; exit 0"];
  let said = "";
  const told = Promise.withResolvers<number>();
  const onData = (bytes: Uint8Array): void => {
    said += Buffer.from(bytes).toString();
    const pid = /left=(\d+)/.exec(said)?.[1];
    if (pid !== undefined) told.resolve(Number(pid));
  };
  const pty = openPty({ argv, cwd: root, env: { PATH: process.env["PATH"] }, cols: 80, rows: 24, onData });
  const left = await told.promise;
  await pty.write(Buffer.from("\r"));
  expect(await pty.exited).toEqual({ code: 0, signal: null });
  expect(processStartTime(left)).not.toBeNull();
  process.kill(left, "SIGKILL");
});
