/** A real host, real programs. */
import { expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { processStartTime, sessionDir } from "@hapi/platform/lean";
import { connectHost, probeHost, RingGapError, shutdownHost, startHost, type HostProcess } from "../src/index.ts";
import { hostCommand, nextEvent, programEnv, readUntil, startTestHost, tempHome } from "./harness.ts";

/** Many programs on a busy machine. */
const slowMs = 240_000;

const spec = (launchId: string, kind: "pty" | "pipe", ...argv: string[]) => ({ launchId, kind, argv, cwd: "/", env: programEnv });

test(
  "a shell on a terminal: size, keys, Ctrl-C, resize, exit code",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const shell = await control.spawn({ ...spec("shell", "pty", "bash", "--norc", "--noprofile"), cols: 91, rows: 33 });
    // It says itself that it is there: a Ctrl-C between two programs of a shell reaches nobody.
    await shell.write("stty size; sh -c 'echo u''p; exec sleep 100'\r");
    await readUntil(shell, (text) => text.includes("33 91\r\n") && text.includes("\nup\r\n"));
    await shell.write("\x03");
    await shell.write("echo code=$?; trap 'echo winch' WINCH\r");
    await readUntil(shell, (text) => text.includes("code=130"));
    await shell.resize(100, 40);
    await shell.write("stty size\r");
    const text = await readUntil(shell, (seen) => seen.includes("40 100"));
    expect(text).toContain("winch");
    await shell.write("exit 7\r");
    expect(await shell.exited).toEqual({ code: 7, signal: null });
  },
  slowMs,
);

test(
  "a program on pipes: bytes through, stderr apart, end of input, signal",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const cat = await control.spawn(spec("cat", "pipe", "sh", "-c", "echo warning >&2; exec cat"));
    const big = "0123456789".repeat(250_000);
    const reading = readUntil(cat);
    await cat.write(big, 1);
    await cat.closeInput();
    expect((await reading) === big).toBe(true);
    expect(await readUntil(cat, undefined, 0, "err")).toBe("warning\n");
    expect(await cat.exited).toEqual({ code: 0, signal: null });
    expect(cat.write("x")).rejects.toMatchObject({ code: "agent_exited" });
    const sleeper = await control.spawn(spec("sleeper", "pipe", "sleep", "100"));
    await sleeper.signal("SIGTERM");
    expect(await sleeper.exited).toEqual({ code: null, signal: "SIGTERM" });
  },
  slowMs,
);

test(
  "launch ids and input ids make starting and writing repeatable",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const [a, b] = await Promise.all([control.spawn(spec("one", "pipe", "cat")), control.spawn(spec("one", "pipe", "cat"))]);
    expect(a.pid).toBe(b.pid);
    expect(await a.lastInputId()).toBe(-1);
    await a.write("first,", 1);
    await a.write("first,", 1);
    const second = await connectHost(host.address);
    const same = second.process("one") as HostProcess;
    expect(await same.lastInputId()).toBe(1);
    await same.write("first,", 1);
    await same.write("second", 2);
    await same.closeInput();
    expect(await readUntil(same)).toBe("first,second");
  },
  slowMs,
);

test(
  "a program that can't be started is an error with a sentence, and nothing stays of it",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    for (const kind of ["pty", "pipe"] as const)
      await expect(control.spawn(spec(`missing-${kind}`, kind, "/no/such/program"))).rejects.toMatchObject({ code: "spawn_failed" });
    await expect(control.spawn({ ...spec("nowhere", "pipe", "cat"), cwd: "/no/such/folder" })).rejects.toMatchObject({
      code: "spawn_failed",
    });
    expect(control.processes()).toHaveLength(0);
  },
  slowMs,
);

test(
  "a full pipe ring makes the program wait; releasing lets it go on",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const script = "head -c 3000000 /dev/zero; echo done >&2; sleep 100";
    const program = await control.spawn({ ...spec("flood", "pipe", "sh", "-c", script), ringBytes: 1_000_000 });
    let seen = 0;
    for await (const chunk of program.read("out", 0)) {
      seen = chunk.offset + chunk.bytes.length;
      if (seen >= 1_000_000) break;
    }
    // Ring and kernel pipe are full: the program stands, and has not come to its last word.
    let stderr = "";
    const listening = (async () => {
      stderr = await readUntil(program, (text) => text.includes("done"), 0, "err");
    })();
    expect(stderr).toBe("");
    program.release("out", seen);
    let total = seen;
    for await (const chunk of program.read("out", seen)) {
      total = chunk.offset + chunk.bytes.length;
      program.release("out", total);
      if (total === 3_000_000) break;
    }
    await listening;
    expect([total, stderr]).toEqual([3_000_000, "done\n"]);
    const tooOld = program.read("out", 0)[Symbol.asyncIterator]();
    expect(tooOld.next()).rejects.toBeInstanceOf(RingGapError);
  },
  slowMs,
);

test(
  "a terminal forgets the oldest and says so; its end can still be read afterwards",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const script = "seq 1 60000; echo the end";
    const program = await control.spawn({ ...spec("seq", "pty", "bash", "-c", script), ringBytes: 100_000 });
    await program.exited;
    const again = await connectHost(host.address);
    const same = again.process("seq") as HostProcess;
    expect(await same.exited).toEqual({ code: 0, signal: null });
    const oldest = await same
      .read("out", 0)
      [Symbol.asyncIterator]()
      .next()
      .catch((cause: RingGapError) => cause.oldest);
    expect(await readUntil(same, undefined, oldest as number)).toEndWith("60000\r\nthe end\r\n");
  },
  slowMs,
);

test(
  "the host's death is told, and what is asked afterwards fails by name",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const gone = nextEvent<void>((listener) => control.on("lost", () => listener()));
    process.kill(control.hostPid, "SIGKILL");
    await gone;
    await expect(control.spawn(spec("late", "pipe", "cat"))).rejects.toMatchObject({ code: "host_gone" });
  },
  slowMs,
);

test(
  "a newer controller takes the place of an older one",
  async () => {
    await using host = await startTestHost();
    const older = await host.control();
    const lost = nextEvent<void>((listener) => older.on("lost", () => listener()));
    const newer = await host.control();
    await lost;
    expect((await newer.spawn(spec("cat", "pipe", "cat"))).pid).toBeGreaterThan(0);
  },
  slowMs,
);

test(
  "the host's own facts: private files, found by probe, joined by a second start, deaf to polite signals",
  async () => {
    await using host = await startTestHost();
    expect(statSync(host.address.socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(host.dir, "host.token")).mode & 0o777).toBe(0o600);
    const record = JSON.parse(readFileSync(join(host.dir, "host.json"), "utf8"));
    expect(record.host).toMatchObject({ pid: host.facts.pid, startTime: processStartTime(host.facts.pid), socket: host.address.socket });
    for (const signal of ["SIGHUP", "SIGTERM", "SIGINT"] as const) process.kill(host.facts.pid, signal);
    const options = { home: host.home, sessionId: "session-1", sessionArgv: [], env: process.env, cwd: "/", hostCommand };
    const starts = await Promise.all([startHost(options), startHost(options)]);
    expect(starts.map((one) => [one.joined, one.facts.pid])).toEqual([
      [true, host.facts.pid],
      [true, host.facts.pid],
    ]);
    // Its own session: our terminal's hang-up can't reach it.
    const stat = readFileSync(`/proc/${host.facts.pid}/stat`, "latin1");
    expect(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3])).toBe(host.facts.pid);
  },
  slowMs,
);

test(
  "shutdown ends agents, host and socket; the next start is a new host, and seen by the folder around all sessions",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const stubborn = await control.spawn(spec("stubborn", "pipe", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"));
    await readUntil(stubborn, (text) => text.includes("ready"));
    const { pid } = stubborn;
    await control.shutdown({ exitCode: 0 });
    // The host is gone when it no longer answers.
    for (let facts = await probeHost(host.dir).catch(() => null); facts;) facts = await probeHost(host.dir).catch(() => null);
    while (processStartTime(host.facts.pid)) await new Promise((resolve) => setImmediate(resolve));
    expect(processStartTime(pid)).toBeNull();
    const changed = (): number => statSync(dirname(host.dir)).mtimeMs;
    const before = changed();
    const next = await startHost({ home: host.home, sessionId: "session-1", sessionArgv: [], env: process.env, cwd: "/", hostCommand });
    expect([next.joined, next.facts.pid === host.facts.pid]).toEqual([false, false]);
    expect(changed()).toBeGreaterThan(before);
  },
  slowMs,
);

test(
  "a starter of a version before `host.json`, which says nothing of it, finds the host where it looks",
  async () => {
    using temp = tempHome();
    const dir = sessionDir(temp.home, "session-1");
    const words = ["--session", "session-1", "--dir", dir, "--home", temp.home, "--"];
    const started = Bun.spawn([...hostCommand, ...words], { stdout: "pipe", stderr: "ignore", cwd: temp.home });
    await new Response(started.stdout).text();
    const mark = (): unknown => (JSON.parse(readFileSync(join(dir, "session.json"), "utf8")) as { host?: unknown }).host;
    expect(mark()).toMatchObject({ pid: started.pid });
    expect((await probeHost(dir))?.pid).toBe(started.pid);
    await shutdownHost(dir);
    await started.exited;
    expect(mark()).toBeUndefined();
  },
  slowMs,
);
